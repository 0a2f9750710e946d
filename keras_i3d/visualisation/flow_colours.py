"""Optical flow in colours: the hue is the direction, white is no motion (Middlebury's wheel).

Right is red, down yellow, left green-blue, up violet. Source: S. Baker et al., "A Database and
Evaluation Methodology for Optical Flow" (IJCV 2011), and its colour code, colorcode.cpp.
"""

import os
from collections.abc import Iterable

import numpy as np

from keras_i3d.data.video.encoding import write_mp4

# Steps from red to yellow, to green, to cyan, to blue, to magenta, and back to red.
STEPS = (15, 6, 4, 11, 13, 6)
CORNERS = np.array([(1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 0)])
DARKER = 0.75  # of what moves faster than `largest`


def flow_picture(flow: np.ndarray, largest: float | None = None) -> np.ndarray:
    """(..., height, width, 2) in pixels, x then y, to (..., height, width, 3) uint8 RGB.

    Args:
        flow: values that are no numbers, or above 1e9 as in .flo files, are unknown: black.
        largest: pixels at which colours are full; what moves faster is darker. By default the
            largest motion there is.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim < 3 or flow.shape[-1] != 2:
        raise ValueError(f"flow should be (..., height, width, 2). Received: {flow.shape}")
    known = (np.abs(flow) < 1e9).all(axis=-1)  # false where not a number
    flow = np.where(known[..., None], flow, 0)
    length = np.hypot(flow[..., 0], flow[..., 1])
    largest = float(length.max(initial=0)) if largest is None else largest
    if largest < 0:
        raise ValueError(f"largest should be a number of pixels. Received: {largest}")
    length = (length / (largest or 1))[..., None]
    angle = np.arctan2(-flow[..., 1], -flow[..., 0]) / np.pi  # -1 to 1, right at both ends
    wheel = colour_wheel()
    place = (angle + 1) / 2 * (len(wheel) - 1)
    before = place.astype(int)
    way = (place - before)[..., None]
    hue = (1 - way) * wheel[before] + way * wheel[(before + 1) % len(wheel)]
    colour = np.where(length <= 1, 1 - length * (1 - hue), DARKER * hue)
    return (255 * colour * known[..., None]).astype(np.uint8)


def colour_wheel() -> np.ndarray:
    """The 55 colours of the wheel, from red on: (55, 3), values in [0, 1]."""
    parts = [
        start + (end - start) * (np.arange(count) / count)[:, None]
        for start, end, count in zip(CORNERS[:-1], CORNERS[1:], STEPS, strict=True)
    ]
    return np.concatenate(parts)


def write_flow_mp4(
    path: str | os.PathLike, flows: Iterable[np.ndarray], fps: int = 25, largest: float = 10
) -> int:
    """Flows, one at a time, as an MP4; all with the same colours. Returns how many there were."""
    return write_mp4(path, (_even(flow_picture(flow, largest)) for flow in flows), fps)


def _even(picture: np.ndarray) -> np.ndarray:
    """Without an odd last row or column, which most players cannot show."""
    height, width = (max(1, side // 2 * 2) for side in picture.shape[:2])
    return picture[:height, :width]
