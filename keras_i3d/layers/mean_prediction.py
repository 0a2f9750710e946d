"""The mean of several networks' probabilities, as scores."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class MeanPrediction(layers.Layer):
    """Scores whose softmax is the mean of the softmax of each input's scores.

    They are the logarithm of that mean. With activation="sigmoid" it is the sigmoid of either.

    Args:
        activation: "softmax", or "sigmoid" where a video may show several classes.

    Input: scores (batch, classes), several; output (batch, classes).
    """

    def __init__(self, activation: str = "softmax", **kwargs):
        super().__init__(**kwargs)
        if activation not in ("softmax", "sigmoid"):
            raise ValueError(
                f"activation should be 'softmax' or 'sigmoid'. Received: activation={activation!r}"
            )
        self.activation = activation

    def call(self, inputs):
        if self.activation == "softmax":
            return _log_mean([ops.log_softmax(scores, axis=-1) for scores in inputs])
        shown = _log_mean([ops.log_sigmoid(scores) for scores in inputs])
        return shown - _log_mean([ops.log_sigmoid(-scores) for scores in inputs])

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "activation": self.activation}


def _log_mean(logarithms):
    """The logarithm of the mean of what these are the logarithms of."""
    return ops.logsumexp(ops.stack(logarithms), axis=0) - math.log(len(logarithms))
