"""The compiled half of resizing: the sums of resizing.resample, row by row (numba).

Where the machine code is kept, and what if it cannot be: see tvl1_kernels.
"""

import numba
import numpy as np

from keras_i3d.data.pixels.resizing import Taps


def resample(frame: np.ndarray, down: Taps, across: Taps) -> np.ndarray:
    """Return (height, width, c) uint8 to (rows, columns, c): the pixels of resizing.resample."""
    height, width, channels = frame.shape
    out = np.empty((len(down.way), len(across.way), channels), np.uint8)
    # A row is a run of bytes, whatever its channels.
    flat = np.ascontiguousarray(frame).reshape(height, width * channels)
    _resample_bytes(flat, channels, *down, *across, out.reshape(len(out), -1))
    return out


def _compiled(function):
    # No fastmath: the pixels must be NumPy's.
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compiled
def _resample_bytes(frame, channels, top, bottom, down, left, right, across, out):
    """Rows of bytes into fewer or more: `frame` (height, width c) to `out` (rows, columns c)."""
    count = len(left) * channels
    # Unsigned, so that no index needs to be tested for its sign.
    before, after = np.empty(count, np.uint32), np.empty(count, np.uint32)
    way = np.empty(count, np.float32)
    for place in range(count):
        column, channel = place // channels, place % channels
        before[place] = left[column] * channels + channel
        after[place] = right[column] * channels + channel
        way[place] = across[column]
    first, last = before[0], after[-1] + np.uint32(1)
    line, value = np.empty(last, np.float32), np.empty(count, np.float32)
    for row in range(len(top)):
        upper, lower, fraction = frame[top[row]], frame[bottom[row]], down[row]
        for place in range(first, last):
            above = np.float32(upper[place])
            line[place] = above + (np.float32(lower[place]) - above) * fraction
        for place in range(count):
            start = line[before[place]]
            value[place] = start + (line[after[place]] - start) * way[place]
        for place in range(count):
            out[row, place] = np.uint8(np.int32(np.rint(value[place])))
