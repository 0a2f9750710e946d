"""How frames become the network's input: the record, and the one function that applies it.

NumPy only, so that worker processes that decode videos need not load TensorFlow.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Preprocessing:
    """All numbers between a video file and the network.

    fps: frames per second that the video is resampled to.
    short_side: pixels of the shorter side after resizing; the other keeps the aspect.
    crop: pixels of the square cut out of the centre.
    least_frames: a shorter clip is looped to this many frames.
    scale, offset: values become value / scale + offset.
    bound: values are first clipped to [-bound, bound], in the frames' unit; None for no clipping.
    """

    fps: int = 25
    short_side: int = 256
    crop: int = 224
    least_frames: int = 64
    scale: float = 127.5
    offset: float = -1.0
    bound: float | None = None


# kinetics-i3d, README: 25 frames per second, shortest side 256 by bilinear interpolation, centre
# crop 224; RGB from [0, 255] and flow from [-20, 20] pixels to [-1, 1].
DEEPMIND_RGB = Preprocessing()
DEEPMIND_FLOW = Preprocessing(scale=20.0, offset=0.0, bound=20.0)
BY_STREAM = {"rgb": DEEPMIND_RGB, "flow": DEEPMIND_FLOW}


def preprocess(frames: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """(time, height, width, c) uint8 to (time, crop, crop, c) float32, the network's input."""
    return scale(resize_and_crop(frames, spec), spec)


def resize_and_crop(frames: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """(..., height, width, c) to (..., crop, crop, c), uint8: short side resized, centre cut out.

    Bilinear with half-pixel centres and without antialiasing, as cv2.INTER_LINEAR and
    tf.image.resize; rounded to whole grey levels. Only the pixels of the crop are computed.
    """
    height, width = frames.shape[-3:-1]
    rows, columns = resized(height, width, spec.short_side)
    top, bottom, down = _taps(height, rows, spec.crop)
    left, right, across = _taps(width, columns, spec.crop)
    down, across = down[:, None, None], across[:, None]
    upper = np.take(frames, top, axis=-3)
    lower = np.take(frames, bottom, axis=-3)
    lines = upper + (np.subtract(lower, upper, dtype=np.float32)) * down
    start, end = np.take(lines, left, axis=-2), np.take(lines, right, axis=-2)
    return np.rint(start + (end - start) * across).astype(np.uint8)


def resize(frame: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(height, width, c) uint8 to (rows, columns, c), with the pixels of resize_and_crop."""
    top, bottom, down = _taps(frame.shape[0], rows, rows)
    left, right, across = _taps(frame.shape[1], columns, columns)
    upper, lower = frame[top], frame[bottom]
    lines = upper + np.subtract(lower, upper, dtype=np.float32) * down[:, None, None]
    start, end = lines[:, left], lines[:, right]
    return np.rint(start + (end - start) * across[:, None]).astype(np.uint8)


def resized(height: int, width: int, short_side: int) -> tuple[int, int]:
    """(rows, columns) with the shorter one `short_side`, the other to the nearest pixel.

    240 x 320, short_side=256    256 x 341
    """
    least = min(height, width)
    return tuple((2 * side * short_side + least) // (2 * least) for side in (height, width))


def scale(values: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Pixel or flow values to the range of the network, float32; the shape stays."""
    values = np.asarray(values, np.float32)
    if spec.bound is not None:
        values = np.clip(values, -spec.bound, spec.bound)
    return values / np.float32(spec.scale) + np.float32(spec.offset)


def preprocess_input(x, stream: str = "rgb"):
    """Values to the range of the network, as the function of this name in keras.applications does.

    Args:
        x: RGB in [0, 255], or flow in pixels; an array or tensor of any shape. Not resized.
        stream: "rgb" or "flow".

    Returns:
        float32 in [-1, 1]: RGB / 127.5 - 1, or flow clipped to [-20, 20] and divided by 20.

    Source: kinetics-i3d, README, "Sample data and preprocessing".
    """
    if stream not in BY_STREAM:
        raise ValueError(
            f"stream should be one of {sorted(BY_STREAM)}. Received: stream={stream!r}"
        )
    if isinstance(x, np.ndarray | list | tuple):
        return scale(x, BY_STREAM[stream])
    from keras import ops  # a backend's tensor: stays one

    spec = BY_STREAM[stream]
    x = ops.cast(x, "float32")
    if spec.bound is not None:
        x = ops.clip(x, -spec.bound, spec.bound)
    return x / spec.scale + spec.offset


def _taps(
    size: int, resized_size: int, crop: int, first: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each position of the crop on a resized axis: two source indices, and the way between.

    The crop's first position is `first`, by default that of the centre crop.

    size=4, resized_size=8    position 3 lies at (3 + 0.5) * 4/8 - 0.5 = 1.25: from 1 to 2, way 0.25
    """
    first = (resized_size - crop) // 2 if first is None else first
    places = (np.arange(first, first + crop) + 0.5) * (size / resized_size) - 0.5
    places = np.clip(places, 0, size - 1)
    low = np.floor(places).astype(np.intp)
    return low, np.minimum(low + 1, size - 1), (places - low).astype(np.float32)
