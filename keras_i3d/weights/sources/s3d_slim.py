"""Slim's S3D and S3D-G (tensorflow/models, research/slim): its checkpoints, d3dhelper's among them.

D3D is S3D-G, trained otherwise. Of each variable d3dhelper's files also have a moving average,
`.../ExponentialMovingAverage`; like d3dhelper, we take the plain one.
"""

import re

import numpy as np

from keras_i3d.weights.sources import dlpbc

LEAVES = {"weights": "kernel", "biases": "bias"}
KEPT = (*LEAVES, "beta", "moving_mean", "moving_variance")
# Of plain layers, which have no half in space.
WHOLE = ("Conv2d_1a_7x7", "Conv2d_0c_1x1")


def wanted(key: str) -> bool:
    """Return whether a variable is the network's: no average, counter or optimizer's slot."""
    return key.startswith("InceptionV1/") and key.endswith(tuple(f"/{leaf}" for leaf in KEPT))


def rename(key: str) -> str:
    """Turn 'InceptionV1/Mixed_3b/Branch_1/Conv2d_0b_3x3/BatchNorm/beta' into our path."""
    key = key.removeprefix("InceptionV1/").removeprefix("Logits/")
    stem, leaf = key.rsplit("/", 1)
    leaf = LEAVES.get(leaf, leaf)
    if stem.endswith("/self_gating/transformer_W"):
        return f"{stem}/{leaf}"
    if stem.endswith("/temporal"):
        return f"{stem}/conv_3d/{leaf}"
    unit = stem.removesuffix("/BatchNorm")
    part = "conv_3d" if unit == stem else "batch_norm"
    return f"{unit}/{part}/{leaf}" if unit in WHOLE else f"{unit}/spatial/{part}/{leaf}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}; a gate's kernel (1, 1, 1, c, c) is (c, c)."""
    converted = {}
    for key, array in arrays.items():
        path = rename(key)
        if "/transformer_W/" in path:
            array = array.reshape(array.shape[-2:])
        elif "/batch_norm/" in path:  # (1, 1, 1, 1, c) in some files of TensorFlow
            array = array.reshape(-1)
        converted[path] = array
    return converted


def convert_keras_2(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the same of DaniDeniz/S3DG-network-keras' .hdf5, named almost as dlpbc's."""
    return convert({_slim_name(key): array for key, array in arrays.items()})


def _slim_name(key: str) -> str:
    """'Conv3d_3b_1b_3x3_conv/t/kernel' to 'Mixed_3b/Branch_1/Conv2d_0b_3x3/temporal/weights'.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    parts = re.fullmatch(r"Conv3d_(\d\w)_(\w+?)(?:_(conv|bn))?/(?:(t|self_gating)/.*?)?(\w+)", key)
    if parts is None:
        return key
    stage, place, kind, inner, leaf = parts.groups()
    if (stage, place) == ("6a", "1x1"):
        unit = "Conv2d_0c_1x1"
    elif place in dlpbc.PLACES:
        unit = f"Mixed_{stage}/{dlpbc.PLACES[place].replace('Conv3d', 'Conv2d')}"
    else:
        unit = f"Conv2d_{stage}_{place}"
    between = {"t": "temporal/", "self_gating": "self_gating/transformer_W/"}.get(inner, "")
    leaf = {"kernel": "weights", "bias": "biases"}.get(leaf, leaf)
    return f"{unit}/{'BatchNorm/' if kind == 'bn' else between}{leaf}"
