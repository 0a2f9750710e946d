"""SlowFast's 3D ResNets: its state-dicts (.pyth), and the Caffe2 pickles (.pkl) in its model zoo.

Source: SlowFast, utils/c2_model_loading.py, models/resnet_helper.py; video-nonlocal-net.
"""

import re
from pathlib import Path

import numpy as np

from keras_i3d.weights.array_pickle import ArraysOnly
from keras_i3d.weights.bounds import check_size

CAFFE2_LEAVES = {
    "w": "conv_3d/kernel",
    "b": "conv_3d/bias",
    "bn_s": "batch_norm/gamma",
    "bn_b": "batch_norm/beta",
    "bn_rm": "batch_norm/moving_mean",
    "bn_riv": "batch_norm/moving_variance",
}
LEAVES = {
    "weight": "conv_3d/kernel",
    "bias": "conv_3d/bias",
    "bn.weight": "batch_norm/gamma",
    "bn.bias": "batch_norm/beta",
    "bn.running_mean": "batch_norm/moving_mean",
    "bn.running_var": "batch_norm/moving_variance",
}
HEAD = {
    "pred_w": "Logits/kernel",
    "pred_b": "Logits/bias",
    "head.projection.weight": "Logits/kernel",
    "head.projection.bias": "Logits/bias",
}


def read_caffe2(path: Path) -> dict[str, np.ndarray]:
    """Return {blob: array} of a pickle that video-nonlocal-net wrote, without the optimizer's.

    Raises:
        ValueError: when the pickle is damaged, or asks for anything but arrays.
    """
    check_size(path)
    with open(path, "rb") as file:
        tree = ArraysOnly(file).read()
    blobs = tree.get("blobs") if isinstance(tree, dict) else None
    if not isinstance(blobs, dict):
        raise ValueError("it has no blobs, so Caffe2 did not write it")
    others = ("lr", "model_iter")
    return {
        key: np.asarray(array)
        for key, array in blobs.items()
        if not key.endswith("_momentum") and key not in others
    }


def _rename_caffe2(key: str) -> str | None:
    """'res2_0_branch2a_bn_rm' or 'nonlocal_conv3_1_theta_w' to its path in the model."""
    parts = re.fullmatch(
        r"(?:(?:res_)?(conv1)|(res\d_\d+)_(branch\w+?)|nonlocal_conv(\d_\d+)(?:_(theta|phi|g|out))?)"
        r"_(w|b|bn_(?:s|b|rm|riv))",
        key,
    )
    return parts and _path(*parts.groups()[:-1], CAFFE2_LEAVES[parts[6]])


def _rename(key: str) -> str | None:
    """'s2.pathway0_res0.branch2.a_bn.running_mean' to its path in the model."""
    parts = re.fullmatch(
        r"s\d\.pathway0_(?:(stem)(?:\.conv)?|res(\d+)\.(branch\d(?:\.[abc])?)"
        r"|nonlocal(\d+)(?:\.conv_(theta|phi|g|out))?)"
        r"[._]((?:bn\.)?(?:weight|bias|running_mean|running_var))",
        key,
    )
    if parts is None:
        return None
    stem, block, branch, non_local, part, leaf = parts.groups()
    return _path(
        stem and "conv1",
        block and f"res{key[1]}_{block}",
        branch and branch.replace(".", ""),
        non_local and f"{key[1]}_{non_local}",
        part,
        LEAVES[leaf],
    )


def _path(stem, block, branch, non_local, part, leaf) -> str:
    if non_local:
        return f"nonlocal{non_local}/{part or 'out'}/{leaf}"
    return f"{stem}/{leaf}" if stem else f"{block}/{branch}/{leaf}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}: kernels (out, in, t, h, w) to (t, h, w, in, out).

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    converted = {}
    for key, array in arrays.items():
        if not key.endswith("num_batches_tracked"):
            path = HEAD.get(key) or _rename_caffe2(key) or _rename(key) or key
            converted[path] = transposed(array)
    return converted


def transposed(array: np.ndarray) -> np.ndarray:
    """Turn a PyTorch or Caffe2 kernel of five axes, or two, into Keras' order; others stay."""
    if array.ndim == 5:
        return array.transpose(2, 3, 4, 1, 0)
    return array.T if array.ndim == 2 else array
