"""What a recurrent network says in the end."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("keras_i3d")
class LastStep(layers.Layer):
    """(batch, time, ...) to its last step in time, (batch, ...)."""

    def call(self, sequence):
        return sequence[:, -1]

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *input_shape[2:])
