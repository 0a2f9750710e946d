"""Five units: the smallest network that tells motions, for synthetic videos."""

import keras
from keras import layers

from keras_i3d.layers import ConvUnit3D
from keras_i3d.models.i3d import clip_input, pooled, predictions

# Filters and strides of Unit_1 to Unit_5.
UNITS = ((16, (1, 2, 2)), (24, 1), (32, 2), (48, 1), (64, 2))
HEAD = "Logits"


def five_units(clip, prefix: str = ""):
    """Turn (batch, time, height, width, channels) into Unit_5's output; `prefix` is the layers'."""
    for number, (filters, strides) in enumerate(UNITS, 1):
        # He's start, that of networks without residual paths.
        start = keras.initializers.HeNormal()
        name = f"{prefix}Unit_{number}"
        clip = ConvUnit3D(filters, 3, strides, kernel_initializer=start, name=name)(clip)
    return clip


def build_five_units(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape: tuple | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
) -> keras.Model:
    """Return five 3 x 3 x 3 units, a mean and a dense layer; arguments as in `keras_i3d.I3D`.

    It takes clips of any size; every end point, Unit_1 to Unit_5, is a layer.
    """
    clip = clip_input(stream, input_shape, None, include_top, least=(1, 1, 1))
    x = five_units(clip)
    if include_top:
        x = layers.GlobalAveragePooling3D(data_format="channels_last", name="mean")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = predictions(layers.Dense(classes, name=HEAD)(x), classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(clip, x, name=name or f"five_units_{stream}")
