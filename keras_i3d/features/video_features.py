"""The features of one video: all of them in a record, or window by window."""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_i3d.data.video.frame_sequence import FrameSequence
from keras_i3d.features.seen_frames import Seen, VideoFacts, watch
from keras_i3d.features.windowing import Cutting, Stretch, stretches

Arrays = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class FeatureWindow:
    """What the network says of one window of a video.

    arrays: {stream: {layer: float32}}, shaped as the pooling leaves it; with several crops their
        axis comes first.
    start, centre, end: seconds of the file's own clock.
    """

    arrays: Arrays
    start: float
    centre: float
    end: float


@dataclass(frozen=True)
class Features:
    """The features of a video.

    arrays: {stream: {layer: float32 (windows, ...)}}.
    start, centre, end: float64 (windows,) seconds of the file's own clock: a video that starts at
        10 s has windows that start at 10 s.
    fps: frames a second that the network saw; of a variable rate taken as it is, the nominal one.
    notes: what a careful reader should know: damage, a variable frame rate, a short video.
    metadata: how they were made and of what; goes into JSON.
    """

    arrays: Arrays
    start: np.ndarray
    centre: np.ndarray
    end: np.ndarray
    fps: float
    notes: tuple[str, ...]
    metadata: dict[str, Any]

    def __len__(self) -> int:
        return len(self.start)

    def named(self) -> dict[str, np.ndarray]:
        """Return the arrays by their names in files: "rgb", or of named layers "rgb_Mixed_4f"."""
        named = bool(self.metadata["features"]["layers"])
        return {
            f"{stream}_{layer}" if named else stream: array
            for stream, layers in self.arrays.items()
            for layer, array in layers.items()
        }

    def times(self) -> dict[str, np.ndarray]:
        """Return {"start", "centre", "end": float64 (windows,)} in seconds."""
        return {"start": self.start, "centre": self.centre, "end": self.end}

    def metadata_json(self) -> str:
        """Return the metadata, and the shapes of the arrays, in JSON: equal ones in equal text."""
        shapes = {name: array.shape for name, array in self.named().items()}
        return json.dumps({**self.metadata, "shapes": shapes}, sort_keys=True)


class Clocked:
    """Frames as they come, with a memory for their times; what cuts windows reads from it.

    Args:
        items: from `watch`.
        kept: of how many of the last frames the times are kept.

    Attributes:
        facts: what is known of the video, after the last frame.
    """

    def __init__(self, items: Iterable[Seen | VideoFacts], kept: int):
        self._items, self._times = items, deque(maxlen=kept)
        self.count = 0
        self.facts: VideoFacts | None = None

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        for item in self._items:
            if isinstance(item, VideoFacts):
                self.facts = item
                return
            self._times.append((item.start, item.end))
            self.count += 1
            yield item.frame

    def seconds(self, position: float) -> float:
        """Return the time of a position that is counted in frames, on the file's own clock."""
        if position == self.count:
            return self._times[-1][1]
        number = int(position)
        start, end = self._times[number - self.count]
        return start + (position - number) * (end - start)


@dataclass(frozen=True)
class TimedStretch:
    """A window's frames by stream, one after the other, and its times in seconds."""

    frames: list[dict[str, np.ndarray]]
    start: float
    centre: float
    end: float


def timed(items: Clocked, how: Cutting) -> Iterator[TimedStretch]:
    """Cut what was seen of a video into windows, with their times."""
    for one in stretches(items, how):
        yield _timed(one, items)


def _timed(one: Stretch, items: Clocked) -> TimedStretch:
    return TimedStretch(one.frames, *map(items.seconds, (one.start, one.centre, one.end)))


def clocked(source, sight, how: Cutting, name: str | None = None) -> Clocked:
    """Return what a network sees of a video: a path, an array of frames, or an iterable of them."""
    if not isinstance(source, str | os.PathLike) and not hasattr(source, "unconverted"):
        source = FrameSequence(source, sight.frames_fps)
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    return Clocked(watch(source, sight, name=name), kept=kept_times(how))


def kept_times(how: Cutting) -> int:
    """Return of how many frames the times must be kept: a window's, and those of the step beside.

    The centre of a window that is shorter than its step lies at most a step before the last frame.
    """
    return how.window + how.stride + 1
