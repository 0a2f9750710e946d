"""The unit every network of the family is made of: convolution, batch norm, activation."""

import keras
from keras import layers

from keras_i3d.layers.initializers import SonnetTruncatedNormal

PADDINGS = ("same", "symmetric")


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
        padding: "same", TensorFlow's, which on even sizes at stride 2 pads one less before than
            after; or "symmetric", PyTorch's kernel // 2 on each side.
        scale: whether batch norm has a scale (gamma).
        kernel_initializer: the kernel's start; by default Sonnet's.
        norm: arguments of batch norm besides its scale, in place of momentum 0.999, epsilon 1e-3.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), ceil(height / stride), ceil(width / stride), filters).

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
        padding: str = "same",
        scale: bool = False,
        kernel_initializer=None,
        norm: dict | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = _three(kernel_size)
        self.strides = _three(strides)
        self.use_batch_norm = use_batch_norm
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)
        if padding not in PADDINGS:
            raise ValueError(f"padding should be one of {PADDINGS}. Received: padding={padding!r}")
        self.padding, self.scale = padding, scale
        self.kernel_initializer = keras.initializers.get(
            kernel_initializer or SonnetTruncatedNormal()
        )
        self.norm = dict(norm or {})
        # With steps of one both are the same.
        pads = padding == "symmetric" and max(self.strides) > 1
        self._pads = [[n // 2 if pads else 0] * 2 for n in self.kernel_size]
        # Parts are told whether they learn, so that a frozen unit is frozen when it is loaded.
        self.conv_3d = layers.Conv3D(
            filters,
            self.kernel_size,
            strides=self.strides,
            padding="valid" if pads else "same",
            data_format="channels_last",
            use_bias=use_bias,
            kernel_initializer=self.kernel_initializer,
            name="conv_3d",
            trainable=self.trainable,
            dtype=self.dtype_policy,
        )
        self.batch_norm = None
        if use_batch_norm:
            self.batch_norm = layers.BatchNormalization(
                **{"momentum": 0.999, "epsilon": 1e-3, "scale": scale, **self.norm},
                name="batch_norm",
                trainable=self.trainable,
                dtype=self.dtype_policy,
            )

    def build(self, input_shape):
        sizes = zip(input_shape[1:4], self._pads, strict=True)
        padded = [None if n is None else n + sum(pads) for n, pads in sizes]
        self.conv_3d.build((input_shape[0], *padded, input_shape[-1]))
        if self.batch_norm is not None:
            self.batch_norm.build((*input_shape[:-1], self.filters))

    def call(self, clip, training=None):
        if any(map(any, self._pads)):
            clip = keras.ops.pad(clip, [[0, 0], *self._pads, [0, 0]])
        clip = self.conv_3d(clip)
        if self.batch_norm is not None:
            clip = self.batch_norm(clip, training=training)
        return self.activation(clip)

    def compute_output_shape(self, input_shape):
        sizes = zip(input_shape[1:4], self.strides, strict=True)
        return (input_shape[0], *[n and -(-n // step) for n, step in sizes], self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "use_batch_norm": self.use_batch_norm,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
            "padding": self.padding,
            "scale": self.scale,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "norm": self.norm,
        }


def _three(extent: int | tuple[int, int, int]) -> tuple[int, int, int]:
    return (extent,) * 3 if isinstance(extent, int) else tuple(extent)
