"""TV-L1 optical flow: what OpenCV's DualTVL1OpticalFlow computes, in less time.

The energy, the scheme and the parameters' names and defaults are those of OpenCV's (opencv_contrib,
optflow, tvl1flow.cpp), after C. Zach, T. Pock, H. Bischof, "A duality based approach for realtime
TV-L1 optical flow" (DAGM 2007) and J. Sanchez, E. Meinhardt-Llopis, G. Facciolo, "TV-L1 optical
flow estimation" (IPOL 2013). What differs: warping is bicubic without rounding to 1/32 pixel, and
sums are taken in another order.

One pair is one core's work and lets go of Python's lock, so that threads work on pairs side by
side; the result does not depend on how many. It may differ in the last bits between processors.
"""

from dataclasses import dataclass

import numpy as np

# A part of the flow's fingerprint: to be raised by any change that changes the flow.
VERSION = 1
LEAST_SIDE = 16  # pixels; the pyramid ends above this, as OpenCV's does


@dataclass(frozen=True)
class Parameters:
    """OpenCV's parameters of DualTVL1 with its defaults, without gamma and useInitialFlow.

    tau: step of the dual scheme; lambda_: weight of the data term; theta: tightness of the coupling
    of the two; scales, scale_step: the pyramid; warps: how often the second image is warped on each
    scale; epsilon: iterations end when the flow changes by less, in pixels (root mean square);
    inner, outer: iterations at most, with a 5 x 5 median of the flow before each outer one.
    """

    tau: float = 0.25
    lambda_: float = 0.15
    theta: float = 0.3
    scales: int = 5
    scale_step: float = 0.8
    warps: int = 5
    epsilon: float = 0.01
    inner: int = 30
    outer: int = 10


DEFAULTS = Parameters()


def tvl1(first: np.ndarray, second: np.ndarray, parameters: Parameters = DEFAULTS) -> np.ndarray:
    """Compute flow from one grey image to the next: (height, width, 2), x then y, in pixels.

    Args:
        first, second: (height, width), values in [0, 255].
        parameters: those of OpenCV.

    Raises:
        ImportError: numba is not installed.
    """
    from keras_i3d.data.flow.tvl1_kernels import solve

    first, second = (np.ascontiguousarray(i, np.float32) for i in (first, second))
    flow = np.zeros((2, 1, 1), np.float32)
    for scale in reversed(pyramid(first, second, parameters)):
        # The flow of the coarser scale, in pixels of this one; zero on the coarsest.
        size = scale[0].shape
        flow = np.stack([_resize(part, *size) for part in flow])
        flow *= np.float32(1 / parameters.scale_step)
        solve(*scale, flow, *_numbers(parameters))
    return np.ascontiguousarray(flow.transpose(1, 2, 0))


def pyramid(first: np.ndarray, second: np.ndarray, parameters: Parameters) -> list[tuple]:
    """Return both images at every scale, the finest first."""
    scales = [(first, second)]
    step = parameters.scale_step
    for _ in range(parameters.scales - 1):
        # As cvRound: a half goes to the even number.
        rows, columns = (round(side * step) for side in scales[-1][0].shape)
        if min(rows, columns) < LEAST_SIDE:
            break
        scales.append(tuple(_resize(i, rows, columns, 1 / step) for i in scales[-1]))
    return scales


def _resize(image: np.ndarray, rows: int, columns: int, step: float | None = None) -> np.ndarray:
    """Bilinear, as cv2.resize: `step` source pixels a pixel, or the ratio of the sizes."""
    top, bottom, down = _taps(image.shape[0], rows, step)
    left, right, across = _taps(image.shape[1], columns, step)
    lines = image[top] + (image[bottom] - image[top]) * down[:, None]
    # In the order that was compiled for, which indexing does not promise.
    start, end = lines[:, left], lines[:, right]
    return np.ascontiguousarray(start + (end - start) * across)


def _taps(size: int, resized: int, step: float | None) -> tuple:
    places = (np.arange(resized) + 0.5) * (step or size / resized) - 0.5
    places = np.clip(places, 0, size - 1)
    low = places.astype(np.intp)
    return low, np.minimum(low + 1, size - 1), (places - low).astype(np.float32)


def _numbers(parameters: Parameters) -> tuple:
    return (
        np.float32(parameters.lambda_ * parameters.theta),
        np.float32(parameters.theta),
        np.float32(parameters.tau / parameters.theta),
        np.float32(parameters.epsilon**2),
        parameters.warps,
        parameters.outer,
        parameters.inner,
    )
