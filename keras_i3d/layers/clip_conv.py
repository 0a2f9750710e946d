"""3D convolution that keeps time whatever its padding in space, with groups on any device."""

import keras
from keras import layers, ops

from keras_i3d.layers.time_padding import (
    TEMPORAL_PADDINGS,
    frames_after,
    pad_time,
    sum_over_taps,
    time_padding,
)


def check_temporal_padding(layer):
    """Raise ValueError unless `temporal_padding` is known and channels come last."""
    if layer.temporal_padding not in TEMPORAL_PADDINGS:
        raise ValueError(
            f"{layer.name}: temporal_padding should be one of {TEMPORAL_PADDINGS}. "
            f"Received: temporal_padding={layer.temporal_padding!r}"
        )
    if layer.data_format != "channels_last":
        raise ValueError(
            f"{layer.name}: clips are (batch, time, height, width, channels); data_format should "
            f"be 'channels_last'. Received: data_format={layer.data_format!r}"
        )
    if layer.dilation_rate[0] != 1:
        raise ValueError(
            f"{layer.name}: dilation_rate should be 1 in time. Received: {layer.dilation_rate}"
        )


@keras.saving.register_keras_serializable("keras_i3d")
class ClipConv3D(layers.Conv3D):
    """Conv3D whose time is always padded, whose border may repeat, whose groups run on a CPU.

    Args:
        temporal_padding: "zero", or "replicate" the first and the last frame.
        padding: "valid" or "same", in height and width alone.
        **kwargs: as keras.layers.Conv3D.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), height', width', filters) as Conv2D has them.
    """

    def __init__(self, filters, kernel_size, temporal_padding: str = "zero", **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self.temporal_padding = temporal_padding
        check_temporal_padding(self)

    def convolution_op(self, inputs, kernel):
        taps, stride = self.kernel_size[0], self.strides[0]
        channels = inputs.shape[-1]
        if self.groups == channels and self.groups > 1:
            return self._depthwise(inputs, kernel)
        if self.padding == "valid" or taps == 1:
            clip = pad_time(inputs, *time_padding(taps, stride), self.temporal_padding)
            return self._grouped(clip, kernel)
        if self.temporal_padding == "zero":
            return self._grouped(inputs, kernel)
        # SAME pads space and time alike. Whole steps of repeated frames are added on both sides,
        # so that SAME's windows stay where they were, and as many steps dropped from the output.
        steps = frames_after(taps - 1, stride)
        clip = pad_time(inputs, steps * stride, steps * stride, "replicate")
        return self._grouped(clip, kernel)[:, steps:-steps]

    def _grouped(self, clip, kernel):
        convolve = super().convolution_op
        if self.groups == 1:
            return convolve(clip, kernel)
        clips = ops.split(clip, self.groups, axis=-1)
        kernels = ops.split(kernel, self.groups, axis=-1)
        return ops.concatenate(
            [convolve(part, k) for part, k in zip(clips, kernels, strict=True)], axis=-1
        )

    def _depthwise(self, inputs, kernel):
        """As many groups as channels: (t, h, w, 1, channels * m) is (t, h, w, channels, m)."""
        multiplier = self.filters // self.groups
        kernel = ops.reshape(kernel, (*self.kernel_size, self.groups, multiplier))
        clip = pad_time(
            inputs, *time_padding(self.kernel_size[0], self.strides[0]), self.temporal_padding
        )

        def convolve(frames, tap):
            return ops.depthwise_conv(
                frames, tap, self.strides[1:], self.padding, None, self.dilation_rate[1:]
            )

        return sum_over_taps(clip, kernel, self.strides[0], convolve)

    def compute_output_shape(self, input_shape):
        shape = list(super().compute_output_shape(_enough_time(input_shape, self.kernel_size[0])))
        shape[1] = frames_after(input_shape[1], self.strides[0])
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "temporal_padding": self.temporal_padding}


def _enough_time(shape, taps: int) -> tuple:
    """The shape with time enough for an unpadded window: Keras refuses less, here it is padded."""
    return (shape[0], None if shape[1] is None else shape[1] + taps - 1, *shape[2:])
