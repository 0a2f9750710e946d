"""The paper's 3D-Fused: both streams' image networks, joined in time and space."""

import keras
from keras import layers

from keras_i3d.layers import ConvUnit3D
from keras_i3d.models.convnet_2d import STACKS, convnet_2d
from keras_i3d.models.i3d import HEAD, PREFIXES, clip_inputs, pooled, predictions, scored
from keras_i3d.models.inception_v1 import TOTAL_STRIDES, scaled

# Frames of flow that go with one of RGB.
STACK = STACKS["flow"]
# Frames of RGB that the fusion takes at least.
LEAST_STEPS = 5
SIDE = 224


def fused_3d(clips: dict, width: float = 1.0):
    """Turn {"rgb": (b, 5, 224, 224, 3), "flow": (b, 50, 224, 224, 2)} into (b, 1, 1, 1, 512).

    Of a longer or larger clip come more positions. Where the streams' features are less than 5 x 5,
    the convolution is padded in space and the pool as large as they are: its variables are the
    same, so that small clips can be learnt from.

    Source: "Quo Vadis, Action Recognition?", section 2.3 and figure 2 d. Where it does not say how
    the two are padded, 39 M parameters do: padded, the classes would have four positions, 40.4 M.
    """
    pads, window = zip((0, 3), *map(_pad_and_window, clips["rgb"].shape[2:4]), strict=True)
    start = keras.initializers.RandomNormal(stddev=0.01)
    # fmt: off
    image = convnet_2d(clips["rgb"], 1, PREFIXES["rgb"], width)                     # 5, 7, 7, 1024
    flow = convnet_2d(clips["flow"], STACK, PREFIXES["flow"], width)               # 5, 7, 7, 1024
    x = layers.Concatenate(name="Fusion")([image, flow])                            # 5, 7, 7, 2048
    x = layers.ZeroPadding3D(pads, data_format="channels_last", name="Conv3d_6a_pad")(x)
    x = ConvUnit3D(scaled(512, width), 3, padding="valid",
                   kernel_initializer=start, name="Conv3d_6a_3x3")(x)               # 3, 5, 5,  512
    x = layers.MaxPooling3D(window, data_format="channels_last",
                            name="MaxPool3d_6a_3x3")(x)                             # 1, 1, 1,  512
    # fmt: on
    return x


def _pad_and_window(side: int | None) -> tuple[int, int]:
    """The convolution's padding and the pool's size, along a side of so many pixels of the clip."""
    positions = -(-(side or SIDE) // TOTAL_STRIDES[1])
    return (0, 3) if positions >= 5 else (1, min(3, positions))


def build_fused_3d(
    include_top: bool = True,
    classes: int = 400,
    input_shape: dict | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
) -> keras.Model:
    """Return 3D-Fused with random weights; arguments as in `keras_i3d.Fused3D`."""
    least = {"rgb": (LEAST_STEPS, 1, 1), "flow": (LEAST_STEPS * STACK, 1, 1)}
    clips = clip_inputs(input_shape, least, include_top)
    x = fused_3d(clips, width)
    if include_top:
        start = keras.initializers.RandomNormal(stddev=0.01)
        x = predictions(scored(x, classes, dropout, head=HEAD, start=start), classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(clips, x, name=name or "fused_3d")
