"""mmaction2's I3D-R50 with and without non-local blocks (.pth).

The last convolution of its non-local blocks has no bias, which is one of zeros.

Source: mmaction2, models/backbones/resnet3d.py; mmcv, cnn/bricks/non_local.py.
"""

import re

import numpy as np

from keras_i3d.weights.sources.slowfast import transposed

UNITS = {"conv1": "branch2a", "conv2": "branch2b", "conv3": "branch2c", "downsample": "branch1"}
LEAVES = {
    "conv.weight": "conv_3d/kernel",
    "conv.bias": "conv_3d/bias",
    "bn.weight": "batch_norm/gamma",
    "bn.bias": "batch_norm/beta",
    "bn.running_mean": "batch_norm/moving_mean",
    "bn.running_var": "batch_norm/moving_variance",
}
HEAD = {"cls_head.fc_cls.weight": "Logits/kernel", "cls_head.fc_cls.bias": "Logits/bias"}


def rename(key: str) -> str:
    """Turn 'backbone.layer2.1.non_local_block.g.0.conv.weight' into its path in the model.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    if key in HEAD:
        return HEAD[key]
    parts = re.fullmatch(r"backbone\.(.+)\.((?:conv|bn)\.\w+)", key)
    if parts is None or parts[2] not in LEAVES:
        return key
    unit, leaf = parts[1], LEAVES[parts[2]]
    if unit == "conv1":
        return f"conv1/{leaf}"
    # g and phi are followed by their pool: "g.0".
    inside = re.fullmatch(r"layer(\d)\.(\d+)\.(?:(\w+)|non_local_block\.(\w+?)(?:\.0)?)", unit)
    if inside is None:
        return key
    layer, block, unit, part = inside.groups()
    place = f"{int(layer) + 1}_{block}"
    if part:
        return f"nonlocal{place}/{part.removeprefix('conv_')}/{leaf}"
    return f"res{place}/{UNITS[unit]}/{leaf}" if unit in UNITS else key


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}: kernels in Keras' order, zeros for missing biases."""
    converted = {
        rename(key): transposed(array)
        for key, array in arrays.items()
        if not key.endswith("num_batches_tracked")
    }
    for path in [path for path in converted if path.endswith("/out/conv_3d/kernel")]:
        bias = path.replace("kernel", "bias")
        converted.setdefault(bias, np.zeros(converted[path].shape[-1], np.float32))
    return converted
