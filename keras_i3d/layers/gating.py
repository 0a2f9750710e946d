"""A gate on features, opened by the features themselves."""

import keras
from keras import layers, ops

from keras_i3d.layers.initializers import SlimTruncatedNormal


@keras.saving.register_keras_serializable("keras_i3d")
class FeatureGating(layers.Layer):
    """Multiply each channel by a number in (0, 1) that the means of all channels decide.

        gate = sigmoid(W mean(clip over time, height, width))

    Args:
        use_bias: whether W has a bias.

    Input (batch, time, height, width, channels); output likewise. The gate and its mean are
    computed in float32, whatever the policy: a sum over a clip overflows float16.

    Source: Xie et al., "Rethinking Spatiotemporal Feature Learning", 2018, section 4.4; slim,
    nets/s3dg.py, self_gating.
    """

    def __init__(self, use_bias: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.use_bias = use_bias
        self.transformer_w = None

    def build(self, input_shape):
        self.transformer_w = layers.Dense(
            input_shape[-1],
            activation="sigmoid",
            use_bias=self.use_bias,
            kernel_initializer=SlimTruncatedNormal(),
            name="transformer_W",
            trainable=self.trainable,
            dtype="float32",
        )
        self.transformer_w.build((input_shape[0], input_shape[-1]))

    def gate(self, clip):
        """Turn (batch, time, height, width, channels) to (batch, 1, 1, 1, channels), float32."""
        means = ops.mean(ops.cast(clip, "float32"), axis=(1, 2, 3))
        return self.transformer_w(means)[:, None, None, None]

    def call(self, clip):
        return clip * ops.cast(self.gate(clip), clip.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "use_bias": self.use_bias}
