"""Torchvision's GoogLeNet, which was ported from slim's Inception-v1: 3x3 in the "5x5" branch.

Its batch norm, of the same epsilon 1e-3, has a scale, which is folded. Its `transform_input` turns
torchvision's own normalisation back into [-1, 1], which is what our network is given: nothing of
it remains to be done. Its stem pads three pixels on each side where TensorFlow's SAME, the
original's, pads two before and three after an even size: what torchvision gives for an image, ours
gives for that image moved down and right by one pixel.

Source: torchvision/models/googlenet.py.
"""

import re

import numpy as np

from keras_i3d.weights.sources.batch_norm_scale import fold_gamma

STEM = {"conv1": "Conv2d_1a_7x7", "conv2": "Conv2d_2b_1x1", "conv3": "Conv2d_2c_3x3"}
BRANCHES = {
    "branch1": "Branch_0/Conv2d_0a_1x1",
    "branch2.0": "Branch_1/Conv2d_0a_1x1",
    "branch2.1": "Branch_1/Conv2d_0b_3x3",
    "branch3.0": "Branch_2/Conv2d_0a_1x1",
    "branch3.1": "Branch_2/Conv2d_0b_3x3",
    "branch4.1": "Branch_3/Conv2d_0b_1x1",
}
LEAVES = {
    "conv.weight": "conv_2d/kernel",
    "bn.weight": "batch_norm/gamma",
    "bn.bias": "batch_norm/beta",
    "bn.running_mean": "batch_norm/moving_mean",
    "bn.running_var": "batch_norm/moving_variance",
}
HEAD = {"fc.weight": "Conv2d_0c_1x1/conv_2d/kernel", "fc.bias": "Conv2d_0c_1x1/conv_2d/bias"}


def rename(key: str) -> str:
    """Turn 'inception3a.branch2.1.bn.bias' into its address in the network.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    if key in HEAD:
        return HEAD[key]
    parts = re.fullmatch(r"(conv\d|inception(\d)(\w)\.(branch[\d.]+))\.((?:conv|bn)\.\w+)", key)
    if parts is None:
        return key
    stem, stage, letter, branch, leaf = parts.groups()
    unit = STEM.get(stem)
    if stage is not None and branch in BRANCHES:
        # Slim's stages begin with their pool, a.
        unit = f"Mixed_{stage}{chr(ord(letter) + 1)}/{BRANCHES[branch]}"
    return key if unit is None or leaf not in LEAVES else f"{unit}/{LEAVES[leaf]}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {'Mixed_3b/Branch_0/Conv2d_0a_1x1/conv_2d/kernel': array} without auxiliary heads.

    Kernels (out, in, height, width) become (height, width, in, out), the dense head 1x1.
    """
    converted = {}
    for key, array in arrays.items():
        key = key.removeprefix("module.")  # torch.nn.DataParallel's prefix
        if key.startswith(("aux1.", "aux2.")) or key.endswith("num_batches_tracked"):
            continue
        if key == "fc.weight":
            array = array[:, :, None, None]
        converted[rename(key)] = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
    return fold_gamma(converted, "conv_2d")
