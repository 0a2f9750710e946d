"""The Video record, what every list of a data set comes down to, and the one way to read a list."""

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from keras_i3d.data.lists.auto_split import AutoSplit, divided
from keras_i3d.data.lists.class_concerns import class_concerns
from keras_i3d.data.lists.problems import Problems

# Format to the module of this package that reads it.
READERS = {
    "kinetics": "kinetics",
    "ucf101": "ucf101",
    "hmdb51": "hmdb51",
    "charades": "charades",
    "csv": "plain_csv",
    "folders": "folders",
    "files": "folders",
}
FORMATS = tuple(READERS)
# By (format, classes), the data set's name. Other counts are other data in the same form.
DATA_SETS = {
    ("ucf101", 101): "UCF-101",
    ("hmdb51", 51): "HMDB-51",
    ("kinetics", 400): "Kinetics-400",
    ("kinetics", 600): "Kinetics-600",
    ("kinetics", 700): "Kinetics-700",
    ("charades", 157): "Charades",
}
# Formats whose data sets are divided into training and test in several ways.
DIVIDED = ("ucf101", "hmdb51")


@dataclass(frozen=True)
class Video:
    """One labelled video: a file, or a part of one.

    path: the file.
    labels: numbers of its classes, in the order of the data set's own list; one, or several where
        a video shows several (Charades); empty where it is not labelled.
    id: what the data set calls it, such as a YouTube id; unique within a split.
    start, end: seconds of the part; None for the file's own start or end.
    actions: (class, start, end) in seconds, where the data set says when each class is shown.
    """

    path: str
    labels: tuple[int, ...]
    id: str
    start: float | None = None
    end: float | None = None
    actions: tuple[tuple[int, float, float], ...] = ()


@dataclass(frozen=True)
class Annotations:
    """A data set's list: what can be used of it, and what cannot.

    classes: names, in the data set's official order; Video.labels are numbers into it.
    splits: name to videos, in the order of the list.
    problems: the listed lines that give no video. Every listed line is a video or a problem.
    notes: what the reader of the list chose or left aside, in sentences.
    """

    classes: tuple[str, ...]
    splits: dict[str, list[Video]]
    problems: Problems = field(default_factory=Problems)
    notes: tuple[str, ...] = ()

    @property
    def concerns(self) -> tuple[str, ...]:
        """What is probably a mistake in its classes, in sentences."""
        labels = {name: [v.labels for v in videos] for name, videos in self.splits.items()}
        return class_concerns(self.classes, labels)

    @property
    def listed(self) -> int:
        """Return how many lines, or files, the list has: videos and problems."""
        return sum(map(len, self.splits.values())) + len(self.problems)


def read_annotations(
    format: str,
    root: str | os.PathLike,
    annotations: Sequence[str | os.PathLike] = (),
    *,
    classes: str | os.PathLike | Sequence[str] | None = None,
    splits: Sequence[str] = (),
    split_number: int = 1,
    auto_split: AutoSplit | None = None,
    allow_missing: bool = False,
) -> Annotations:
    """Read a data set's list and compare it with the files that are there.

    Args:
        format: one of FORMATS:
            "kinetics": CSV files, label,youtube_id,time_start,time_end,split, or
                label_name,video,start,end,split; the test set's without labels.
            "ucf101": the folder of classInd.txt, trainlist01.txt, testlist01.txt ...
            "hmdb51": the folder of CLASS_test_split1.txt ...
            "charades": the folder of Charades_v1_train.csv, _test.csv and _classes.txt.
            "csv": files of path,label[,start,end] a line, with or without a header.
            "folders": no list; ROOT/CLASS/FILE or ROOT/SPLIT/CLASS/FILE.
            "files": no list; every file below ROOT, without labels.
        root: the folder of the videos.
        annotations: the list's files, or its folder.
        classes: class names, a file of them, a line each, or "kinetics_400" …; for
            "kinetics" and "csv", which do not come with one, and for "folders".
        splits: names of those that are wanted; all of them if empty.
        split_number: which of the three official divisions of UCF-101 or HMDB-51.
        auto_split: how to divide a list without splits; None leaves it in one.
        allow_missing: proceed without the lines that have problems.

    Raises:
        ValueError: where the list has problems, with their report, unless they are allowed; where
            it cannot be read at all; where nothing of it is left.
    """
    if format not in READERS:
        raise ValueError(f"format should be one of {', '.join(FORMATS)}. Received: {format!r}")
    root = os.path.abspath(os.path.expanduser(root))
    if not os.path.isdir(root):
        raise ValueError(
            f"root should be the folder of the videos. Received: {root}, which is not a folder"
        )
    lists = [os.path.abspath(os.path.expanduser(path)) for path in annotations]
    reader = importlib.import_module(f"keras_i3d.data.lists.{READERS[format]}")
    try:
        found = reader.read(
            root, lists, classes=classes, split_number=split_number, labelled=format != "files"
        )
    except OSError as error:
        raise ValueError(f"{error.filename}: {error.strerror}") from error
    if auto_split is not None:
        found = _divided(found, root, auto_split)
    found = _of_splits(found, splits)
    if found.problems and not allow_missing:
        raise ValueError(
            f"{len(found.problems)} of {found.listed} listed videos cannot be used:\n"
            f"{found.problems.report()}\n"
            "allow_missing (--allow_missing) proceeds without them"
        )
    if not found.listed:
        raise ValueError(f"{', '.join(lists) or root}: no video is listed as {format}")
    return found


def _divided(found: Annotations, root: str, how: AutoSplit) -> Annotations:
    if len(found.splits) > 1:
        raise ValueError(
            f"auto_split is for lists without splits. Received: a list with "
            f"{sorted(map(str, found.splits))}"
        )
    videos = [video for of in found.splits.values() for video in of]
    sides = divided(videos, root, how)
    counts = " and ".join(f"{len(of)} for {name}" for name, of in sides.items())
    note = f"divided by auto_split={how.share:g} with seed {how.seed}: {counts}"
    problems = Problems(replace(problem, split=None) for problem in found.problems)
    return Annotations(found.classes, sides, problems, (*found.notes, note))


def _of_splits(found: Annotations, wanted: Sequence[str]) -> Annotations:
    there = {*found.splits, *(p.split for p in found.problems if p.split is not None)}
    if unknown := sorted(set(wanted) - there):
        cure = "; --auto_split=0.8 divides it" if len(there) == 1 else ""
        raise ValueError(
            f"the list should have the split {' and '.join(unknown)}. Received: a list with "
            f"{' and '.join(sorted(there)) or 'none'}{cure}"
        )
    if not wanted:
        return found
    splits = {name: found.splits.get(name, []) for name in wanted}
    return Annotations(found.classes, splits, found.problems.of_splits(wanted), found.notes)
