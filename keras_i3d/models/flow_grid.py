"""Flow on coarser and finer grids, and how far two flows are apart.

A grid changes how many vectors there are, not what they say: flow at a quarter of the resolution is
in pixels of the input all the same.
"""

from collections.abc import Sequence

import numpy as np
from keras import ops


def coarser(flow, sizes: Sequence[int]):
    """Return the mean flow of each cell of a grid.

    Args:
        flow: (batch, time, height, width, 2), in pixels of the input; its sizes are known.
        sizes: (time, height, width) of the result; a cell that ends within a pixel takes its share.

    flow of x = 4 4 4 4 to 2 cells    4 4
    flow of x = 1 3 5 7 to 2 cells    2 6
    """
    return _resampled(flow, sizes, mean_weights)


def finer(flow, sizes: Sequence[int]):
    """Return the flow between the middles of the cells, bilinear; at the border the border's.

    flow of x = 2 6 to 4 pixels    2 3 5 6
    """
    return _resampled(flow, sizes, linear_weights)


def end_point_error(decoded, true):
    """Return the length of the difference of two flows at each place: (..., 2) to (...), pixels."""
    # Of equal vectors the root has no gradient.
    squares = ops.sum(ops.square(decoded - true), axis=-1)
    return ops.sqrt(ops.maximum(squares, 1e-12))


def mean_weights(count: int, cells: int) -> np.ndarray:
    """Return the share of each of `count` pixels in each of the cells: (cells, count) float32."""
    edges = np.arange(cells + 1) * count / cells
    pixels = np.arange(count)
    upper = np.minimum(edges[1:, None], pixels + 1)
    overlap = np.maximum(0, upper - np.maximum(edges[:-1, None], pixels))
    return (overlap * cells / count).astype(np.float32)


def linear_weights(cells: int, count: int) -> np.ndarray:
    """Return the weight of each cell in each of `count` pixels: (count, cells) float32."""
    places = np.clip((np.arange(count) + 0.5) * cells / count - 0.5, 0, cells - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(cells))).astype(np.float32)


def _resampled(flow, sizes, weights):
    flow = ops.convert_to_tensor(flow, "float32")
    for axis, (old, new) in enumerate(zip(flow.shape[1:4], sizes, strict=True), 1):
        if old != new:
            matrix = ops.convert_to_tensor(weights(old, new))
            flow = ops.moveaxis(ops.tensordot(flow, matrix, [[axis], [1]]), -1, axis)
    return flow
