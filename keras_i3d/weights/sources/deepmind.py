"""DeepMind's TensorFlow checkpoints (kinetics-i3d)."""

import re

import numpy as np

LEAVES = {"w": "kernel", "b": "bias"}


def wanted(key: str) -> bool:
    """Return whether a variable is the network's, and no slot of rgb_scratch_kin600's optimizer."""
    return not key.endswith("/Momentum")


def rename(key: str) -> str:
    """Turn 'RGB/inception_i3d/Mixed_3b/Branch_0/Conv3d_0a_1x1/conv_3d/w' into our path."""
    key = re.sub(r"^(RGB|Flow)/inception_i3d/", "", key)  # no prefix in rgb_scratch_kin600
    key = key.replace(
        "Mixed_5b/Branch_2/Conv3d_0a_3x3", "Mixed_5b/Branch_2/Conv3d_0b_3x3"
    )  # i3d.py:418
    stem, leaf = key.removeprefix("Logits/").rsplit("/", 1)
    return f"{stem}/{LEAVES.get(leaf, leaf)}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}; the 600-class file's (1, 1, 1, 1, c) becomes (c,)."""
    return {
        rename(key): array.reshape(-1) if "/batch_norm/" in key else array
        for key, array in arrays.items()
    }
