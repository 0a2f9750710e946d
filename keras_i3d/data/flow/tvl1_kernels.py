"""The compiled half of TV-L1: rows without branches, which become vector instructions (numba).

The machine code is kept beside this file, or where that cannot be written in the user's cache, or
in $NUMBA_CACHE_DIR. Where none of these can be written it is compiled in every process anew, which
takes seconds.
"""

import logging
import math

import numpy as np

try:
    import numba
except ImportError as error:
    raise ImportError(
        f"optical flow by tvl1 needs numba: pip install 'keras-i3d[flow]' ({error})"
    ) from error

PAD = 4  # zeros around an image to be warped: a bicubic stencil beside it sees only them

logger = logging.getLogger(__name__)


OPTIONS = dict(nogil=True, fastmath=True, error_model="numpy")
# Only what is called from outside is compiled by itself, and cached. Its parts become one with it:
# compiled apart they would be there twice, and code from the cache would run the other copy of them
# than code just compiled, with other last bits.
_compiled = numba.njit(**OPTIONS, forceinline=True)


def _cached(function):
    try:
        return numba.njit(**OPTIONS, cache=True)(function)
    except RuntimeError as error:  # no folder for the cache can be written
        logger.info("TV-L1 is compiled again in every process: %s", error)
        return _compiled(function)


@_cached
def solve(first, second, flow, limit, theta, step, tolerance, warps, outer, inner):
    """Solve one scale: `flow` (2, height, width) is the start, and becomes the result."""
    height, width = first.shape
    source = _gradients(second)
    # One column more on the right repeats the last one: no gradient across the border.
    u1 = np.empty((height, width + 1), np.float32)
    u2 = np.empty((height, width + 1), np.float32)
    smooth = np.empty((height, width + 1), np.float32)
    u1[:, :width] = flow[0]
    u2[:, :width] = flow[1]
    # Dual variables, with a row above and a column on the left that stay zero.
    p11 = np.zeros((height + 1, width + 1), np.float32)
    p12 = np.zeros((height + 1, width + 1), np.float32)
    p21 = np.zeros((height + 1, width + 1), np.float32)
    p22 = np.zeros((height + 1, width + 1), np.float32)
    data = np.empty((4, height, width), np.float32)
    enough = tolerance * height * width
    for _ in range(warps):
        _warp(first, source, u1, u2, data)
        error = np.inf
        for _ in range(outer):
            median(u1, smooth)
            u1, smooth = smooth, u1
            median(u2, smooth)
            u2, smooth = smooth, u2
            for _ in range(inner):
                error = _iterate(data, u1, u2, p11, p12, p21, p22, limit, theta, step)
                if error <= enough:
                    break
            if error <= enough:
                break
    flow[0] = u1[:, :width]
    flow[1] = u2[:, :width]


@_compiled
def _iterate(data, u1, u2, p11, p12, p21, p22, limit, theta, step):
    """One step of the scheme for the flow and for its dual; the sum of squared changes of the flow.

    A row of the flow needs the dual of this row and the row above, as they were; a row of the dual
    the flow of this row and the row below, as they will be. So the dual follows a row behind.
    """
    height, width = data.shape[1:]
    error = 0.0
    for y in range(height):
        error += _step(
            data[0, y], data[1, y], data[2, y], data[3, y],
            u1[y, :width], u2[y, :width],
            p11[y + 1, 1:], p11[y + 1, :width], p12[y + 1, 1:], p12[y, 1:],
            p21[y + 1, 1:], p21[y + 1, :width], p22[y + 1, 1:], p22[y, 1:],
            limit, theta,
        )  # fmt: skip
        u1[y, width] = u1[y, width - 1]
        u2[y, width] = u2[y, width - 1]
        if y > 0:
            _dual_step(u1[y - 1], u1[y], p11[y, 1:], p12[y, 1:], step)
            _dual_step(u2[y - 1], u2[y], p21[y, 1:], p22[y, 1:], step)
    _dual_step(u1[height - 1], u1[height - 1], p11[height, 1:], p12[height, 1:], step)
    _dual_step(u2[height - 1], u2[height - 1], p21[height, 1:], p22[height, 1:], step)
    return error


