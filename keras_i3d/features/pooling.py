"""Means over a layer's output: what becomes of (windows, time, height, width, channels)."""

import numpy as np

POOLINGS = ("avg", "mean", "time", "space", "none")
TIME, SPACE = (1,), (2, 3)


Pool = tuple[int | None, int | None, int | None]


def pooled(maps: np.ndarray, pooling: str, head: Pool | None = None) -> np.ndarray:
    """Return the means of a layer's output, float32; what has no time and space stays as it is.

    avg      (n, t, h, w, c) to (n, c)         the head's average pool, then the mean over all of it
    mean     (n, t, h, w, c) to (n, c)         the plain mean
    time     (n, t, h, w, c) to (n, h, w, c)   the mean over time
    space    (n, t, h, w, c) to (n, t, c)      the mean over height and width
    none     as it is

    Args:
        maps: the layer's output; axes of another number than five are left alone.
        pooling: one of POOLINGS.
        head: (time, height, width) of the head's pool, of stride 1, for "avg", None along an axis
            that it takes whole; None for a head that takes the plain mean. An axis shorter than the
            pool is averaged plainly.

    Source of "avg": kinetics-i3d, i3d.py, end point Logits: avg_pool3d 2x7x7, then the mean over
    time; as in v-iashin/video_features. With 8 steps it counts the first and the last half.
    """
    if pooling not in POOLINGS:
        raise ValueError(
            f"pooling should be one of {', '.join(POOLINGS)}. Received: pooling={pooling!r}"
        )
    maps = np.asarray(maps, np.float32)
    if maps.ndim != 5 or pooling == "none":
        return maps
    if pooling == "avg" and head is not None:
        for axis, size in zip((3, 2, 1), reversed(head), strict=True):
            weights = pool_weights(maps.shape[axis], size)
            maps = np.average(maps, axis=axis, weights=weights).astype(np.float32)
        return maps
    axes = {"time": TIME, "space": SPACE}.get(pooling, TIME + SPACE)
    return maps.mean(axis=axes, dtype=np.float64).astype(np.float32)


def pool_weights(length: int, size: int | None) -> np.ndarray:
    """Return how much each step counts in the mean over a sliding average; they sum to 1.

    length=4, size=2    windows 01 12 23    [1 2 2 1] / 6
    length=1, size=2    no window           [1]
    length=3, size=None one window of all   [1 1 1] / 3
    """
    if size is None or length < size:
        return np.full(length, 1 / length)
    covering = np.convolve(np.ones(length - size + 1), np.ones(size))
    return covering / covering.sum()
