"""How frames become the network's input: the record, and the functions that apply it.

NumPy only, so that worker processes that decode videos need not load TensorFlow.
"""

from dataclasses import dataclass

import numpy as np

from keras_i3d.data.pixels.resizing import resample, resized, taps


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

    Only the pixels of the crop are computed.
    """
    height, width = frames.shape[-3:-1]
    rows, columns = resized(height, width, spec.short_side)
    top, left = (rows - spec.crop) // 2, (columns - spec.crop) // 2
    down, across = taps(height, rows, top, spec.crop), taps(width, columns, left, spec.crop)
    return resample(frames, down, across)


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