@_compiled
def _step(ix, iy, rest, inverse, u1, u2, p11, p11_left, p12, p12_above, p21, p21_left, p22,
          p22_above, limit, theta):  # fmt: skip
    """A row of the flow: thresholding by the data (a clamp), plus the divergence of the dual."""
    error = np.float32(0)
    for x in range(u1.size):
        rho = rest[x] + ix[x] * u1[x] + iy[x] * u2[x]
        way = -rho * inverse[x]
        way = limit if way > limit else way
        way = -limit if way < -limit else way
        change1 = way * ix[x] + theta * (p11[x] - p11_left[x] + p12[x] - p12_above[x])
        change2 = way * iy[x] + theta * (p21[x] - p21_left[x] + p22[x] - p22_above[x])
        u1[x] += change1
        u2[x] += change2
        error += change1 * change1 + change2 * change2
    return error


@_compiled
def _dual_step(u, below, p1, p2, step):
    """A row of one component's dual: along the gradient of the flow, then back towards length 1."""
    one = np.float32(1)
    for x in range(p1.size):
        across = u[x + 1] - u[x]
        down = below[x] - u[x]
        scale = one / (one + step * math.sqrt(across * across + down * down))
        p1[x] = (p1[x] + step * across) * scale
        p2[x] = (p2[x] + step * down) * scale


@_compiled
def _gradients(image):
    """(height + 2 PAD, width + 2 PAD, 4): image, its derivatives by x and y, zeros."""
    height, width = image.shape
    result = np.zeros((height + 2 * PAD, width + 2 * PAD, 4), np.float32)
    half = np.float32(0.5)
    for y in range(height):
        above, below = image[max(y - 1, 0)], image[min(y + 1, height - 1)]
        for x in range(width):
            pixel = result[y + PAD, x + PAD]
            pixel[0] = image[y, x]
            pixel[1] = half * (image[y, min(x + 1, width - 1)] - image[y, max(x - 1, 0)])
            pixel[2] = half * (below[x] - above[x])
    return result


@_compiled
def _warp(first, source, u1, u2, data):
    """The data term linearised at the flow: derivatives, what is constant, 1 / gradient squared."""
    height, width = first.shape
    for y in range(height):
        for x in range(width):
            # Beyond the border all is zero, as OpenCV has it. Stencils reach from one pixel before
            # to two after: further than this they would leave the padding.
            at_x = min(max(np.float32(x) + u1[y, x], np.float32(-3)), np.float32(width + 1))
            at_y = min(max(np.float32(y) + u2[y, x], np.float32(-3)), np.float32(height + 1))
            left, top = math.floor(at_x), math.floor(at_y)
            across, down = _cubic(at_x - np.float32(left)), _cubic(at_y - np.float32(top))
            value = gx = gy = np.float32(0)
            for j in range(4):
                line = source[int(top) + PAD - 1 + j]
                a = b = c = np.float32(0)
                for i in range(4):
                    pixel = line[int(left) + PAD - 1 + i]
                    a += across[i] * pixel[0]
                    b += across[i] * pixel[1]
                    c += across[i] * pixel[2]
                value += down[j] * a
                gx += down[j] * b
                gy += down[j] * c
            square = gx * gx + gy * gy
            data[0, y, x] = gx
            data[1, y, x] = gy
            data[2, y, x] = value - gx * u1[y, x] - gy * u2[y, x] - first[y, x]
            data[3, y, x] = np.float32(1) / max(square, np.float32(1.2e-7))


