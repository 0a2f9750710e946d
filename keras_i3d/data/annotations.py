"""The Video record: what every list of a data set comes down to."""

from dataclasses import dataclass


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
