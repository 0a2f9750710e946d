"""Resizing that keeps fractions of grey levels, in the ways of the tools that compute FVD."""

import numpy as np
from PIL import Image

from keras_i3d.data.pixels.resizing import interpolated, legacy_taps, taps

# How each way's places are found; "antialias" takes the mean over all pixels that a place covers.
WAYS = ("legacy", "half_pixel", "antialias")


def resize_float(frames: np.ndarray, rows: int, columns: int, way: str) -> np.ndarray:
    """Return (..., height, width, c) to (..., rows, columns, c) float32, in the frames' range.

    Args:
        frames: uint8 or float32.
        way: of WAYS: "legacy" is tf.compat.v1.image.resize_bilinear; "half_pixel" is what PyTorch's
            interpolate(mode="bilinear", align_corners=False) and tf.image.resize give;
            "antialias" the same with antialias=True, which are Pillow's pixels of floats.

    Raises:
        ValueError: there is no such way.
    """
    height, width = frames.shape[-3:-1]
    if way == "antialias":
        return _antialiased(frames, rows, columns)
    if way not in WAYS:
        raise ValueError(f"way should be one of {', '.join(WAYS)}. Received: {way!r}")
    places = legacy_taps if way == "legacy" else taps
    if frames.dtype != np.uint8:
        frames = np.asarray(frames, np.float32)
    return interpolated(frames, places(height, rows), places(width, columns))


def _antialiased(frames: np.ndarray, rows: int, columns: int) -> np.ndarray:
    *before, height, width, channels = frames.shape
    planes = np.moveaxis(frames.reshape(-1, height, width, channels), -1, 1)
    planes = planes.reshape(-1, height, width).astype(np.float32)
    made = np.empty((len(planes), rows, columns), np.float32)
    for place, plane in enumerate(planes):
        picture = Image.fromarray(plane)  # mode F: floats are not rounded
        made[place] = np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR))
    made = np.moveaxis(made.reshape(-1, channels, rows, columns), 1, -1)
    return made.reshape(*before, rows, columns, channels)