@_compiled
def _cubic(t):
    """Weights of four neighbours, t beyond the second: Keys' kernel with a = -0.75, as OpenCV's."""
    a, one = np.float32(-0.75), np.float32(1)
    far, back = t + one, one - t
    w0 = ((a * far - np.float32(5) * a) * far + np.float32(8) * a) * far - np.float32(4) * a
    w1 = ((a + np.float32(2)) * t - (a + np.float32(3))) * t * t + one
    w2 = ((a + np.float32(2)) * back - (a + np.float32(3))) * back * back + one
    return w0, w1, w2, one - w0 - w1 - w2


@_compiled
def median(image, result):
    """Compute the 5 x 5 median of a component, its border repeated; both have a spare column.

    Columns of five are sorted once for all windows that they are in, then each window's rows. Of 25
    numbers so arranged six are surely below the median and six above it; 13 are left.
    """
    height, width = image.shape[0], image.shape[1] - 1
    lines = np.empty((5, width + 4), np.float32)
    for y in range(height):
        for x in range(width + 4):
            column = min(max(x - 2, 0), width - 1)
            for j in range(5):
                lines[j, x] = image[min(max(y + j - 2, 0), height - 1), column]
        _sort_columns(lines[0], lines[1], lines[2], lines[3], lines[4])
        _median_row(lines[0], lines[1], lines[2], lines[3], lines[4], result[y, :width])
        result[y, width] = result[y, width - 1]


@_compiled
def _sort_columns(a, b, c, d, e):
    for x in range(a.size):
        a[x], b[x], c[x], d[x], e[x] = _sorted5(a[x], b[x], c[x], d[x], e[x])


@_compiled
def _median_row(a, b, c, d, e, result):
    """The middle of each five neighbouring columns, themselves sorted from a to e."""
    for x in range(result.size):
        _, _, _, a3, a4 = _sorted5(a[x], a[x + 1], a[x + 2], a[x + 3], a[x + 4])
        _, _, b2, b3, b4 = _sorted5(b[x], b[x + 1], b[x + 2], b[x + 3], b[x + 4])
        _, c1, c2, c3, _ = _sorted5(c[x], c[x + 1], c[x + 2], c[x + 3], c[x + 4])
        d0, d1, d2, _, _ = _sorted5(d[x], d[x + 1], d[x + 2], d[x + 3], d[x + 4])
        e0, e1, _, _, _ = _sorted5(e[x], e[x + 1], e[x + 2], e[x + 3], e[x + 4])
        # Right for every order of rows and columns that is sorted (the test tries them all).
        b2, c1 = _sorted2(b2, c1)
        e1, c2 = _sorted2(e1, c2)
        d1, b4 = _sorted2(d1, b4)
        a4, e1 = _sorted2(a4, e1)
        b3, d2 = _sorted2(b3, d2)
        c3, d1 = _sorted2(c3, d1)
        c1, a3 = _sorted2(c1, a3)
        e0, b3 = _sorted2(e0, b3)
        d2, c3 = _sorted2(d2, c3)
        a3, d0 = _sorted2(a3, d0)
        c2, e0 = _sorted2(c2, e0)
        b3, d2 = _sorted2(b3, d2)
        d0, a4 = _sorted2(d0, a4)
        e0, b3 = _sorted2(e0, b3)
        e1, c2 = _sorted2(e1, c2)
        a4, e1 = _sorted2(a4, e1)
        c2, e0 = _sorted2(c2, e0)
        b3, d2 = _sorted2(b3, d2)
        e1, c2 = _sorted2(e1, c2)
        e0, b3 = _sorted2(e0, b3)
        c2, e0 = _sorted2(c2, e0)
        result[x] = c2


@_compiled
def _sorted5(a, b, c, d, e):
    a, b = _sorted2(a, b)
    d, e = _sorted2(d, e)
    c, e = _sorted2(c, e)
    c, d = _sorted2(c, d)
    b, e = _sorted2(b, e)
    a, d = _sorted2(a, d)
    a, c = _sorted2(a, c)
    b, d = _sorted2(b, d)
    b, c = _sorted2(b, c)
    return a, b, c, d, e


@_compiled
def _sorted2(a, b):
    return (a, b) if a < b else (b, a)
