"""The Keras 2 files of dlpbc/keras-kinetics-i3d (.h5)."""

import re

import numpy as np

# 'Conv3d_3b_1a_1x1': stage, then branch and place in it (i3d_inception.py).
PLACES = {
    "0a_1x1": "Branch_0/Conv3d_0a_1x1",
    "1a_1x1": "Branch_1/Conv3d_0a_1x1",
    "1b_3x3": "Branch_1/Conv3d_0b_3x3",
    "2a_1x1": "Branch_2/Conv3d_0a_1x1",
    "2b_3x3": "Branch_2/Conv3d_0b_3x3",
    "3b_1x1": "Branch_3/Conv3d_0b_1x1",
}
KINDS = {"conv": "conv_3d", "bn": "batch_norm"}


def rename(key: str) -> str:
    """Turn 'Conv3d_3b_1a_1x1_conv/kernel' into that variable's path in the model.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    parts = re.fullmatch(r"Conv3d_(\d\w)_(\w+?)_(conv|bn)/(\w+)", key)
    if parts is None:
        return key
    stage, place, kind, leaf = parts.groups()
    if (stage, place) == ("6a", "1x1"):
        layer = "Conv3d_0c_1x1"
    elif place in PLACES:
        layer = f"Mixed_{stage}/{PLACES[place]}"
    else:
        layer = f"Conv3d_{stage}_{place}"
    return f"{layer}/{KINDS[kind]}/{leaf}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}; the layout is ours already."""
    return {rename(key): array for key, array in arrays.items()}
