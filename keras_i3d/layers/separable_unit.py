"""S3D's unit: a convolution in space, then one in time."""

import keras
from keras import layers

from keras_i3d.layers.conv_unit import ConvUnit3D
from keras_i3d.layers.gating import FeatureGating
from keras_i3d.layers.initializers import CentreIdentity, SlimTruncatedNormal, TorchUniform

# The two published kinds: what the halves are besides convolution and ReLU.
SPATIAL = {
    "slim": {"kernel_initializer": SlimTruncatedNormal},
    "torchvision": {
        "kernel_initializer": TorchUniform,
        "norm": {"scale": True},
        "padding": "symmetric",
    },
}
TEMPORAL = {
    "slim": {
        "kernel_initializer": CentreIdentity,
        "use_batch_norm": False,
        "use_bias": True,
    },
    "torchvision": SPATIAL["torchvision"],
}


@keras.saving.register_keras_serializable("keras_i3d")
class SeparableConvUnit3D(layers.Layer):
    """Convolution in space, then in time, each with its activation; then a gate, if asked for.

                   "slim"                                  "torchvision"
    spatial        1 x k x k, batch norm, ReLU             1 x k x k, batch norm, ReLU
    temporal       k x 1 x 1, bias, ReLU                   k x 1 x 1, batch norm, ReLU
    self_gating    FeatureGating                           FeatureGating with bias

    Args:
        filters: number of output channels.
        kernel_size: k.
        strides: step of both halves.
        kind: "slim", whose batch norm has no scale, whose padding is TensorFlow's SAME and whose
            temporal kernel starts as the identity; or "torchvision", whose batch norm has a scale
            and which pads k // 2 on each side.
        temporal: whether there is the half in time; a 1 x 1 x 1 unit has none.
        gating: whether a gate follows.

    Input (batch, time, height, width, channels); output
    (batch, ceil(time / strides), ceil(height / strides), ceil(width / strides), filters).

    Source: slim, nets/i3d_utils.py, conv3d_spatiotemporal, and nets/s3dg.py; torchvision,
    models/video/s3d.py, TemporalSeparableConv; kylemin/S3D, model.py, SepConv3d.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        strides: int = 1,
        kind: str = "slim",
        temporal: bool = True,
        gating: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if kind not in SPATIAL:
            raise ValueError(f"kind should be one of {tuple(SPATIAL)}. Received: kind={kind!r}")
        self.filters, self.kernel_size, self.strides = filters, kernel_size, strides
        self.kind = kind
        shared = {"trainable": self.trainable, "dtype": self.dtype_policy}

        def half(name, kernel_size, strides, options):
            drawn = {"kernel_initializer": options["kernel_initializer"]()}
            options = options | drawn | shared
            return ConvUnit3D(filters, kernel_size, strides, **options, name=name)

        k, s = kernel_size, strides
        self.spatial = half("spatial", (1, k, k), (1, s, s), SPATIAL[kind])
        self.temporal = self.self_gating = None
        if temporal:
            self.temporal = half("temporal", (k, 1, 1), (s, 1, 1), TEMPORAL[kind])
        if gating:
            use_bias = kind == "torchvision"
            self.self_gating = FeatureGating(use_bias, name="self_gating", **shared)

    @property
    def parts(self) -> list[layers.Layer]:
        """The layers that a clip goes through, in order."""
        return [p for p in (self.spatial, self.temporal, self.self_gating) if p is not None]

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)
            input_shape = part.compute_output_shape(input_shape)

    def call(self, clip, training=None):
        clip = self.spatial(clip, training=training)
        if self.temporal is not None:
            clip = self.temporal(clip, training=training)
        return clip if self.self_gating is None else self.self_gating(clip)

    def compute_output_shape(self, input_shape):
        for part in self.parts:
            input_shape = part.compute_output_shape(input_shape)
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "kind": self.kind,
            "temporal": self.temporal is not None,
            "gating": self.self_gating is not None,
        }
