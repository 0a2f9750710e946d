"""The unit every network of the family is made of: convolution, batch norm, activation."""

from collections.abc import Mapping

import keras
from keras import layers, ops

from keras_i3d.layers.initializers import SonnetTruncatedNormal

# Of kinetics-i3d's Unit3D; batch norm's decay is Sonnet 1's default.
UNIT_3D_NORM = {"momentum": 0.999, "epsilon": 1e-3, "scale": False}
PADDINGS = ("same", "symmetric", "valid")


@keras.saving.register_keras_serializable("keras_i3d")
class ConvUnit3D(layers.Layer):
    """3D convolution, batch norm, activation; by default as kinetics-i3d's Unit3D has them.

    Args:
        filters: number of output channels.
        kernel_size: extent of the kernel in (time, height, width), or one number for all three.
        strides: step of the kernel, in the same form.
        use_batch_norm: whether batch norm follows the convolution.
        use_bias: whether the convolution has a bias.
        activation: name or function of the activation, None for none.
        padding: "same" is TensorFlow's SAME, which on even sizes at stride 2 pads one less before
            than after; "symmetric" pads half the kernel on both sides, as PyTorch's networks do;
            "valid" pads nothing.
        norm: arguments of batch norm in place of Unit3D's: momentum 0.999, epsilon 1e-3, no scale.
        kernel_initializer: of the convolution; by default Sonnet's.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / stride), ceil(height / stride), ceil(width / stride), filters), or of the
    sizes less kernel - 1 without padding.

    Source: kinetics-i3d, i3d.py, class Unit3D.
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
        norm: Mapping | None = None,
        kernel_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if padding not in PADDINGS:
            raise ValueError(f"padding should be one of {PADDINGS}. Received: padding={padding!r}")
        self.filters = filters
        self.kernel_size = _three(kernel_size)
        self.strides = _three(strides)
        self.use_batch_norm = use_batch_norm
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)
        self.padding = padding
        self.norm = dict(norm or {})
        self.kernel_initializer = keras.initializers.get(
            kernel_initializer or SonnetTruncatedNormal()
        )
        # Parts are told whether they learn, so that a frozen unit is frozen when it is loaded.
        self.conv_3d = layers.Conv3D(
            filters,
            self.kernel_size,
            strides=self.strides,
            padding="valid" if self._pads_itself or padding == "valid" else "same",
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
                **{**UNIT_3D_NORM, **self.norm},
                name="batch_norm",
                trainable=self.trainable,
                dtype=self.dtype_policy,
            )

    @property
    def _pads_itself(self) -> bool:
        """Without a step, SAME pads odd kernels alike on both sides: no copy of the clip for it."""
        steps = any(s > 1 and k > 1 for s, k in zip(self.strides, self.kernel_size, strict=True))
        return self.padding == "symmetric" and steps

    def build(self, input_shape):
        batch, *sizes, channels = input_shape
        pads = [2 * (k // 2) if self._pads_itself else 0 for k in self.kernel_size]
        sizes = [None if n is None else n + pad for n, pad in zip(sizes, pads, strict=True)]
        self.conv_3d.build((batch, *sizes, channels))
        if self.batch_norm is not None:
            self.batch_norm.build(self.compute_output_shape(input_shape))

    def call(self, clip, training=None):
        if self._pads_itself:
            clip = ops.pad(clip, [(0, 0), *((k // 2, k // 2) for k in self.kernel_size), (0, 0)])
        clip = self.conv_3d(clip)
        if self.batch_norm is not None:
            clip = self.batch_norm(clip, training=training)
        return self.activation(clip)

    def compute_output_shape(self, input_shape):
        batch, *sizes, _ = input_shape
        if self.padding == "valid":
            sizes = [n and n - k + 1 for n, k in zip(sizes, self.kernel_size, strict=True)]
        steps = zip(sizes, self.strides, strict=True)
        return (batch, *(None if n is None else -(-n // s) for n, s in steps), self.filters)

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
            "norm": {
                name: keras.saving.serialize_keras_object(value)
                for name, value in self.norm.items()
            },
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _three(extent: int | tuple[int, int, int]) -> tuple[int, int, int]:
    return (extent,) * 3 if isinstance(extent, int) else tuple(extent)
