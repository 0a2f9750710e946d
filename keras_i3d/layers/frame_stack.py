"""Successive frames of a clip as the channels of one: how image networks take flow."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class FrameStack(layers.Layer):
    """Joins every so many frames along the channels: x and y of the first, of the second, ...

    Args:
        size: frames that become one; what is left over at the clip's end is unused.

    Input (batch, time, height, width, channels); output
    (batch, time // size, height, width, size * channels).

    Source: Simonyan and Zisserman, "Two-Stream Convolutional Networks", section 3.1.
    """

    def __init__(self, size: int = 10, **kwargs):
        super().__init__(**kwargs)
        if size < 1:
            raise ValueError(f"size should be at least 1. Received: size={size}")
        self.size = size

    def call(self, clip):
        _, time, *sides, channels = ops.shape(clip)
        steps = time // self.size
        clip = clip[:, : steps * self.size]
        clip = ops.reshape(clip, (-1, steps, self.size, *sides, channels))
        clip = ops.transpose(clip, (0, 1, 3, 4, 2, 5))
        return ops.reshape(clip, (-1, steps, *sides, self.size * clip.shape[-1]))

    def compute_output_shape(self, input_shape):
        batch, time, *sides, channels = input_shape
        return (batch, time and time // self.size, *sides, self.size * channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}
