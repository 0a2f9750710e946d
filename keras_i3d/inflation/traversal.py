"""Walking over the graph of a functional model, with any kind of value on its edges."""

from collections import Counter
from collections.abc import Callable

import keras

from keras_i3d.layers.keras_internals import calls_by_depth


def functional_graph(model: keras.Model) -> keras.Model:
    """Return the functional model of a Sequential one; a functional model itself.

    Raises:
        ValueError: when the model is a subclass without a graph, or not built yet.
    """
    if isinstance(model, keras.Sequential):
        if not model.built:
            raise ValueError(
                f"{model.name} is not built, so its shapes are unknown: start it with "
                f"keras.Input(shape), or call build."
            )
        return keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    if not isinstance(model, keras.Model) or not hasattr(model, "operations"):
        raise ValueError(
            f"the model should be a functional or Sequential keras.Model. Received: "
            f"{type(model).__name__} {getattr(model, 'name', '')}. A subclassed model can be made "
            f"functional: keras.Model(x, model.call(x)) with x = keras.Input(shape)."
        )
    return model


def is_model(operation) -> bool:
    """Return whether an operation of a graph is a model with a graph of its own."""
    return isinstance(operation, keras.Model)


def nodes(model: keras.Model) -> list:
    """Return the calls of a graph, each after those whose outputs it takes, less the inputs."""
    by_depth = calls_by_depth(model)
    return [
        node for d in sorted(by_depth, reverse=True) for node in by_depth[d] if not node.is_input
    ]


def walk(model: keras.Model, inputs: list, apply: Callable) -> list:
    """Return values of the model's outputs, given those of its inputs.

    Args:
        model: a functional model.
        inputs: a value for each of `model.inputs`.
        apply: function of a node and of the values of its input tensors, giving the value of its
            output, or a list with one for each output.

    A value is let go of after its last use, so that activations of a large network fit in memory.
    """
    calls = nodes(model)
    uses = Counter(id(t) for node in calls for t in node.input_tensors)
    uses.update(id(t) for t in model.outputs)
    values = {id(t): value for t, value in zip(model.inputs, inputs, strict=True)}
    for node in calls:
        result = apply(node, [values[id(t)] for t in node.input_tensors])
        results = result if isinstance(result, list) else [result] * len(node.outputs)
        values.update({id(t): value for t, value in zip(node.outputs, results, strict=True)})
        for tensor in node.input_tensors:
            uses[id(tensor)] -= 1
            if not uses[id(tensor)]:
                del values[id(tensor)]
    return [values[id(t)] for t in model.outputs]


def arguments(node, values: list) -> tuple[tuple, dict]:
    """Return the arguments of a call, with `values` in the place of its input tensors."""
    return node.arguments.fill_in(
        {id(t): value for t, value in zip(node.input_tensors, values, strict=True)}
    )
