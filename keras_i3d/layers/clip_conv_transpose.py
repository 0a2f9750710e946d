"""Transposed 3D convolution that multiplies time by its stride and by nothing else."""

import keras
from keras import layers

from keras_i3d.layers.clip_conv import check_temporal_padding
from keras_i3d.layers.time_padding import frames_after, pad_time


@keras.saving.register_keras_serializable("keras_i3d")
class ClipConv3DTranspose(layers.Conv3DTranspose):
    """Conv3DTranspose whose output has time * stride frames, whatever its padding in space.

    Args:
        temporal_padding: "zero", or "replicate" the first and the last frame.
        **kwargs: as keras.layers.Conv3DTranspose.

    Input (batch, time, height, width, channels); output
    (batch, time * stride, height', width', filters) as Conv2DTranspose has them.
    """

    def __init__(self, filters, kernel_size, temporal_padding: str = "zero", **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.temporal_padding = temporal_padding
        check_temporal_padding(self)

    def call(self, clip):
        taps, stride = self.kernel_size[0], self.strides[0]
        added = frames_after(taps - 1, stride) if self.temporal_padding == "replicate" else 0
        # "valid" gives taps - stride frames more than wanted, "same" none.
        surplus = max(taps - stride, 0) if self.padding == "valid" else 0
        before = added * stride + surplus // 2
        after = added * stride + surplus - surplus // 2
        clip = super().call(pad_time(clip, added, added, self.temporal_padding))
        return clip[:, before : -after if after else None]

    def compute_output_shape(self, input_shape):
        shape = list(super().compute_output_shape(input_shape))
        shape[1] = None if input_shape[1] is None else input_shape[1] * self.strides[0]
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "temporal_padding": self.temporal_padding}
