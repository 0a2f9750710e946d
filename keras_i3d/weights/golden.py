"""Clips that anyone can make again, for recorded outputs to be compared with."""

import numpy as np


def smooth_clip(shape: tuple[int, int, int, int, int]) -> np.ndarray:
    """Return moving waves in [-1, 1]: (batch, time, height, width, channels) float32.

    0.5 sin 2pi(2x/w + t/n + c/3 + b/10) + 0.5 cos 2pi(3y/h - 2t/n + c/5) sin 2pi(x + y)/(37 + 5c)
    """
    grids = np.meshgrid(
        *[np.arange(n, dtype=np.float64) for n in shape], indexing="ij", sparse=True
    )
    b, t, y, x, c = grids
    _, frames, height, width, _ = shape
    turn = 2 * np.pi
    wave = 0.5 * np.sin(turn * (2 * x / width + t / frames + c / 3 + 0.1 * b))
    ripple = np.cos(turn * (3 * y / height - 2 * t / frames + c / 5))
    return (wave + 0.5 * ripple * np.sin(turn * (x + y) / (37 + 5 * c))).astype(np.float32)
