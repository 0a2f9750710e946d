"""Square crops of resized frames, wherever they lie: only their pixels are computed."""

from collections.abc import Sequence

import numpy as np

from keras_i3d.data.pixels.resizing import resized, taps

try:  # several times as fast, the same pixels
    from keras_i3d.data.pixels.resampling_kernels import resample
except ImportError:
    from keras_i3d.data.pixels.resizing import resample

# Where a crop lies among all places where it fits, in [0, 1): at the start, in the middle (rounded
# down, as preprocessing does), at the end.
START, CENTRE, END = 0.0, 0.5 - 1e-9, 1 - 1e-9


class Cropper:
    """Cuts crops out of frames of one size, as preprocessing.resize_and_crop cuts the centre.

    Args:
        height, width: of the frames.
        short_side: pixels that their shorter side is resized to.
        crop: pixels of the crops.
        crops: where each lies; see View.crops.
        keep_aspect: as in a Preprocessing.
    """

    def __init__(
        self,
        height: int,
        width: int,
        short_side: int,
        crop: int,
        crops: Sequence[tuple[float, float]],
        keep_aspect: bool = True,
    ):
        rows, columns = resized(height, width, short_side, keep_aspect)
        self._taps = []
        for place in crops:
            top, left = crop_corner(rows, columns, crop, place)
            self._taps.append((taps(height, rows, top, crop), taps(width, columns, left, crop)))

    def __call__(self, frame: np.ndarray) -> np.ndarray:
        """(height, width, 3) to (crops, crop, crop, 3), uint8."""
        return np.stack([resample(frame, down, across) for down, across in self._taps])


def crop_corner(rows: int, columns: int, crop: int, place: tuple[float, float]) -> tuple[int, int]:
    """Return the first row and column of a crop of View.crops in a frame of rows x columns."""
    shorter, longer = place
    down, across = (shorter, longer) if rows <= columns else (longer, shorter)
    return placed(down, rows, crop), placed(across, columns, crop)


def placed(place: float, total: int, length: int) -> int:
    """Return where something of `length` begins: `place` in [0, 1) of all places that fit.

    total=10, length=8    place 0.0 .. 0.33: 0    .. 0.66: 1    .. 1.0: 2
    total=5, length=8     0: a clip goes on from frame 0 at the end
    """
    fitting = max(0, total - length) + 1
    return min(int(place * fitting), fitting - 1)
