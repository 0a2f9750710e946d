"""keras.ops in the graph of a network, such as x * 2: which of them take a clip, and how."""

import keras

from keras_i3d.inflation.rule import CLIP, FRAME, NO_TIME
from keras_i3d.inflation.shape_rules import past_time

# fmt: off
ELEMENTWISE = frozenset([
    "Abs", "Absolute", "Add", "Arctan", "Cast", "Ceil", "Celu", "Clip", "Cos", "Divide",
    "DivideNoNan", "Elu", "Equal", "Erf", "Exp", "Expm1", "Floor", "FloorDivide", "Gelu",
    "Greater", "GreaterEqual", "HardShrink", "HardSigmoid", "HardSilu", "HardTanh", "Identity",
    "LeakyRelu", "Less", "LessEqual", "Log", "Log1p", "LogSigmoid", "Logaddexp", "Maximum",
    "Minimum", "Mod", "Multiply", "Negative", "NotEqual", "Power", "Reciprocal", "Relu", "Relu6",
    "Round", "Rsqrt", "Selu", "Sigmoid", "Sign", "Silu", "Sin", "SoftShrink", "Softplus",
    "Softsign", "Sqrt", "Square", "SquaredDifference", "Subtract", "Tanh", "TanhShrink",
    "Threshold", "TrueDivide", "Where",
])
# Their axis, where it counts from the front, moves past time.
WITH_AXIS = frozenset([
    "Amax", "Amin", "Argmax", "Argmin", "Concatenate", "Cumprod", "Cumsum", "Flip", "LogSoftmax",
    "Logsumexp", "Max", "Mean", "Min", "Normalize", "Prod", "Softmax", "Split", "Std", "Sum", "Var",
])
# fmt: on
# Over height and width they are global pooling, which pools time too.
POOLS = frozenset(["Amax", "Amin", "Max", "Mean", "Min"])


def why_not(node, has: str) -> str:
    """Return the reason why an operation cannot take a clip, or ""."""
    name = type(node.operation).__name__
    if has == NO_TIME or name in ELEMENTWISE or name == "GetItem":
        return ""
    if name not in WITH_AXIS:
        return f"keras.ops' {name} has no rule: use a layer, or operations that work elementwise"
    axes = _axes(node)
    if axes is None or 0 in axes:
        return f"{name} mixes the examples of the batch: give it an axis"
    return ""


def has_after(node, has: str) -> str:
    """Return what the output of an operation has of time."""
    if has == CLIP and _pools_space(node):
        return FRAME if node.operation.keepdims else NO_TIME
    return has


def inflated(node, has: str):
    """Return the operation for a clip."""
    config = node.operation.get_config()
    if has != NO_TIME and type(node.operation).__name__ in WITH_AXIS:
        axis = past_time(config["axis"])
        if _pools_space(node):
            axis = (1, 2, 3)
        config["axis"] = tuple(axis) if isinstance(axis, list) else axis
    return type(node.operation).from_config(config)


def with_time(node, args: tuple, has: str) -> tuple:
    """Return the arguments for a clip: what is taken of an image is taken of every frame."""
    if has == NO_TIME or type(node.operation).__name__ != "GetItem":
        return args
    tensor, key, *rest = args
    key = key if isinstance(key, tuple) else (key,)
    if key[0] is not Ellipsis:
        key = (key[0], slice(None), *key[1:])
    return (tensor, key, *rest)


def _axes(node) -> list | None:
    axis = getattr(node.operation, "axis", None)
    if axis is None:
        return None
    rank = len(node.outputs[0].shape if _is_concatenate(node) else node.input_tensors[0].shape)
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return [a % rank for a in axes]


def _is_concatenate(node) -> bool:
    return type(node.operation).__name__ == "Concatenate"


def _pools_space(node) -> bool:
    pools = type(node.operation).__name__ in POOLS
    return pools and len(node.input_tensors[0].shape) == 4 and sorted(_axes(node) or []) == [1, 2]


def is_operation(operation) -> bool:
    """Return whether a node's operation is one of keras.ops, not a layer."""
    return not isinstance(operation, keras.layers.Layer)
