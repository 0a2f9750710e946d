"""How a frame is turned and mirrored, by its file's display matrix or EXIF data."""

import struct

import av
import numpy as np
from av.sidedata.sidedata import Type

# Beside the largest of a matrix, a value smaller than this is none: files round their sines.
NOTHING = 1 / 100
AS_STORED = (False, False, False)
# EXIF's number of an orientation, and what `oriented` takes for it.
EXIF = {
    1: AS_STORED,
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int] | None:
    """Return the four values (a, b, c, d) that turn a frame; None if its file says nothing.

    What is stored at (x, y) is shown at (a x + c y, b x + d y), from the upper left corner on.
    """
    found = frame.side_data.get(Type.DISPLAYMATRIX)
    if found is None:
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(found)[:36])
    return a, b, c, d


def orientation(matrix: tuple[int, int, int, int]) -> tuple[bool, bool, bool] | None:
    """Return (transpose, mirror rows, mirror columns), in this order; None for no right angle.

    (1, 0, 0, 1)     as stored         (-1, 0, 0, 1)    mirrored left to right
    (0, 1, -1, 0)    a quarter turn clockwise           (0, 1, 1, 0)    transposed
    """
    largest = max(map(abs, matrix))
    a, b, c, d = (0 if abs(value) <= NOTHING * largest else value for value in matrix)
    if a and d and not (b or c):
        return False, d < 0, a < 0
    if b and c and not (a or d):
        return True, b < 0, c < 0
    return None


def oriented(image: np.ndarray, transpose: bool, rows: bool, columns: bool) -> np.ndarray:
    """Return (height, width, 3) as it is shown: a view."""
    if transpose:
        image = image.swapaxes(0, 1)
    return image[:: -1 if rows else 1, :: -1 if columns else 1]
