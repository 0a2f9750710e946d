"""Slim's 2D Inception-v1 (tensorflow/models, research/slim), as its checkpoint of 2016 names it."""

import numpy as np

LEAVES = {"weights": "conv_2d/kernel", "biases": "conv_2d/bias"}


def wanted(key: str) -> bool:
    """Return whether a variable is the network's, not a counter's or an optimizer's."""
    leaves = ("weights", "biases", "beta", "gamma", "moving_mean", "moving_variance")
    return key.startswith("InceptionV1/") and key.endswith(leaves)


def rename(key: str) -> str:
    """Turn 'InceptionV1/Mixed_3b/Branch_0/Conv2d_0a_1x1/BatchNorm/beta' into our path."""
    key = key.removeprefix("InceptionV1/").removeprefix("Logits/")
    key = key.replace("Mixed_5b/Branch_2/Conv2d_0a_3x3", "Mixed_5b/Branch_2/Conv2d_0b_3x3")
    stem, leaf = key.replace("BatchNorm", "batch_norm").rsplit("/", 1)
    return f"{stem}/{LEAVES.get(leaf, leaf)}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {'Mixed_3b/Branch_0/Conv2d_0a_1x1/conv_2d/kernel': array}; the layout is ours."""
    return {rename(key): array for key, array in arrays.items()}
