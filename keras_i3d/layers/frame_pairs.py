"""Each frame of a clip with the next one: what a network that computes flow looks at."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class FramePairs(layers.Layer):
    """Puts each frame's channels before those of the next one.

    The last frame, which has no next one, is given the pair before it, as stored flow is.

    Input (batch, time, height, width, channels), of two frames or more; output
    (batch, time, height, width, 2 * channels).

    frames a b c    pairs ab bc bc
    """

    def call(self, clip):
        first = ops.concatenate([clip[:, :-1], clip[:, -2:-1]], axis=1)
        second = ops.concatenate([clip[:, 1:], clip[:, -1:]], axis=1)
        return ops.concatenate([first, second], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])
