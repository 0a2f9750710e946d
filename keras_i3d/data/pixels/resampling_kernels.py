"""The compiled half of cropping: the sums of preprocessing.resize_and_crop, row by row (numba).

Where the machine code is kept, and what if it cannot be: see tvl1_kernels.
"""

import numba
import numpy as np


def _compiled(function):
    # No fastmath: the pixels must be NumPy's.
    try:
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:  # no folder for the cache can be written
        return numba.njit(nogil=True, error_model="numpy")(function)


@_compiled
def resample(frame, top, bottom, down, left, right, across, out):
    """Rows of bytes into fewer or more: `frame` (height, width) to `out` (rows, places), uint8.

    Row i of out lies between rows top[i] and bottom[i] of frame, by the way down[i]; places alike,
    by left, right and across. Indices are unsigned, so that none needs to be tested for its sign.
    """
    first, last = left[0], right[-1] + np.uint32(1)
    line = np.empty(last, np.float32)
    value = np.empty(len(left), np.float32)
    for row in range(len(top)):
        upper, lower, way = frame[top[row]], frame[bottom[row]], down[row]
        for place in range(first, last):
            above = np.float32(upper[place])
            line[place] = above + (np.float32(lower[place]) - above) * way
        for place in range(len(left)):
            before = line[left[place]]
            value[place] = before + (line[right[place]] - before) * across[place]
        for place in range(len(left)):
            out[row, place] = np.uint8(np.int32(np.rint(value[place])))
