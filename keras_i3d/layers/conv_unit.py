"""The unit every network of the family is made of: convolution, batch norm, activation."""

import keras
from keras import layers

from keras_i3d.layers.initializers import SonnetTruncatedNormal


@keras.saving.register_keras_serializable("keras_i3d")
class ConvUnit3D(layers.Layer):
    """3D convolution, batch norm without scale (epsilon 1e-3), activation: kinetics-i3d's Unit3D.

    Args:
        filters: number of output channels.
        kernel_size: extent of the kernel in (time, height, width), or one number for all three.
        strides: step of the kernel, in the same form.
        use_batch_norm: whether batch norm follows the convolution.
        use_bias: whether the convolution has a bias.
        activation: name or function of the activation, None for none.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), ceil(height / stride), ceil(width / stride), filters): the padding
    is TensorFlow's SAME, which on even sizes at stride 2 pads one less before than after.

    Source: kinetics-i3d, i3d.py, class Unit3D; batch norm's decay 0.999 is Sonnet 1's default.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int, int] = 1,
        strides: int | tuple[int, int, int] = 1,
        use_batch_norm: bool = True,
        use_bias: bool = False,
        activation="relu",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = _three(kernel_size)
        self.strides = _three(strides)
        self.use_batch_norm = use_batch_norm
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)
        # Parts are told whether they learn, so that a frozen unit is frozen when it is loaded.
        self.conv_3d = layers.Conv3D(
            filters,
            self.kernel_size,
            strides=self.strides,
            padding="same",
            data_format="channels_last",
            use_bias=use_bias,
            kernel_initializer=SonnetTruncatedNormal(),
            name="conv_3d",
            trainable=self.trainable,
            dtype=self.dtype_policy,
        )
        self.batch_norm = None
        if use_batch_norm:
            self.batch_norm = layers.BatchNormalization(
                momentum=0.999,
                epsilon=1e-3,
                scale=False,
                name="batch_norm",
                trainable=self.trainable,
                dtype=self.dtype_policy,
            )

    def build(self, input_shape):
        self.conv_3d.build(input_shape)
        if self.batch_norm is not None:
            self.batch_norm.build(self.conv_3d.compute_output_shape(input_shape))

    def call(self, clip, training=None):
        clip = self.conv_3d(clip)
        if self.batch_norm is not None:
            clip = self.batch_norm(clip, training=training)
        return self.activation(clip)

    def compute_output_shape(self, input_shape):
        return self.conv_3d.compute_output_shape(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "use_batch_norm": self.use_batch_norm,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
        }


def _three(extent: int | tuple[int, int, int]) -> tuple[int, int, int]:
    return (extent,) * 3 if isinstance(extent, int) else tuple(extent)
