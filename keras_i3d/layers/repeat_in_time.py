"""One frame, repeated as often as a clip has frames."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class RepeatInTime(layers.Layer):
    """[(batch, 1, ...), (batch, time, ...)] to the first with the time of the second.

    What global pooling leaves has one frame; to be concatenated with a clip it needs all.
    """

    def call(self, inputs):
        frame, clip = inputs
        return ops.repeat(frame, ops.shape(clip)[1], axis=1)

    def compute_output_shape(self, input_shape):
        frame, clip = input_shape
        return (frame[0], clip[1], *frame[2:])
