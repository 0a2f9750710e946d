"""All that the package uses of Keras without a public name, a function each.

As Keras 3.15 has them; .ci/matrix tries the oldest Keras too. A new version is looked through here.
"""

import keras


def all_layers(layer) -> list:
    """Return a layer and every layer inside it, at any depth; of a model, its layers and theirs."""
    return list(layer._flatten_layers()) if isinstance(layer, keras.layers.Layer) else []


def calls_by_depth(model: keras.Model) -> dict[int, list]:
    """Return the calls of a functional model's graph by their distance from the outputs."""
    return model._nodes_by_depth


def calls_of(layer) -> list:
    """Return the calls of a layer; each has `input_tensors`."""
    return layer._inbound_nodes


def calls_after(layer) -> list:
    """Return the calls that take the layer's outputs."""
    return layer._outbound_nodes


def origin(tensor):
    """Return the layer or operation whose output a symbolic tensor is."""
    return tensor._keras_history.operation


def takes_training(layer) -> bool:
    """Return whether the layer's call takes `training`."""
    return layer._call_has_training_arg


def forget(layer, part) -> None:
    """Let a layer no longer list a layer that it had made for itself."""
    layer._tracker.untrack(part)


def averaged_variables(optimizer) -> list:
    """Return the optimizer's moving averages, in the order of the trainable variables."""
    return optimizer._model_variables_moving_average


def strategy_of(optimizer):
    """Return the tf.distribute strategy below which an optimizer was made."""
    return optimizer._distribution_strategy


def add_up_nothing(optimizer) -> None:
    """Keep the optimizer from adding up gradients over devices: they have been added up."""
    optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: gradients_and_variables


def backend_variable(variable):
    """Return what a Keras variable holds: TensorFlow's, which on several devices has one each."""
    return getattr(variable, "_value", variable)


def forget_variables_without_values() -> None:
    """Let Keras forget what was built in a `StatelessScope`: the next would give it values."""
    keras.src.backend.common.global_state.set_global_attribute("uninitialized_variables", [])
