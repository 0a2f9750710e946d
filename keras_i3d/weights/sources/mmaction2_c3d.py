"""mmaction2's C3D (.pth): its UCF-101 file, and its Sports-1M file, which has no class scores.

Source: mmaction2, models/backbones/c3d.py.
"""

import re

import numpy as np

LEAVES = {"weight": "kernel", "bias": "bias"}
# Frames, rows and columns of pool5; the first fully connected layer reads its channels before them.
POOL5 = (1, 4, 4)


def rename(key: str) -> str:
    """Turn 'backbone.conv1a.conv.weight' or 'cls_head.fc_cls.bias' into its path in the model.

    A key of another naming comes back as it is; the assignment will say that it is unexpected.
    """
    parts = re.fullmatch(r"(?:backbone\.)?(?:(conv\d[ab])\.conv|(fc[67]))\.(weight|bias)", key)
    if parts is not None:
        return f"{parts[1] or parts[2]}/{LEAVES[parts[3]]}"
    head = re.fullmatch(r"cls_head\.fc_cls\.(weight|bias)", key)
    return f"fc8/{LEAVES[head[1]]}" if head else key


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}: fully connected kernels become convolutions over pool5."""
    converted = {}
    for key, array in arrays.items():
        path = rename(key)
        if path == "fc6/kernel" and array.ndim == 2 and array.shape[1] % np.prod(POOL5) == 0:
            array = array.reshape(len(array), -1, *POOL5)
        elif array.ndim == 2:
            array = array[:, :, None, None, None]
        converted[path] = array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array
    return converted
