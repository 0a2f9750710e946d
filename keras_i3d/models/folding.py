"""Batch norm folded into the convolution before it: the same network with fewer steps."""

import keras
import numpy as np
from keras import layers, ops

from keras_i3d.layers import ConvUnit3D
from keras_i3d.layers.keras_internals import all_layers, calls_after, calls_of, forget, origin


def fold_batch_norm(model: keras.Model) -> keras.Model:
    """Return a copy of the network without batch norm, which answers what the network answers.

    At inference batch norm is y = (x - mean) s + beta, where s = gamma / sqrt(variance + epsilon)
    and x is a convolution; so y is the convolution with the kernel k s and the bias
    (b - mean) s + beta. Both are computed in float64 and stored in the convolution's own type.

    Folded are units of this package, wherever they are inside of other layers, and a
    BatchNormalization layer of a functional model right after a convolution. The copy is for
    inference and export: what is saved and trained further is the original.

    Raises:
        ValueError: there is none, or one that does not follow a convolution.
    """
    found = _norms(model)
    arrays = {v.path: ops.convert_to_numpy(v) for v in model.weights}
    if len(arrays) < len(model.weights):
        raise ValueError(f"{model.name}: two variables have the same path")
    for norm, conv in found:
        kernel, bias = _folded(conv, norm)
        arrays[conv.kernel.path] = kernel
        arrays[_bias_path(conv)] = bias
        for variable in norm.weights:
            del arrays[variable.path]
    convs = {id(conv) for _, conv in found}
    gone = {norm.name for norm, _ in found if norm in model.layers}

    def copied(layer):
        copy = copied_layer(layer, **({"use_bias": True} if id(layer) in convs else {}))
        for unit in _units(copy):
            _drop_batch_norm(unit)
        return copy

    def called(layer, *args, **kwargs):
        return args[0] if layer.name in gone else layer(*args, **kwargs)

    folded = keras.models.clone_model(model, clone_function=copied, call_function=called)
    for variable in folded.weights:
        variable.assign(arrays.pop(variable.path))
    if arrays:
        raise ValueError(f"{model.name}: no place in the copy for {', '.join(sorted(arrays))}")
    return folded


def copied_layer(layer: layers.Layer, **changes) -> layers.Layer:
    """Make a layer like this one, not built; `changes` to its config, such as its dtype.

    Units that are without batch norm because it was folded, which a block's config does not say,
    are without it in the copy.
    """
    copy = layer.__class__.from_config({**layer.get_config(), **changes})
    if _units(layer) and not _units(copy):  # it makes its units when it first sees an input
        copy.build_from_config(layer.get_build_config())
    for unit, new in zip(_units(layer), _units(copy), strict=True):
        if unit.batch_norm is None:
            _drop_batch_norm(new)
    return copy


def _units(layer) -> list[ConvUnit3D]:
    """All units of a layer; an addition, which is not a layer, has none."""
    return [part for part in all_layers(layer) if isinstance(part, ConvUnit3D)]


def _norms(model) -> list[tuple[layers.Layer, layers.Layer]]:
    """All batch norms of a network, each with the convolution that it goes into."""
    parts = all_layers(model)
    found = [
        (unit.batch_norm, unit.conv_3d)
        for unit in parts
        if isinstance(unit, ConvUnit3D) and unit.batch_norm is not None
    ]
    known = {id(norm) for norm, _ in found}
    for norm in parts:
        if isinstance(norm, layers.BatchNormalization) and id(norm) not in known:
            found.append((norm, _before(norm, model)))
    if not found:
        raise ValueError(f"{model.name} has no batch norm to fold")
    return found


def _before(norm, model):
    """The convolution whose output goes into this batch norm and nowhere else."""
    why = "is inside of another layer"
    if any(norm is layer for layer in model.layers):
        nodes = calls_of(norm)
        conv = origin(nodes[0].input_tensors[0])
        if not isinstance(conv, layers.Conv3D) or conv.activation is not keras.activations.linear:
            why = f"follows {conv.name}, which is not a plain convolution"
        elif len(nodes) > 1 or len(calls_of(conv)) > 1 or len(calls_after(conv)) > 1:
            why = f"shares {conv.name} with other layers"
        elif any(conv.output is output for output in model.outputs):
            why = f"follows {conv.name}, which is an output of the network"
        elif norm.axis not in (-1, len(conv.output.shape) - 1):
            why = f"is over axis {norm.axis}, not over the channels"
        else:
            return conv
    raise ValueError(f"the batch norm {norm.name} of {model.name} cannot be folded: it {why}")


def _folded(conv, norm) -> tuple[np.ndarray, np.ndarray]:
    """(kernel, bias) of the convolution with the batch norm in them."""

    def array(variable, default):
        return default if variable is None else np.float64(ops.convert_to_numpy(variable))

    scale = array(norm.gamma, 1) / np.sqrt(array(norm.moving_variance, 0) + norm.epsilon)
    kernel = array(conv.kernel, 0) * scale
    bias = (array(conv.bias, 0) - array(norm.moving_mean, 0)) * scale + array(norm.beta, 0)
    return kernel, bias


def _bias_path(conv) -> str:
    return conv.kernel.path.rpartition("/")[0] + "/bias"


def _drop_batch_norm(unit: ConvUnit3D) -> None:
    """Before the unit is built."""
    if unit.batch_norm is not None:
        forget(unit, unit.batch_norm)
        unit.use_batch_norm, unit.batch_norm = False, None
        unit.use_bias = unit.conv_3d.use_bias = True
