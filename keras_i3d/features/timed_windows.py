"""A video's windows with their times: cut from what a network sees, on the file's own clock."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_i3d.data.video.frame_sequence import FrameSequence
from keras_i3d.features.seen_frames import Seen, watch
from keras_i3d.features.video_facts import VideoFacts
from keras_i3d.features.windowing import Cutting, Stretch, stretches


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
            if isinstance(item, VideoFacts):  # the last item; a producer's end comes after it
                self.facts = item
                continue
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
