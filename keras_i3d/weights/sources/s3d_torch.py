"""PyTorch state-dicts of S3D: torchvision's and kylemin/S3D's, one network under two namings."""

import re

import numpy as np

# Numbers of torchvision's `features` and kylemin's `base`; between them are the max pools.
PLACES = {
    "0": "Conv2d_1a_7x7",
    "2": "Conv2d_2b_1x1",
    "3": "Conv2d_2c_3x3",
    "5": "Mixed_3b",
    "6": "Mixed_3c",
    "8": "Mixed_4b",
    "9": "Mixed_4c",
    "10": "Mixed_4d",
    "11": "Mixed_4e",
    "12": "Mixed_4f",
    "14": "Mixed_5b",
    "15": "Mixed_5c",
}
BRANCHES = {
    "branch0": "Branch_0/Conv2d_0a_1x1",
    "branch0.0": "Branch_0/Conv2d_0a_1x1",
    "branch1.0": "Branch_1/Conv2d_0a_1x1",
    "branch1.1": "Branch_1/Conv2d_0b_3x3",
    "branch2.0": "Branch_2/Conv2d_0a_1x1",
    "branch2.1": "Branch_2/Conv2d_0b_3x3",
    "branch3.1": "Branch_3/Conv2d_0b_1x1",
}
PARTS = {
    # torchvision's, a pair of halves or a plain unit     kylemin's
    "0.0": "spatial/conv_3d",                             "conv_s": "spatial/conv_3d",
    "0.1": "spatial/batch_norm",                          "bn_s": "spatial/batch_norm",
    "1.0": "temporal/conv_3d",                            "conv_t": "temporal/conv_3d",
    "1.1": "temporal/batch_norm",                         "bn_t": "temporal/batch_norm",
    "0": "spatial/conv_3d",                               "conv": "spatial/conv_3d",
    "1": "spatial/batch_norm",                            "bn": "spatial/batch_norm",
}  # fmt: skip
LEAVES = {
    "conv_3d": {"weight": "kernel", "bias": "bias"},
    "batch_norm": {
        "weight": "gamma",
        "bias": "beta",
        "running_mean": "moving_mean",
        "running_var": "moving_variance",
    },
}
HEADS = ("classifier.1.", "fc.0.")
NAME = re.compile(
    r"(?:features|base)\.(\d+)"
    r"(?:\.(branch0(?:\.0(?=\.[cb]))?|branch[123]\.[01]))?"
    r"\.(\d\.\d|\d|conv_s|conv_t|bn_s|bn_t|conv|bn)\.(\w+)"
)


def layout(key: str) -> str:
    """Return the layout of a network whose state-dict has this key."""
    return "kylemin" if key.removeprefix("module.").startswith(("base.", "fc.")) else "torchvision"


def rename(key: str) -> str:
    """Turn 'features.5.branch1.1.0.1.bias' or 'base.5.branch1.1.bn_s.bias' into our path.

    A key of neither naming comes back as it is; the assignment will say that it is unexpected.
    """
    if key.startswith(HEADS):
        return f"Conv2d_0c_1x1/conv_3d/{LEAVES['conv_3d'].get(key.rsplit('.', 1)[1], key)}"
    parts = NAME.fullmatch(key)
    if parts is None or parts[1] not in PLACES:
        return key
    place, branch, part, leaf = parts.groups()
    path = "/".join(filter(None, (PLACES[place], BRANCHES.get(branch), PARTS[part])))
    return f"{path}/{LEAVES[path.rsplit('/', 1)[1]].get(leaf, leaf)}"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return {path in the model: array}: kernels (out, in, t, h, w) to (t, h, w, in, out)."""
    converted = {}
    for key, array in arrays.items():
        if not key.endswith("num_batches_tracked"):
            path = rename(key.removeprefix("module."))  # torch.nn.DataParallel's prefix
            converted[path] = array.transpose(2, 3, 4, 1, 0) if array.ndim == 5 else array
    return converted
