"""What a video shows: classes for the whole of it, and for windows of a long one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import keras
import numpy as np

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.preprocessing import Preprocessing, scale
from keras_i3d.data.video import timing
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import cropped_frames

# A video this short goes through the network in one piece, as the paper's test does: 10 s.
ONE_PIECE = 250
# The network takes some 4 MB a frame: what `whole` holds at most, one minute, is about 6 GB.
MOST_WHOLE = 1500


@dataclass(frozen=True)
class Window:
    """Class scores of one stretch of a video: [start, end) in seconds, scores (classes,)."""

    start: float
    end: float
    scores: np.ndarray


@dataclass(frozen=True)
class Prediction:
    """Class scores of a video, and what they rest on.

    frames: number of frames at `fps` a second, as the network saw them, before any looping.
    source: width, height, frames and fps of the file itself.
    scores: (classes,), the mean over the windows.
    notes: what a careful reader should know: damage, looping, a variable frame rate.
    """

    path: str
    frames: int
    fps: int
    source: dict
    scores: np.ndarray
    windows: list[Window]
    notes: list[str]


def predict_video(
    network: LoadedNetwork,
    path: str,
    *,
    window: int | None = None,
    stride: int | None = None,
    whole: bool = False,
    start: float = 0,
    end: float | None = None,
    watch: Callable[[Iterable, int | None], Iterable] = lambda frames, expected: frames,
) -> Prediction:
    """Classify one video.

    Args:
        network: from `keras_i3d.load`; one that takes rgb alone.
        path: the video file.
        window, stride: frames of a window and between two; when either is given, any video is cut
            into windows (64 every 32 where the other is not). Without, only a long one is.
        whole: the video in one piece, however long; a minute at most.
        start, end: seconds of the part to look at; by default all.
        watch: called with the frames and their expected number, gives them on; for a progress bar.

    Raises:
        VideoError: when the file gives no frames, or `whole` is too much.
    """
    model, spec = network.ending_in("probabilities"), _rgb_alone(network)
    with VideoFile(path) as video:
        counted = _Counted(
            watch(_part(video, spec, start, end), _expected(video, spec, start, end))
        )
        limit = MOST_WHOLE if whole else ONE_PIECE
        head = list(islice(counted, limit + 1)) if window is stride is None else []
        if whole and len(head) > limit:
            raise VideoError(
                path,
                f"more than {limit} frames at {spec.fps} a second; in one piece they would take "
                f"more than 6 GB of memory: classify it in windows",
            )
        if head and len(head) <= limit:
            pieces = iter([(0, [head[i] for i in timing.looped(len(head), spec.least_frames)])])
        else:
            pieces = timing.windows(chain(head, counted), window or 64, stride or 32)
        del head
        windows = list(_scored(model, pieces, counted, spec, start))
        if not windows:
            raise VideoError(path, f"it ends before {start} s")
        notes = [*video.notes, *_notes(video, counted.count, windows, window or spec.least_frames)]
        source = {
            "width": video.width,
            "height": video.height,
            "frames": video.frames,
            "fps": round(float(video.fps), 3),
        }
    scores = np.mean([piece.scores for piece in windows], axis=0)
    return Prediction(path, counted.count, spec.fps, source, scores, windows, notes)


def _rgb_alone(network: LoadedNetwork) -> Preprocessing:
    inputs = network.record.inputs
    if list(inputs) != ["rgb"]:
        raise ValueError(
            f"the network should take rgb alone. Received: {network.source}, which takes "
            f"{' and '.join(inputs)}"
        )
    return inputs["rgb"].preprocessing


class _Counted:
    """An iterator that knows how many it gave."""

    def __init__(self, items: Iterable):
        self._items, self.count = iter(items), 0

    def __iter__(self):
        return self

    def __next__(self):
        item = next(self._items)
        self.count += 1
        return item


def _part(video: VideoFile, spec: Preprocessing, start: float, end: float | None) -> Iterator:
    last = None if end is None else round(end * spec.fps)
    return islice(cropped_frames(video, spec), round(start * spec.fps), last)


def _expected(video: VideoFile, spec: Preprocessing, start: float, end: float | None) -> int | None:
    """How many frames to expect, by the file's header; None where it does not say."""
    if video.duration is None:
        return None
    until = video.duration if end is None else min(end, video.duration)
    return max(0, round((until - start) * spec.fps))


def _scored(model, pieces, counted, spec: Preprocessing, offset: float) -> Iterator[Window]:
    for first, frames in pieces:
        clip = scale(np.stack(frames), spec)
        scores = keras.ops.convert_to_numpy(model.predict_on_batch(clip[None]))[0]
        shown = min(len(frames), counted.count - first)  # without what was looped
        yield Window(offset + first / spec.fps, offset + (first + shown) / spec.fps, scores)


def _notes(video: VideoFile, frames: int, windows: list[Window], length: int) -> Iterator[str]:
    if video.frames == 1:
        yield "one frame only, repeated: the prediction is that of a still picture"
    elif frames < length and len(windows) == 1:
        yield f"short: {frames} frames, looped to {length}"
    if 0 < min(video.width, video.height) < 64:
        yield f"small: {video.width} x {video.height} pixels, enlarged"
