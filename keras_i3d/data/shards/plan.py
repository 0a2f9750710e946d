"""Which video goes into which shard: arithmetic, done before any work starts."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from keras_i3d.data.flow.flow_files import SUFFIX
from keras_i3d.data.flow.methods import FlowFingerprint
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.shards.manifest import SPLIT, shard_name
from keras_i3d.files import storage

# Videos of a shard by default: of 10 s at 256 x 341 and quality 97, about 0.5 GB.
VIDEOS_PER_SHARD = 64
MAX_SHARDS = 99_999


@dataclass(frozen=True)
class ShardOptions:
    """All that decides what bytes a video becomes, and where they are.

    shards: number of files; 0 for one for every 64 videos.
    fps, short_side: of the pictures; the other side keeps the aspect.
    quality: of the JPEG pictures, 1 to 100, with colour at full resolution. At 97 the mean error
        of a pixel is 0.6 to 0.9 grey levels on real clips, at 95 0.7 to 1.2 in 0.8 x the bytes, at
        75 1.3 to 2.7 in 0.35 x the bytes.
    seed: of the order of the videos.
    flow: how the flow is made; None to store no flow.
    """

    shards: int = 0
    fps: int = 25
    short_side: int = 256
    quality: int = 97
    seed: int = 0
    flow: FlowFingerprint | None = None

    def __post_init__(self):
        for name in ("fps", "short_side"):
            ours, theirs = getattr(self, name), getattr(self.flow, name, None)
            if self.flow is not None and ours != theirs:
                raise ValueError(
                    f"the flow was made at {name}={theirs}; it would not fit pictures at "
                    f"{name}={ours}"
                )
        limits = {"shards": (0, MAX_SHARDS), "fps": (1, 1000), "short_side": (1, 4096)}
        for name, (least, most) in {**limits, "quality": (1, 100)}.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(
                    f"{name} should be {least} to {most}. Received: {name}={getattr(self, name)}"
                )


@dataclass(frozen=True)
class Job:
    """One video on its way into a shard; all that a worker needs.

    shard, place: which file, and where in it.
    work: the file that its record waits in until its shard is put together.
    data_path: the video's path below the data set's folder.
    classes: names of its labels, and of the classes of its actions.
    flow_file: its cached flow; None to compute what options.flow asks for.
    """

    video: Video
    shard: int
    place: int
    work: str
    data_path: str
    classes: dict[int, str]
    options: ShardOptions
    flow_file: str | None = None


@dataclass(frozen=True)
class Plan:
    """The shards of one split.

    folder, work: where they come to be, and where unfinished work waits.
    jobs: a list for each shard.
    options: as given, with the number of shards decided.
    list_sha256: of the list of videos: ids, paths below the root, labels and times.
    """

    folder: str
    work: str
    split: str
    classes: tuple[str, ...]
    jobs: tuple[tuple[Job, ...], ...]
    options: ShardOptions
    list_sha256: str

    @property
    def listed(self) -> int:
        """Return how many videos there are."""
        return sum(map(len, self.jobs))

    def shard_name(self, number: int) -> str:
        """Return the name of a shard's file."""
        return shard_name(self.split, number, self.options.shards)

    def identity(self) -> dict[str, Any]:
        """Return what a finished or half finished run must agree in, to be continued."""
        return {
            "split": self.split,
            "options": asdict(self.options),
            "classes_sha256": _digest(list(self.classes)),
            "listed": self.listed,
            "list_sha256": self.list_sha256,
        }


def plan_shards(
    folder: str | os.PathLike,
    split: str,
    classes: Sequence[str],
    videos: Sequence[Video],
    options: ShardOptions,
    root: str | os.PathLike,
    work: str | os.PathLike | None = None,
    flow_folder: str | os.PathLike | None = None,
) -> Plan:
    """Decide where every video goes.

    The videos are put in the order of the SHA-256 of "seed/id" and dealt to the shards in turn: the
    order of the list does not matter, no class is in one shard only, and shards differ by one video
    at most.

    Args:
        folder: where the shards come to be.
        split, classes, videos: of the data set.
        options: what the videos become.
        root: the data set's folder; paths below it are stored, so that a data set that was moved
            gives the same bytes.
        work: where unfinished work waits; by default a folder .SPLIT.work in `folder`.
        flow_folder: of cached flow files; None to compute the flow, where options.flow asks for it.

    Raises:
        ValueError: no videos, ids that are not unique, more shards than videos, a split's name
            that cannot be a file's, labels without a class.
    """
    _check(split, classes, videos)
    folder = os.fspath(folder)
    work = os.fspath(work) if work is not None else storage.join(folder, f".{split}.work")
    shards = options.shards or -(-len(videos) // VIDEOS_PER_SHARD)
    if shards > len(videos):
        raise ValueError(
            f"shards should be at most the {len(videos)} videos of split {split!r}. "
            f"Received: {shards}"
        )
    options = replace(options, shards=shards)
    ordered = sorted(videos, key=lambda video: _place(options.seed, video.id))
    jobs: list[list[Job]] = [[] for _ in range(shards)]
    listed = []
    for number, video in enumerate(ordered):
        shard, place = number % shards, number // shards
        path = os.path.relpath(video.path, root)
        used = {*video.labels, *(label for label, *_ in video.actions)}
        jobs[shard].append(
            Job(
                video=video,
                shard=shard,
                place=place,
                work=storage.join(work, f"{shard:05d}-{place:06d}.record"),
                data_path=path,
                classes={label: classes[label] for label in used},
                options=options,
                flow_file=_flow_file(flow_folder, path),
            )
        )
        listed.append([video.id, path, video.labels, video.start, video.end, video.actions])
    digest = _digest(listed)
    return Plan(folder, work, split, tuple(classes), tuple(map(tuple, jobs)), options, digest)


def _check(split: str, classes: Sequence[str], videos: Sequence[Video]) -> None:
    if not SPLIT.fullmatch(split):
        raise ValueError(f"split {split!r} cannot be part of a file's name")
    if not videos:
        raise ValueError(f"split {split!r} has no videos")
    twice = [id for id, count in Counter(video.id for video in videos).items() if count > 1]
    if twice:
        raise ValueError(
            f"{len(twice)} ids are in split {split!r} more than once, such as {twice[:3]}"
        )
    for video in videos:
        used = {*video.labels, *(label for label, *_ in video.actions)}
        if wrong := [label for label in used if not 0 <= label < len(classes)]:
            raise ValueError(f"{video.id}: label {wrong[0]} of {len(classes)} classes")


def _flow_file(folder: str | os.PathLike | None, path: str) -> str | None:
    """Where compute_flow puts the flow of a video."""
    return None if folder is None else os.path.join(folder, path + SUFFIX)


def _place(seed: int, id: str) -> tuple[bytes, str]:
    return hashlib.sha256(f"{seed}/{id}".encode("utf-8", "surrogateescape")).digest(), id


def _digest(value: Any) -> str:
    """SHA-256 of a JSON value, in hexadecimal."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
