"""Upsampling of frames by any interpolation, and of time by repetition."""

import keras
from keras import layers, ops

from keras_i3d.layers.bilinear_up_sampling import BilinearUpSampling2D
from keras_i3d.layers.time_padding import fold_time, unfold_time


@keras.saving.register_keras_serializable("keras_i3d")
class ClipUpSampling3D(layers.UpSampling3D):
    """UpSampling3D with an interpolation in height and width; time is repeated.

    Args:
        size: factors of (time, height, width).
        interpolation: as keras.layers.UpSampling2D.

    Input (batch, time, height, width, channels); output
    (batch, time * size[0], height * size[1], width * size[2], channels).
    """

    def __init__(self, size=(2, 2, 2), interpolation: str = "nearest", **kwargs):
        super().__init__(size, **kwargs)
        self.interpolation = interpolation
        if interpolation == "bilinear" and self.data_format == "channels_last":
            frame = BilinearUpSampling2D(self.size[1:], dtype=self.dtype_policy)
        else:
            frame = layers.UpSampling2D(
                self.size[1:], self.data_format, interpolation, dtype=self.dtype_policy
            )
        self.frame_up_sampling = frame

    def build(self, input_shape):
        self.frame_up_sampling.build((None, *input_shape[2:]))

    def call(self, clip):
        clip = unfold_time(self.frame_up_sampling(fold_time(clip)), clip)
        return ops.repeat(clip, self.size[0], axis=1)

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}
