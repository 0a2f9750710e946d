"""Optical flow in colours: the hue is the direction, white is no motion (Middlebury's wheel).

Right is red, down yellow, left green-blue, up violet. Source: S. Baker et al., "A Database and
Evaluation Methodology for Optical Flow" (IJCV 2011), and its colour code, colorcode.cpp.
"""

import os
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.visualisation.lettering import lettering

# Steps from red to yellow, to green, to cyan, to blue, to magenta, and back to red.
STEPS = (15, 6, 4, 11, 13, 6)
CORNERS = np.array([(1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 0)])
DARKER = 0.75  # of what moves faster than `largest`
PERCENTILE = 99
LEGEND = 88  # pixels of a film's legend


def flow_picture(flow: np.ndarray, largest: float | None = None) -> np.ndarray:
    """Return (..., height, width, 2) in pixels, x then y, to (..., height, width, 3) uint8 RGB.

    Args:
        flow: values that are not numbers, or above 1e9 as in .flo files, are unknown: black.
        largest: pixels at which colours are full; what moves faster is darker. By default that of
            `full_colour`.
    """
    flow = np.asarray(flow, np.float32)
    if flow.ndim < 3 or flow.shape[-1] != 2:
        raise ValueError(f"flow should be (..., height, width, 2). Received: {flow.shape}")
    known = (np.abs(flow) < 1e9).all(axis=-1)  # false where not a number
    flow = np.where(known[..., None], flow, 0)
    length = np.hypot(flow[..., 0], flow[..., 1])
    largest = full_colour(flow) if largest is None else largest
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


def full_colour(flow: np.ndarray) -> float:
    """Return the pixels at which flow's colours are full: more than PERCENTILE % of it moves.

    So a few wild vectors leave the rest its colours. Where so little moves that this is nothing, it
    is the largest motion. What is no number, or unknown as in .flo files, does not count.
    """
    length = np.hypot(*np.moveaxis(np.asarray(flow, np.float32), -1, 0))
    length = length[length < 1e9]
    if not length.size:
        return 0.0
    return float(np.percentile(length, PERCENTILE) or length.max())


def flow_legend(largest: float | None = None, size: int = 112) -> np.ndarray:
    """Draw the colour wheel, right to the right, and which motion its rim is.

    Args:
        largest: as for `flow_picture`.
        size: pixels of the picture, which is (size, size, 3) uint8, its text of 14 included.
    """
    side = size - 14
    place = (np.arange(side) + 0.5) * 2 / side - 1
    x, y = np.meshgrid(place, place)
    wheel = flow_picture(np.stack([x, y], -1), 1)
    wheel[np.hypot(x, y) > 1] = 255
    legend = Image.new("RGB", (size, size), "white")
    legend.paste(Image.fromarray(wheel), ((size - side) // 2, 0))
    text = f"rim: top {100 - PERCENTILE} %" if largest is None else f"rim: {largest:.3g} pixels"
    font = lettering(11)
    ImageDraw.Draw(legend).text((size // 2, size - 7), text, "black", font, anchor="mm")
    return np.asarray(legend)


def colour_wheel() -> np.ndarray:
    """Return the 55 colours of the wheel, from red on: (55, 3), values in [0, 1]."""
    parts = [
        start + (end - start) * (np.arange(count) / count)[:, None]
        for start, end, count in zip(CORNERS[:-1], CORNERS[1:], STEPS, strict=True)
    ]
    return np.concatenate(parts)


def write_flow_mp4(
    path: str | os.PathLike, flows: Iterable[np.ndarray], fps: int = 25, largest: float = 10
) -> int:
    """Write flows, one at a time, as an MP4, all with the same colours; return how many there were.

    Where there is room, the wheel is in the corner at the bottom right.
    """
    legend = flow_legend(largest, LEGEND)

    def picture(flow):
        drawn = _even(flow_picture(flow, largest))
        if min(drawn.shape[:2]) >= 2 * LEGEND:
            drawn[-LEGEND:, -LEGEND:] = legend
        return drawn

    return write_mp4(path, map(picture, flows), fps)


def _even(picture: np.ndarray) -> np.ndarray:
    """The picture without an odd last row or column, which most players cannot show."""
    height, width = (max(1, side // 2 * 2) for side in picture.shape[:2])
    return picture[:height, :width]
