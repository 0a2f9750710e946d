"""One split of a data set, opened: its videos, whatever they lie in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_i3d.data.batches.clip_sources import Source
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.lists.auto_split import AutoSplit
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.data.shards.manifest import splits_in
from keras_i3d.data.shards.source import Shards
from keras_i3d.data.synthetic.videos import APPEARANCES, SyntheticVideos

# Frames of synthetic videos that show one motion and then another, whatever a clip's length.
ORDER_SECONDS = 5


def open_source(
    videos: DataSet, split: str, inputs: Mapping[str, Input], classes: Sequence[str] | None = None
) -> Source:
    """Open one split: of synthetic videos, of shards, of video files.

    A folder that holds manifests has shards; a file is a list (CSV) of videos below its own folder;
    of another folder `videos.format` says how its videos are listed.

    Args:
        videos: which they are.
        split: one of theirs.
        inputs: what each stream of the network sees.
        classes: names in the order of a network's scores, for lists that do not say their own.

    Raises:
        ValueError, OSError: when there is no such data or split, or videos have labels otherwise
            than `videos.multi_label` says.
    """
    path = Path(videos.data).expanduser()
    if videos.data == "synthetic":
        return _synthetic(videos, split, inputs)
    if path.is_file():
        lists = (path, *videos.annotations)
        source = _files(videos, split, inputs, "csv", path.parent, lists, classes)
    elif splits_in(videos.data):
        if videos.auto_split is not None:
            raise ValueError(f"{videos.data}: shards have their splits: leave auto_split out")
        source = Shards(videos.data, split)
    elif path.is_dir():
        lists = videos.annotations
        source = _files(videos, split, inputs, videos.format, path, lists, classes)
    else:
        raise ValueError(
            f"data should be a folder, a list of videos (CSV), or 'synthetic'. Received: "
            f"data={videos.data!r}, which is neither"
        )
    if not source.num_videos:
        raise ValueError(f"{videos.data}: split {split!r} has no video")
    for index in range(source.num_videos):
        labels = source.labels(index)
        if len(labels) != 1 and not (labels and videos.multi_label):
            cure = ": take multi_label=True" if labels else ""
            raise ValueError(f"{source.id(index)} has {len(labels)} labels, not one{cure}")
    return source


def _synthetic(videos: DataSet, split: str, inputs: Mapping[str, Input]) -> SyntheticVideos:
    # Longer than a clip, so that where a clip begins can vary.
    length = 2 * max(one.reach for one in inputs.values())
    height = max(one.short_side for one in inputs.values())
    [fps] = {one.preprocessing.fps for one in inputs.values()}
    learnt = split == videos.train_split
    return SyntheticVideos(
        split,
        videos.task,
        motions=videos.motions or None,
        appearances=videos.appearances or APPEARANCES,
        num_videos=videos.training_videos if learnt else videos.validation_videos,
        num_frames=ORDER_SECONDS * fps if videos.task == "order" else length,
        size=(height, round(height * 4 / 3)),
        seed=videos.seed,
        fps=fps,
        shortcut=_shares(videos.shortcut) if learnt else None,
    )


def _shares(entries: Sequence[str]) -> dict[str, float]:
    """('MoveLeft=0.9',) as {'MoveLeft': 0.9}."""
    try:
        return {motion: float(share) for motion, share in (e.split("=") for e in entries)}
    except ValueError as error:
        raise ValueError(f"shortcut should be MOTION=SHARE each. Received: {entries}") from error


def _files(videos: DataSet, split, inputs, format: str, root: Path, lists, classes) -> VideoFiles:
    auto_split = None
    if videos.auto_split is not None:
        names = videos.train_split, videos.validation_split or "test"
        auto_split = AutoSplit(videos.auto_split, videos.seed, names)
    found = read_annotations(
        format,
        root,
        lists,
        classes=classes,
        splits=(split,),
        split_number=videos.split_number,
        auto_split=auto_split,
        allow_missing=videos.allow_missing,
    )
    notes = list(found.notes)
    if found.problems:
        notes.append(
            f"{split}: {len(found.problems)} of {found.listed} listed videos are left out:\n"
            f"{found.problems.report()}"
        )
    [fps] = {one.preprocessing.fps for one in inputs.values()}
    return VideoFiles(
        found.splits[split], found.classes, videos.flow_folder, root, fps, tuple(notes)
    )
