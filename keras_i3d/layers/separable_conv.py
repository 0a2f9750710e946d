"""Depthwise 3D convolution, then a pointwise one: SeparableConv2D with time."""

import keras
from keras import ops

from keras_i3d.layers.depthwise import DepthwiseConv3D


@keras.saving.register_keras_serializable("keras_i3d")
class SeparableConv3D(DepthwiseConv3D):
    """A 3D kernel for each channel, then a 1x1x1 convolution over channels.

    Not S3D's separation into space and time: here channels are separated from the rest, as
    SeparableConv2D does.

    Args:
        filters: number of output channels.
        kernel_size, **kwargs: as `DepthwiseConv3D`; bias and activation come after both.
        pointwise_initializer, pointwise_regularizer, pointwise_constraint: of the second kernel.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), height', width', filters).
    """

    def __init__(
        self,
        filters: int,
        kernel_size,
        pointwise_initializer="glorot_uniform",
        pointwise_regularizer=None,
        pointwise_constraint=None,
        **kwargs,
    ):
        super().__init__(kernel_size, **kwargs)
        self.filters = filters
        self.pointwise_initializer = keras.initializers.get(pointwise_initializer)
        self.pointwise_regularizer = keras.regularizers.get(pointwise_regularizer)
        self.pointwise_constraint = keras.constraints.get(pointwise_constraint)

    def build(self, input_shape):
        channels = input_shape[-1]
        self.kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(1, 1, 1, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def convolve(self, clip):
        return ops.conv(super().convolve(clip), self.pointwise_kernel, padding="valid")

    def compute_output_shape(self, input_shape):
        return (*super().compute_output_shape(input_shape)[:-1], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "pointwise_initializer": keras.initializers.serialize(self.pointwise_initializer),
            "pointwise_regularizer": keras.regularizers.serialize(self.pointwise_regularizer),
            "pointwise_constraint": keras.constraints.serialize(self.pointwise_constraint),
        }
