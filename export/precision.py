"""A network whose trunk is stored and computed in bfloat16."""

from collections.abc import Iterable

import keras

from keras_i3d.layers.keras_internals import calls_of, origin
from keras_i3d.models.folding import copied_layer

# bfloat16 has the exponent of float32 and 8 bits of the mantissa.
PRECISIONS = ("float32", "bfloat16")


def in_precision(model: keras.Model, precision: str, trunk_ends: Iterable[str]) -> keras.Model:
    """Return the network itself for float32, otherwise a copy whose trunk is in bfloat16.

    In the copy the variables of the trunk are bfloat16, and so are its activations: convolutions
    multiply bfloat16, and add in float32 as the hardware does. The head, all that comes after the
    trunk, stays float32: it costs next to nothing, and logits of 8 bits would move the
    probabilities.

    Args:
        model: a functional network.
        precision: one of PRECISIONS.
        trunk_ends: the last layers of the trunk, whose outputs are the streams' features.

    Raises:
        ValueError: for another precision, or where the model has no such layer.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision should be one of {PRECISIONS}. Received: {precision!r}")
    if precision == "float32":
        return model
    head = _after(model, set(trunk_ends))

    def copied(layer):
        lower = isinstance(layer, keras.Layer) and layer.name not in head
        return copied_layer(layer, **({"dtype": precision} if lower else {}))

    copy = keras.models.clone_model(model, clone_function=copied)
    sources = {variable.path: variable for variable in model.weights}
    for variable in copy.weights:
        variable.assign(sources[variable.path])
    return copy


def _after(model: keras.Model, names: set[str]) -> set[str]:
    """The names of the layers that come after these, to the end."""
    if missing := names - {layer.name for layer in model.layers}:
        raise ValueError(
            f"trunk_ends should be layers of {model.name}. Received: {sorted(missing)}, which it "
            f"does not have"
        )
    later = set()
    for layer in model.layers:  # each comes after those that it takes from
        before = {origin(tensor).name for node in calls_of(layer) for tensor in node.input_tensors}
        if before & (names | later):
            later.add(layer.name)
    return later
