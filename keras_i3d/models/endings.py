"""What a network ends in: logits or probabilities, and how to get the one from the other."""

import keras

from keras_i3d.models.i3d import predictions


def ending_in(model: keras.Model, output: str, wanted: str, logits: str) -> keras.Model:
    """Return the network with another ending; the layers are the model's own.

    Args:
        model: a functional model with one output, of class scores.
        output: what it ends in: "logits", "softmax" or "sigmoid".
        wanted: what the result is to end in, likewise.
        logits: name of the layer that gives the scores.
    """
    if output == wanted:
        return model
    scores = model.output if output == "logits" else _before_activation(model, logits)
    activation = None if wanted == "logits" else wanted
    return keras.Model(model.input, predictions(scores, activation), name=model.name)


def _before_activation(model: keras.Model, name: str):
    """The scores before the activation; of a dense layer that has its own, from a linear twin."""
    layer = model.get_layer(name)
    activation = getattr(layer, "activation", None)
    if activation in (None, keras.activations.linear):
        return layer.output
    twin = layer.__class__.from_config({**layer.get_config(), "activation": "linear"})
    scores = twin(layer.input)
    twin.set_weights(layer.get_weights())
    return scores
