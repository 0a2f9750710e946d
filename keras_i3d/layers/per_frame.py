"""A layer for images, applied to every frame of a clip."""

import keras
from keras import layers

from keras_i3d.layers.keras_internals import takes_training
from keras_i3d.layers.time_padding import fold_time, unfold_time


@keras.saving.register_keras_serializable("keras_i3d")
class PerFrame(layers.Wrapper):
    """Applies a layer to every frame by itself, time folded into the batch.

    For layers whose result depends on the whole image, such as group normalisation, or which know
    images alone, such as bilinear upsampling.

    Args:
        layer: the layer for images.

    Input (batch, time, ...); output (batch, time, ...), each frame as the layer gives it.
    """

    def build(self, input_shape):
        if not self.layer.built:
            self.layer.build((None, *input_shape[2:]))
            self.layer.built = True

    def call(self, clip, training=None):
        frames = fold_time(clip)
        if takes_training(self.layer):
            frames = self.layer(frames, training=training)
        else:
            frames = self.layer(frames)
        return unfold_time(frames, clip)

    def compute_output_shape(self, input_shape):
        frame = keras.KerasTensor((None, *input_shape[2:]), dtype=self.compute_dtype)
        return (*input_shape[:2], *self.layer.compute_output_spec(frame).shape[1:])
