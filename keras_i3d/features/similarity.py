"""Which windows of many videos are most like those of one: cosines of their features."""

import heapq
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.data.video.decoding import DEFAULT_FPS

# What decides whether features may be compared; the window and the stride may differ.
COMPARED = ("network", "preprocessing", "flow")
# What is read of a file, of its metadata and of the video there.
NEEDED = {"start", "end", "features", *COMPARED, "path", "sha256"}
UNREADABLE = (OSError, ValueError, EOFError, LookupError, TypeError, AttributeError,
              zipfile.BadZipFile)  # fmt: skip


@dataclass(frozen=True)
class VideoWindow:
    """A window of a video, and what it takes to show its frames.

    path: of the video. start, end: the window's seconds, on the file's own clock.
    begin: the time of the file's first frame.
    frames_fps: pictures a second, of a folder or an archive of pictures.
    """

    path: str
    start: float
    end: float
    begin: float
    frames_fps: float


@dataclass(frozen=True)
class Neighbour(VideoWindow):
    """A window that is like a window of the query.

    cosine: of their features, 1 for the same direction. query: number of the query's window.
    """

    cosine: float
    query: int


def window_of(
    metadata: Mapping[str, Any], start: np.ndarray, end: np.ndarray, number: int
) -> VideoWindow:
    """Return one of the windows whose features and times these are."""
    video = metadata["video"]
    # Earlier versions wrote no begin.
    begin, rate = video.get("begin", start[0]), metadata.get("frames_fps", DEFAULT_FPS)
    return VideoWindow(video["path"], float(start[number]), float(end[number]), begin, rate)


class FeatureIndex:
    """Features of many videos in .npz files, as `keras-i3d extract_features` writes them.

    Args:
        folder: of the files, and of those below it.
        stream: "rgb", "flow", or "both" for the two side by side; None for what the first file has.

    Attributes:
        paths: of the files. metadata: how the features of the first file were made.

    Raises:
        ValueError: there is no such file, or one is damaged or was made in another way.
    """

    def __init__(self, folder: str | os.PathLike, stream: str | None = None):
        self.paths = sorted(
            path for path in Path(folder).rglob("*.npz") if ".features" not in path.parts
        )
        if not self.paths:
            raise ValueError(
                f"index should be a folder of extract_features with .npz files. Received: {folder}"
            )
        first, self.metadata = _read(self.paths[0])
        there = tuple(name for name in CHANNELS if name in first)
        self.streams = there if stream in (None, "both") else (stream,)
        if not self.streams or not set(self.streams) <= set(there):
            raise ValueError(
                f"stream should be among those of {self.paths[0]}, {', '.join(there) or 'none'}. "
                f"Received: {stream}"
            )

    def __iter__(self) -> Iterator[tuple[dict[str, np.ndarray], dict[str, Any]]]:
        """Give (arrays, metadata) of each file, one held at a time."""
        for path in self.paths:
            arrays, metadata = _read(path)
            for name in COMPARED:
                if metadata[name] != self.metadata[name]:
                    raise ValueError(
                        f"{path} was made differently from {self.paths[0]}: its {name} differs"
                    )
            yield arrays, metadata

    def nearest(
        self,
        query: Mapping[str, np.ndarray],
        count: int = 10,
        without: str | None = None,
        per_video: int = 1,
    ) -> list[Neighbour]:
        """Return the windows that are most like any window of the query, the nearest first.

        Args:
            query: {"rgb": (windows, channels), ...}, of the index's streams.
            count: how many.
            without: SHA-256 of a video that does not count: the query's own.
            per_video: of one video at most so many.
        """
        wanted = directions(query, self.streams)
        found = self._best(wanted, without, per_video)
        return heapq.nlargest(count, found, key=lambda one: one.cosine)  # of equals the first

    def _best(self, wanted: np.ndarray, without: str | None, per_video: int) -> Iterator[Neighbour]:
        """The windows of each video that are most like any that is wanted."""
        for arrays, metadata in self:
            own = without is not None and metadata["video"]["sha256"] == without
            if own or not len(arrays["start"]):
                continue
            cosines = wanted @ directions(arrays, self.streams).T
            best = cosines.max(axis=0)
            for window in np.argsort(-best, kind="stable")[:per_video]:
                place = window_of(metadata, arrays["start"], arrays["end"], window)
                asked = int(cosines[:, window].argmax())
                yield Neighbour(**vars(place), cosine=float(best[window]), query=asked)


def directions(arrays: Mapping[str, np.ndarray], streams: tuple[str, ...]) -> np.ndarray:
    """Return (windows, channels) of length 1; each stream counts alike."""
    sides = [_unit(arrays[stream].reshape(len(arrays[stream]), -1)) for stream in streams]
    return _unit(np.concatenate(sides, axis=1))


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.maximum(lengths, np.finfo(np.float32).tiny)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file, and its metadata."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        metadata = json.loads(str(arrays["metadata"]))
        there = arrays.keys() | metadata.keys() | metadata["video"].keys()
        if missing := sorted(NEEDED - there):
            raise ValueError(f"no {', '.join(missing)}")
    except UNREADABLE as error:
        raise ValueError(f"{path} has no readable features: {error}") from error
    return arrays, metadata
