"""Bilinear resizing with half-pixel centres, of whole frames or of a part of them: NumPy's.

The same sums in the same order stand compiled in resampling_kernels.py and in TensorFlow's graph in
graph_preprocessing.py, so that all three give the same pixels. TV-L1 has its own, as OpenCV's:
its images are of floats and its pyramid keeps the exact step. TensorFlow 1's places are for numbers
that must compare with its own.
"""

from typing import NamedTuple

import numpy as np


class Taps(NamedTuple):
    """Where each place of a resized axis gets its value: between two source indices.

    before, after: (places,) indices of the two.
    way: (places,) float32 in [0, 1), how far from the one to the other.
    """

    before: np.ndarray
    after: np.ndarray
    way: np.ndarray


def taps(size: int, resized_size: int, first: int = 0, count: int | None = None) -> Taps:
    """Return the taps of places `first` to `first + count` of an axis, by default of all.

    size=4, resized_size=8    place 3 lies at (3 + 0.5) * 4/8 - 0.5 = 1.25: from 1 to 2, way 0.25
    """
    count = resized_size - first if count is None else count
    places = (np.arange(first, first + count) + 0.5) * (size / resized_size) - 0.5
    places = np.clip(places, 0, size - 1)
    low = np.floor(places).astype(np.intp)
    return Taps(low, np.minimum(low + 1, size - 1), (places - low).astype(np.float32))


def legacy_taps(size: int, resized_size: int) -> Taps:
    """Return the taps of tf.compat.v1.image.resize_bilinear: corners not aligned, no half pixels.

    size=4, resized_size=8    place 3 lies at 3 * 4/8 = 1.5: from 1 to 2, way 0.5; place 7 at 3.5: 3

    Source: tensorflow/core/kernels/image/image_resizer_state.h, LegacyScaler, in float32 as there.
    """
    places = np.arange(resized_size, dtype=np.float32) * (np.float32(size) / resized_size)
    low = np.minimum(np.floor(places), size - 1).astype(np.intp)
    return Taps(low, np.minimum(low + 1, size - 1), places - low.astype(np.float32))


def resample(frames: np.ndarray, down: Taps, across: Taps) -> np.ndarray:
    """Resize (..., height, width, c) uint8 to (..., rows, columns, c), rounded to whole levels."""
    return np.rint(interpolated(frames, down, across)).astype(np.uint8)


def interpolated(frames: np.ndarray, down: Taps, across: Taps) -> np.ndarray:
    """Resize (..., height, width, c) to (..., rows, columns, c) float32, not rounded."""
    # Columns that no place needs are cut off first: of a crop that is half of the work.
    first = across.before[0]
    part = frames[..., first : across.after[-1] + 1, :]
    upper, lower = np.take(part, down.before, axis=-3), np.take(part, down.after, axis=-3)
    lines = upper + np.subtract(lower, upper, dtype=np.float32) * down.way[:, None, None]
    start = np.take(lines, across.before - first, axis=-2)
    end = np.take(lines, across.after - first, axis=-2)
    return start + (end - start) * across.way[:, None]


def resize(frames: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return (..., height, width, c) uint8 to (..., rows, columns, c).

    As cv2.INTER_LINEAR and tf.image.resize: without antialiasing.
    """
    height, width = frames.shape[-3:-1]
    return resample(frames, taps(height, rows), taps(width, columns))


def resized(height: int, width: int, short_side: int, keep_aspect: bool = True) -> tuple[int, int]:
    """Return (rows, columns) with the shorter one `short_side`, the other to the nearest pixel.

    240 x 320, short_side=256    256 x 341; without the aspect 256 x 256
    """
    if not keep_aspect:
        return short_side, short_side
    least = min(height, width)
    return tuple((2 * side * short_side + least) // (2 * least) for side in (height, width))
