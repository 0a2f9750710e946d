"""The synthetic videos as real files, with a list as UCF-101's."""

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from keras_i3d.data.synthetic.videos import APPEARANCES, FPS, SyntheticVideos
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.files.locks import held
from keras_i3d.files.whole import remove_leftovers, write_whole
from keras_i3d.files.workers import run_all

VIDEOS, LISTS, RECORD = "videos", "ucfTrainTestlist", "synthetic.json"
# UCF-101 has 25 groups a class; each of its three test lists has seven of them.
GROUPS, TEST_GROUPS = 25, 7
DIVISIONS = 3
# Counted up when equal arguments come to give other videos.
RULES = 1
# Frames rendered at a time.
PIECE = 16


@dataclass(frozen=True)
class VideoSet:
    """What a folder of synthetic videos holds; the arguments are those of SyntheticVideos.

    videos_per_class: at least 2, so that both training and test have one.
    """

    task: str = "motion"
    motions: tuple[str, ...] | None = None
    appearances: tuple[str, ...] = APPEARANCES
    videos_per_class: int = 10
    num_frames: int = 80
    size: tuple[int, int] = (240, 320)
    seed: int = 0
    noise: float = 0.75

    def __post_init__(self):
        if self.videos_per_class < 2:
            raise ValueError(
                f"videos_per_class should be 2 or more, one to train and one to test. "
                f"Received: {self.videos_per_class}"
            )
        self.source(0)

    def source(self, quarter: int) -> SyntheticVideos:
        """Return the videos that show this quarter of each photograph."""
        return SyntheticVideos(
            f"quarter_{quarter}",
            self.task,
            motions=self.motions,
            appearances=self.appearances,
            num_frames=self.num_frames,
            size=self.size,
            seed=self.seed,
            noise=self.noise,
        )


@dataclass(frozen=True)
class VideoPlan:
    """One video to write: its name in the list, number of class and group, origin."""

    name: str
    label: int
    group: int
    quarter: int
    index: int


def plan_videos(videos: VideoSet) -> list[VideoPlan]:
    """Return all videos of the set, in the order of their names.

    As in UCF-101, a test list has whole groups: 1 to 7, 8 to 14, 15 to 21 of 25, fewer where there
    are fewer. The groups of each of the three, and the rest, have a quarter of the photographs to
    themselves, so no test shows what its training has seen.
    """
    groups = min(GROUPS, videos.videos_per_class)
    sources = [videos.source(quarter) for quarter in range(DIVISIONS + 1)]
    names = sources[0].class_names
    plans = []
    for number in range(videos.videos_per_class):
        clip, group = divmod(number, groups)
        quarter = min(group // _test_groups(groups), DIVISIONS)
        # Each run of as many videos as there are classes has one of each.
        for index in range(number * len(names), (number + 1) * len(names)):
            label = sources[quarter].labels(index)[0]
            stem = f"v_{names[label]}_g{group + 1:02d}_c{clip + 1:02d}"
            plans.append(VideoPlan(f"{names[label]}/{stem}.mp4", label, group, quarter, index))
    return sorted(plans, key=lambda plan: plan.name)


def write_videos(
    folder: str | os.PathLike,
    videos: VideoSet,
    processes: int | None = None,
    watch: Callable[[Iterable, int], Iterable] = lambda outcomes, total: outcomes,
) -> list[Path]:
    """Write the videos as MP4 files below `folder`, with their lists; returns the files' paths.

        FOLDER/videos/ZoomIn/v_ZoomIn_g01_c01.mp4
        FOLDER/ucfTrainTestlist/classInd.txt, trainlist01.txt to 03, testlist01.txt to 03
        FOLDER/synthetic.json            the set's arguments

    Files that are there are kept, so an interrupted run is continued. The lists come last. Equal
    arguments give equal bytes, by the same build of FFmpeg.

    Args:
        folder: created if it is missing.
        videos: what to write.
        processes: how many write at once; by default one for each core.
        watch: called with (outcomes, how many), to show how far it is.

    Raises:
        ValueError: where the folder holds something else.
        OSError: where some file cannot be written; the others are, unless the disk is full.
    """
    folder = Path(folder)
    plans = plan_videos(videos)
    paths = [folder / VIDEOS / plan.name for plan in plans]
    with _claimed(folder, videos):
        for name in {plan.name.partition("/")[0] for plan in plans}:
            (folder / VIDEOS / name).mkdir(parents=True, exist_ok=True)
        todo = [
            (str(path), videos, plan)
            for path, plan in zip(paths, plans, strict=True)
            if not path.exists()
        ]
        try:
            outcomes = watch(run_all(_write, todo, processes) if todo else (), len(todo))
            failures = [f"{one.item[0]}: {one.error}" for one in outcomes if one.error]
        finally:
            remove_leftovers(folder / VIDEOS, below=True)  # of processes that were ended
        if failures:
            raise OSError(f"{len(failures)} of {len(paths)} videos are not written; {failures[0]}")
        _write_lists(folder / LISTS, videos, plans)
    return paths


def _write(item: tuple[str, VideoSet, VideoPlan]) -> None:
    path, videos, plan = item
    source = videos.source(plan.quarter)

    def frames():
        for start in range(0, videos.num_frames, PIECE):
            count = min(PIECE, videos.num_frames - start)
            yield from source.read(plan.index, start, count)["rgb"]

    write_mp4(path, frames(), FPS)


@contextlib.contextmanager
def _claimed(folder: Path, videos: VideoSet) -> Iterator[None]:
    """Hold the folder, with the set's record in it; ValueError where it is for something else."""
    # Through JSON, which has no tuples.
    record = json.loads(json.dumps({"rules": RULES, **asdict(videos)}))
    path = folder / RECORD
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        if any(folder.iterdir()):
            raise ValueError(
                f"{folder} is not empty, and no {RECORD} says what is in it: choose another folder"
            )
        write_whole(path, json.dumps(record, indent=1) + "\n")
    with held(folder / ".lock", f"{folder}: another process is at work there"):
        try:
            found = json.loads(path.read_text("utf-8"))
        except ValueError:
            found = None
        if found != record:
            found = found if isinstance(found, dict) else {}
            other = [key for key in record if found.get(key) != record[key]]
            raise ValueError(
                f"{folder} holds videos made with other {', '.join(other) or 'arguments'}: "
                f"choose another folder, or remove it"
            )
        yield


def _write_lists(folder: Path, videos: VideoSet, plans: Sequence[VideoPlan]) -> None:
    folder.mkdir(exist_ok=True)
    names = videos.source(0).class_names
    groups = min(GROUPS, videos.videos_per_class)
    test_groups = _test_groups(groups)
    for division in range(DIVISIONS):
        first = division * test_groups
        held_out = {number % groups for number in range(first, first + test_groups)}
        train = [f"{p.name} {p.label + 1}\n" for p in plans if p.group not in held_out]
        test = [f"{p.name}\n" for p in plans if p.group in held_out]
        write_whole(folder / f"trainlist{division + 1:02d}.txt", "".join(train))
        write_whole(folder / f"testlist{division + 1:02d}.txt", "".join(test))
    lines = [f"{number} {name}\n" for number, name in enumerate(names, start=1)]
    write_whole(folder / "classInd.txt", "".join(lines))


def _test_groups(groups: int) -> int:
    return max(1, groups * TEST_GROUPS // GROUPS)
