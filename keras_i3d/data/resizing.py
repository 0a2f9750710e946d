"""Whole frames at the short side that training wants: what shards and cached flow are made of."""

from collections.abc import Iterator

import numpy as np

from keras_i3d.data import clips
from keras_i3d.data.decoding import VideoFile
from keras_i3d.data.preprocessing import DEEPMIND_RGB, Preprocessing, _taps, resized


def resized_frames(video: VideoFile, spec: Preprocessing = DEEPMIND_RGB) -> Iterator[np.ndarray]:
    """The video at spec.fps frames per second: (rows, columns, 3) uint8, one held at a time.

    All have the size of the first, also where the file changes its own.
    """
    return clips.resample(clips.spans(_resized(video, spec), video.frame_duration), spec.fps)


def resize(frame: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(height, width, c) uint8 to (rows, columns, c), with the pixels of resize_and_crop."""
    top, bottom, down = _taps(frame.shape[0], rows, rows)
    left, right, across = _taps(frame.shape[1], columns, columns)
    upper, lower = frame[top], frame[bottom]
    lines = upper + np.subtract(lower, upper, dtype=np.float32) * down[:, None, None]
    start, end = lines[:, left], lines[:, right]
    return np.rint(start + (end - start) * across[:, None]).astype(np.uint8)


def _resized(video: VideoFile, spec: Preprocessing) -> Iterator[tuple]:
    size = None
    for image, stamp, length in video:
        size = size or resized(*image.shape[:2], spec.short_side)
        yield resize(image, *size), stamp, length
