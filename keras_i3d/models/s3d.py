"""S3D and S3D-G, as networks without weights: Inception-v1's table with convolutions split in two.

There are three published S3Ds, which differ in small things; a `Layout` has them.
"""

from dataclasses import dataclass, replace

import keras
from keras import layers

from keras_i3d.layers import (
    ConvUnit3D,
    HeadPooling3D,
    SeparableConvUnit3D,
    SeparableInceptionBlock3D,
)
from keras_i3d.layers.initializers import SlimTruncatedNormal, TorchUniform
from keras_i3d.models.i3d import clip_input, pooled, predictions, scored
from keras_i3d.models.inception_v1 import TOTAL_STRIDES, inception_v1, scaled, without_time

# The layer whose weights are the class scores'.
HEAD = "Conv2d_0c_1x1"
STEM, FIRST_UNIT = "Conv2d_1a_7x7", "Conv2d_2c_3x3"
# Rows, columns and frames that PyTorch's codes add on each side of a max pool's input.
PADS = {(1, 3, 3): (0, 1, 1), 3: (1, 1, 1)}
# End points from which on convolutions may be separable, and features gated.
FROM = (
    FIRST_UNIT,
    *("Mixed_3b", "Mixed_3c", "Mixed_4b", "Mixed_4c", "Mixed_4d", "Mixed_4e", "Mixed_4f"),
    *("Mixed_5b", "Mixed_5c"),
)


@dataclass(frozen=True)
class Layout:
    """In what one published S3D differs from another.

    units: kind of the units, "slim" or "torchvision", as for `SeparableConvUnit3D`: it says where
        batch norm is, whether it has a scale, and how is padded.
    stem_frames: extent in time of the stem's full kernel; None for a separable stem of 7.
    temporal_from: the first end point behind the stem with convolutions in time; before it they are
        in space alone, all of them for None.
    gating_from: the first end point with gates; None for none: S3D without G.
    head_pool: (time, height, width) of the pool before the scores; None for all there is.
    head_shrinks: whether a smaller clip shrinks that pool, or is an error.
    least_clip: the smallest (frames, height, width) that it takes with its head.
    least_trunk: the same without.
    """

    units: str
    stem_frames: int | None = None
    temporal_from: str | None = FIRST_UNIT
    gating_from: str | None = None
    head_pool: tuple[int | None, int | None, int | None] = (2, 7, 7)
    head_shrinks: bool = False
    least_clip: tuple[int, int, int] = (1, 1, 1)
    least_trunk: tuple[int, int, int] = (1, 1, 1)

    def __post_init__(self):
        for field in ("temporal_from", "gating_from"):
            if getattr(self, field) not in (None, *FROM):
                raise ValueError(
                    f"{field} should be None or one of {', '.join(FROM)}. Received: "
                    f"{field}={getattr(self, field)!r}"
                )

    def temporal(self, name: str) -> bool:
        """Return whether the convolutions of an end point extend in time."""
        return _begun(name, self.temporal_from)

    def gating(self, name: str) -> bool:
        """Return whether an end point has gates."""
        return _begun(name, self.gating_from)


# The last max pool is TensorFlow's VALID in the PyTorch codes, which all others pad: a step of
# Mixed_5c needs two steps of Mixed_4f, the first of 4 frames and 16 pixels one.
TORCHVISION = Layout("torchvision", least_clip=(13, 209, 209), least_trunk=(5, 17, 17))
LAYOUTS = {
    # torchvision/models/video/s3d.py
    "torchvision": TORCHVISION,
    # kylemin/S3D, model.py: the head takes the mean over all rows and columns.
    "kylemin": replace(TORCHVISION, head_pool=(2, None, None), least_clip=(13, 17, 17)),
    # tensorflow/models, research/slim/nets/s3dg.py, with gating_startat=None
    "slim": Layout("slim", stem_frames=3, head_shrinks=True),
}
GATED_LAYOUTS = {
    # slim's S3D-G, which D3D is too.
    "slim": replace(LAYOUTS["slim"], gating_from=FIRST_UNIT),
    # The S3D-G of PyTorch codes: gates have a bias, and begin in the blocks.
    "torchvision": replace(TORCHVISION, gating_from="Mixed_3b"),
}


def s3d_trunk(clip, layout: Layout, width: float = 1.0):
    """Turn (batch, t, 224, 224, c), or any size, into Mixed_5c, (batch, t/8, 7, 7, 1024).

    Every layer is named as its end point in slim: `model.get_layer("Mixed_4f").output`. `width` is
    a factor of all channels.
    """
    slim = layout.units == "slim"

    def conv(x, name, filters, kernel_size, strides=1):
        name, filters = without_time(name), scaled(filters, width)
        if name == STEM and layout.stem_frames is not None:
            start = SlimTruncatedNormal()
            kernel_size = (layout.stem_frames, kernel_size, kernel_size)
            return ConvUnit3D(filters, kernel_size, strides, kernel_initializer=start, name=name)(x)
        return SeparableConvUnit3D(
            filters,
            kernel_size,
            strides,
            layout.units,
            temporal=kernel_size > 1 and (name == STEM or layout.temporal(name)),
            gating=layout.gating(name),
            name=name,
        )(x)

    def pool(x, name, size, strides):
        name, padding = without_time(name), "same" if slim else "valid"
        if not slim and size in PADS:
            # Behind a ReLU a zero is never more than the maximum.
            pads = PADS[size]
            x = layers.ZeroPadding3D(pads, data_format="channels_last", name=f"{name}_pad")(x)
        return layers.MaxPooling3D(size, strides, padding, data_format="channels_last", name=name)(
            x
        )

    def block(x, name, *branches):
        return SeparableInceptionBlock3D(
            *scaled(branches, width),
            layout.units,
            layout.temporal(name),
            layout.gating(name),
            name=name,
        )(x)

    return inception_v1(clip, conv, pool, block)


def build_s3d(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    name: str | None = None,
    layout: Layout = TORCHVISION,
    width: float = 1.0,
) -> keras.Model:
    """Return S3D with random weights; arguments as in `keras_i3d.S3D`."""
    least = layout.least_clip if include_top else layout.least_trunk
    clip = clip_input(stream, input_shape, input_tensor, include_top, least=least)
    x = s3d_trunk(clip, layout, width)
    if include_top:
        x = HeadPooling3D(
            layout.head_pool,
            TOTAL_STRIDES,
            layout.head_shrinks,
            layout.least_clip,
            name="AvgPool_0a_7x7",
        )(x)
        start = "glorot_uniform" if layout.units == "slim" else TorchUniform()
        x = predictions(scored(x, classes, dropout, head=HEAD, start=start), classifier_activation)
    else:
        x = pooled(x, pooling)
    gated = "_g" if layout.gating_from else ""
    inputs = clip if input_tensor is None else keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, x, name=name or f"s3d{gated}_{stream}")


def _begun(name: str, first: str | None) -> bool:
    return first is not None and name in FROM and FROM.index(name) >= FROM.index(first)
