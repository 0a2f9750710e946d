"""Which videos' features are wanted, and what they are called."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.features.video_names import is_inside, part_names, video_names
from keras_i3d.prediction_inputs import NamedVideo

Part = tuple[float | None, float | None]
WHOLE: Part = (None, None)


@dataclass(frozen=True)
class Job:
    """One video whose features are wanted.

    path: the file, or a folder of pictures. name: of its features, without suffix.
    cause: why it cannot be read, if that is known beforehand.
    part: its start and end in seconds from the file's first frame; None for the file's own.
    flow_name: its name in the folder of compute_flow.
    labels: the names of its classes.
    """

    path: str
    name: str
    cause: str | None = None
    part: Part = WHOLE
    flow_name: str | None = None
    labels: tuple[str, ...] = ()

    def __post_init__(self):
        if self.cause is None and not is_inside(self.name):
            cause = f"its name should be that of a place below --out. Received: {self.name!r}"
            object.__setattr__(self, "cause", cause)

    @property
    def key(self) -> str:
        """A short file name for it."""
        return hashlib.sha256(self.name.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def jobs_of_videos(videos: Iterable[NamedVideo], root: str | None = None) -> list[Job]:
    """Return the jobs of videos that `find_videos` found; one that is named twice is made once.

    Args:
        root: the folder that compute_flow was given; None where it was given files.
    """
    videos = {os.path.abspath(video.path): video for video in reversed(list(videos))}
    videos = list(reversed(videos.values()))
    names = video_names(video.path for video in videos)
    return [
        Job(video.path, names[video.path], video.cause, flow_name=_flow_name(video.path, root))
        for video in videos
    ]


def jobs_of_data_set(
    annotations: Annotations, root: str, labels: bool = False
) -> tuple[list[Job], dict[str, str]]:
    """Return a data set's jobs, and {where a line stands: why it gives none}.

    Args:
        labels: whether to write the classes of each video.
    """
    videos = {
        (video.path, video.start, video.end): video
        for split in annotations.splits.values()
        for video in split
    }
    names = part_names({place: video.id for place, video in videos.items()})
    jobs = [
        Job(
            path,
            names[path, start, end],
            part=(start, end),
            flow_name=_flow_name(path, root),
            labels=tuple(annotations.classes[n] for n in video.labels) if labels else (),
        )
        for (path, start, end), video in videos.items()
    ]
    return jobs, {problem.where: str(problem) for problem in annotations.problems}


def check_flow_names(jobs: Iterable[Job]) -> None:
    """Check that no two videos would have the flow of one of them.

    Raises:
        ValueError: it names two that would.
    """
    paths: dict[str | None, str] = {}
    for job in jobs:
        other = paths.setdefault(job.flow_name, job.path)
        if other != job.path:
            raise ValueError(
                f"stored flow should be of one video each. Received: {other} and {job.path}, both "
                f"with {job.flow_name}.flow.zip; name the folder that compute_flow had by --root"
            )


def seconds_of(part: Sequence[float | None]) -> str:
    """Return " (1 s to 2.5 s)" of a part, and nothing of a whole video."""
    start, end = part
    if start is None and end is None:
        return ""
    return f" ({start or 0:g} s to {'the end' if end is None else f'{end:g} s'})"


def _flow_name(path: str, root: str | None) -> str:
    return os.path.relpath(path, root) if root else os.path.basename(os.path.normpath(path))
