"""Depthwise 3D convolution, which Keras lacks."""

import keras
from keras import layers, ops

from keras_i3d.layers.clip_conv import check_temporal_padding
from keras_i3d.layers.time_padding import frames_after, pad_time, sum_over_taps, time_padding


@keras.saving.register_keras_serializable("keras_i3d")
class DepthwiseConv3D(layers.Layer):
    """A 3D kernel for each channel: the sum of depthwise 2D convolutions over its slices in time.

    Args:
        kernel_size: extent of the kernel in (time, height, width), or one number for all three.
        strides: step of the kernel, in the same form; TensorFlow wants those of height and width
            equal.
        padding: "valid" or "same", in height and width; time is always padded.
        depth_multiplier: output channels of each input channel.
        dilation_rate: in (time, height, width); 1 in time.
        activation, use_bias: as everywhere in Keras.
        temporal_padding: "zero", or "replicate" the first and the last frame.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), height', width', channels * depth_multiplier). The kernel is
    (time, height, width, channels, depth_multiplier).

    Why a sum: see `sum_over_taps`.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        dilation_rate=1,
        activation=None,
        use_bias: bool = True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        temporal_padding: str = "zero",
        data_format: str = "channels_last",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.kernel_size = _triple(kernel_size)
        self.strides = _triple(strides)
        self.padding = padding
        self.depth_multiplier = depth_multiplier
        self.dilation_rate = _triple(dilation_rate)
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = keras.initializers.get(depthwise_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.depthwise_regularizer = keras.regularizers.get(depthwise_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.depthwise_constraint = keras.constraints.get(depthwise_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.temporal_padding = temporal_padding
        self.data_format = data_format
        self.input_spec = layers.InputSpec(ndim=5)
        check_temporal_padding(self)

    def build(self, input_shape):
        channels = input_shape[-1]
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels * self.depth_multiplier,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def convolve(self, clip):
        """Return the convolution alone, before bias and activation."""
        taps, stride = self.kernel_size[0], self.strides[0]
        clip = pad_time(clip, *time_padding(taps, stride), self.temporal_padding)

        def convolve_frames(frames, tap):
            return ops.depthwise_conv(
                frames, tap, self.strides[1:], self.padding, None, self.dilation_rate[1:]
            )

        return sum_over_taps(clip, ops.convert_to_tensor(self.kernel), stride, convolve_frames)

    def call(self, clip):
        clip = self.convolve(clip)
        return self.activation(clip if self.bias is None else clip + self.bias)

    def compute_output_shape(self, input_shape):
        images = ops.depthwise_conv(
            keras.KerasTensor((None, *input_shape[2:])),
            keras.KerasTensor((*self.kernel_size[1:], input_shape[-1], self.depth_multiplier)),
            self.strides[1:],
            self.padding,
            None,
            self.dilation_rate[1:],
        )
        time = frames_after(input_shape[1], self.strides[0])
        return (input_shape[0], time, *images.shape[1:])

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "depth_multiplier": self.depth_multiplier,
            "dilation_rate": self.dilation_rate,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "depthwise_initializer": keras.initializers.serialize(self.depthwise_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "depthwise_regularizer": keras.regularizers.serialize(self.depthwise_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "depthwise_constraint": keras.constraints.serialize(self.depthwise_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
            "temporal_padding": self.temporal_padding,
            "data_format": self.data_format,
        }


def _triple(size) -> tuple[int, int, int]:
    return (size,) * 3 if isinstance(size, int) else tuple(size)
