"""A video's windows with their times: cut from what a network sees, on the file's own clock."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_i3d.data.video.frame_sequence import FrameSequence
from keras_i3d.features.seen_frames import Seen, watch
from keras_i3d.features.video_facts import VideoFacts
from keras_i3d.features.windowing import Cutting, stretches


@dataclass(frozen=True)
class TimedWindow:
    """A window's frames by stream, one after the other, and its times in seconds."""

    frames: list[dict[str, np.ndarray]]
    start: float
    centre: float
    end: float


class TimedWindows:
    """A video's windows, cut as its frames come; iterated once.

    Args:
        items: from `watch`.
        how: they are cut.

    Attributes:
        count: how many frames were seen so far.
        facts: what is known of the video, after the last window.
    """

    def __init__(self, items: Iterable[Seen | VideoFacts], how: Cutting):
        self._items, self._how = items, how
        # Of a window's frames and the step beside: the centre of a window that is shorter than its
        # step lies at most a step before the last frame.
        self._times: deque[tuple[float, float]] = deque(maxlen=how.window + how.stride + 1)
        self.count = 0
        self.facts: VideoFacts | None = None

    def __iter__(self) -> Iterator[TimedWindow]:
        for one in stretches(self._frames(), self._how):
            yield TimedWindow(one.frames, *map(self._seconds, (one.start, one.centre, one.end)))

    def _frames(self) -> Iterator[dict[str, np.ndarray]]:
        for item in self._items:
            if isinstance(item, VideoFacts):  # the last item; a producer's end comes after it
                self.facts = item
                continue
            self._times.append((item.start, item.end))
            self.count += 1
            yield item.frame

    def _seconds(self, position: float) -> float:
        """The time of a position that is counted in frames."""
        if position == self.count:
            return self._times[-1][1]
        number = int(position)
        start, end = self._times[number - self.count]
        return start + (position - number) * (end - start)


def timed_windows(source, sight, how: Cutting, name: str | None = None) -> TimedWindows:
    """Return the windows of a video: a path, an array of frames, or an iterable of them.

    Args:
        source: the video.
        sight, name: as for `watch`.
        how: it is cut.
    """
    if not isinstance(source, str | os.PathLike) and not hasattr(source, "unconverted"):
        source = FrameSequence(source, sight.frames_fps)
    if isinstance(source, os.PathLike):
        source = os.fspath(source)
    return TimedWindows(watch(source, sight, name=name), how)
