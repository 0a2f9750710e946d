"""pytorchvideo's I3D-R50 and C2D-R50 (.pyth).

Source: pytorchvideo, models/resnet.py, create_resnet: block 2 is the pool in time.
"""

import re

import numpy as np

from keras_i3d.weights.sources.slowfast import transposed

STAGES = {"1": "res2", "3": "res3", "4": "res4", "5": "res5"}
LEAVES = {
    "conv.weight": "conv_3d/kernel",
    "norm.weight": "batch_norm/gamma",
    "norm.bias": "batch_norm/beta",
    "norm.running_mean": "batch_norm/moving_mean",
    "norm.running_var": "batch_norm/moving_variance",
}
HEAD = {"blocks.6.proj.weight": "Logits/kernel", "blocks.6.proj.bias": "Logits/bias"}


def rename(key: str) -> str:
    """Turn 'blocks.1.res_blocks.0.branch2.norm_a.weight' into its path in the model.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    if key in HEAD:
        return HEAD[key]
    if stem := re.fullmatch(r"blocks\.0\.((?:conv|norm)\.\w+)", key):
        return f"conv1/{LEAVES[stem[1]]}" if stem[1] in LEAVES else key
    parts = re.fullmatch(
        r"blocks\.(\d)\.res_blocks\.(\d+)\.(?:(branch1)_(conv|norm)|(branch2)\.(conv|norm)_([abc]))"
        r"\.(\w+)",
        key,
    )
    if parts is None:
        return key
    stage, block, first, first_kind, second, kind, letter, leaf = parts.groups()
    leaf = LEAVES.get(f"{first_kind or kind}.{leaf}")
    if stage not in STAGES or leaf is None:
        return key
    return f"{STAGES[stage]}_{block}/{first or second + letter}/{leaf}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}; kernels in Keras' order."""
    return {
        rename(key.removeprefix("model.")): transposed(array)
        for key, array in arrays.items()
        if not key.endswith("num_batches_tracked")
    }
