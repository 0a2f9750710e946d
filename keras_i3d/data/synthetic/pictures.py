"""Photographs that fill the plane, seen through a camera: scikit-image's pictures, by Pillow."""

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

# Name to file in scikit-image's wheel (seen in 0.22 to 0.26), so nothing is downloaded. Public
# domain, CC0 or without known restrictions, as skimage.data's documentation says of each.
PICTURES = {
    "Bricks": "brick.png",
    "Cat": "chelsea.png",
    "Coffee": "coffee.png",
    "Coins": "coins.png",
    "Grass": "grass.png",
    "Gravel": "gravel.png",
    "Page": "page.png",
    "Retina": "retina.jpg",
    "Stars": "hubble_deep_field.jpg",
    "Tissue": "ihc.png",
}
# What is cut off at each edge, of its length: around the round retina all is black, and black does
# not move.
INSETS = {"Retina": 0.15}
QUARTERS = 4
# Bilinear sampling reads the next pixel too; one more for rounding.
MARGIN = 2


@lru_cache(maxsize=QUARTERS * len(PICTURES))
def quarter(name: str, number: int) -> np.ndarray:
    """Return a quarter of a photograph: (height, width, 3) uint8, not to be written to.

    Args:
        name: one of PICTURES.
        number: 0 top left, 1 top right, 2 bottom left, 3 bottom right. They share no pixel.

    Raises:
        ImportError: where scikit-image, or its file, is not there.
    """
    found = importlib.util.find_spec("skimage")  # finds without importing: SciPy stays out
    path = Path(found.origin).parent / "data" / PICTURES[name] if found else None
    if path is None or not path.is_file():
        raise ImportError(
            f"the synthetic pictures need scikit-image 0.22 to 0.26; "
            f"{f'{path} is not there' if path else 'it is not installed'}: "
            f"pip install 'scikit-image>=0.22'"
        )
    with Image.open(path) as picture:
        pixels = np.array(picture.convert("RGB"))
    inset = INSETS.get(name, 0)
    down, across = round(pixels.shape[0] * inset), round(pixels.shape[1] * inset)
    pixels = pixels[down : pixels.shape[0] - down, across : pixels.shape[1] - across]
    height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
    top, left = number // 2 * height, number % 2 * width
    pixels = pixels[top : top + height, left : left + width].copy()
    pixels.flags.writeable = False
    return pixels


def plane_size(name: str) -> tuple[float, float]:
    """Return width and height of a picture's quarters, whose shorter side is 1."""
    height, width = quarter(name, 0).shape[:2]
    return width / min(width, height), height / min(width, height)


def resized(pixels: np.ndarray, short_side: int) -> np.ndarray:
    """Return the picture with a shorter side of `short_side` pixels; uint8, not aliased."""
    height, width = pixels.shape[:2]
    scale = short_side / min(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


@lru_cache(maxsize=64)
def resized_quarter(name: str, number: int, short_side: int) -> np.ndarray:
    """Return a quarter, resized; kept, for videos that are read frame after frame."""
    pixels = resized(quarter(name, number), short_side)
    pixels.flags.writeable = False
    return pixels


def mirrored(start: int, stop: int, length: int) -> np.ndarray:
    """Return indices into `length` pixels that fill the line: there and back, for ever.

    length=3    start=-2, stop=7    1 0 0 1 2 2 1 0 0
    """
    place = np.arange(start, stop) % (2 * length)
    return np.minimum(place, 2 * length - 1 - place)


def render(
    picture: np.ndarray, extent: tuple[float, float], view: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Draw what the camera sees of the plane that the picture fills: (height, width, 3) uint8.

    Args:
        picture: (height, width, 3) uint8; mirrored at its edges without end, so that no view has
            a border.
        extent: width and height of the picture on the plane.
        view: (2, 3) float64, from the frame to the plane; x, then y. The middle of the frame's
            pixel (column, row) is at (column + 1/2, row + 1/2), the picture's corner at (0, 0).
        size: height and width of the frame.

    Bilinear, so the picture should not have more pixels than the frame can show. Rounded down, as
    Pillow does.
    """
    rows, columns = picture.shape[:2]
    height, width = size
    to_pixels = view * np.array([[columns / extent[0]], [rows / extent[1]]])
    corners = to_pixels @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = np.floor(corners.min(axis=1)).astype(int) - MARGIN
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + MARGIN
    patch = picture[mirrored(top, bottom, rows)[:, None], mirrored(left, right, columns)]
    (a, b, c), (d, e, f) = to_pixels
    seen = Image.fromarray(patch).transform(
        (width, height),
        Image.Transform.AFFINE,  # Pillow's, too, has a pixel's middle at + 1/2
        (a, b, c - left, d, e, f - top),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(seen)
