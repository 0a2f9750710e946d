"""A file's frames at the ticks of a clock: all of them, or a part that is reached by seeking."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

import numpy as np

from keras_i3d.data.video import timing
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.timelines import OtherFramesError, Timeline, Timelines, read_frames

# A process that reads a file part after part keeps its index: one for each rate.
timelines = lru_cache(maxsize=8)(Timelines)


def ticks(
    video: VideoFile,
    fps: int,
    change: Callable[[np.ndarray], np.ndarray],
    start: int = 0,
    end: int | None = None,
) -> Iterator[np.ndarray]:
    """Give what `change` makes of the frame at each tick from `start` to `end`, one held at a time.

    A part that begins later than the file is read from the key picture before it, where the file
    has an index (MP4, Matroska) that holds; any other file is decoded from its first frame. The
    frames are the same. Only frames of the part are converted and changed, each once.

    Args:
        video: the file, of which nothing has been read yet.
        fps: ticks a second.
        change: from a frame, uint8 (height, width, 3), to what is wanted of it.
        start, end: the first tick and the one after the last; None for all that come.

    Raises:
        VideoError: the file gives no frames.
    """
    given = 0
    timeline = timelines(fps).listed(video.path) if start and video.seekable else None
    if timeline is None:
        yield from _decoded(video, fps, change, start, end)
        return
    try:
        for made in _sought(video, timeline, change, start, end):
            yield made
            given += 1
    except OtherFramesError:
        with VideoFile(video.path) as again:
            yield from _decoded(again, fps, change, start + given, end)
        video.described(again.frames, again.notes)


def expected(video: VideoFile, fps: int, start: int = 0, end: int | None = None) -> int | None:
    """Return how many ticks to expect, by the file's header; None if it does not say."""
    if video.duration is None:
        return None
    total = round(video.duration * fps)
    return max(0, (total if end is None else min(end, total)) - start)


def _decoded(video: VideoFile, fps: int, change, start: int, end: int | None) -> Iterator:
    last = made = None
    for frame in islice(timing.resample(video.shown(), fps), start, end):
        if frame is not last:
            last, made = frame, change(video.image(frame))
        yield made


def _sought(video: VideoFile, timeline: Timeline, change, start: int, end: int | None) -> Iterator:
    next(video.unconverted())  # for its size, and whether its beginning is whole
    video.described(len(timeline.stamps), timeline.notes)
    numbers, times = np.unique(timeline.frames[start:end], return_counts=True)
    if not len(numbers):
        return
    frames = read_frames(video.path, numbers.tolist(), timeline, threads=None)
    for (_, image), repeated in zip(frames, times, strict=True):
        made = change(image)
        for _ in range(repeated):
            yield made
