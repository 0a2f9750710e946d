"""C3D as it was published: biases, no batch norm."""

import keras
from keras import layers
from keras.initializers import Constant, RandomNormal

from keras_i3d.models.i3d import clip_input, pooled, predictions
from keras_i3d.models.inception_v1 import scaled

HEAD = "fc8"
# How pool5 comes from 7 to 4: Caffe's windows begin at the first row, the last has one row alone;
# mmaction2's begin before it.
POOL5 = {"caffe": (0, 1), "mmaction2": (1, 1)}
SIDE = 112
# Pools halve a clip, rounding down: those of space four times before the last, of time four times.
LEAST = (16, 16, 16)


def c3d(clip, variant: str = "mmaction2", width: float = 1.0):
    """Turn (batch, 16, 112, 112, c) into pool5, (batch, 1, 4, 4, 512).

    Args:
        variant: whose pool5: "mmaction2", with which its files were trained, or "caffe".
        width: factor of all channels.

    Source: Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", 2015,
    figure 3; mmaction2, models/backbones/c3d.py. Starts are those of Caffe's prototxt.
    """

    def conv(x, name, filters, bias=1.0):
        return _conv(scaled(filters, width), 3, name, bias=bias, padding="same")(x)

    def pool(x, name, size=2):
        return layers.MaxPooling3D(size, data_format="channels_last", name=name)(x)

    # fmt: off
    x = conv(clip, "conv1a", 64, bias=0.0)      # 16, 112, 112,  64
    x = pool(x, "pool1", (1, 2, 2))             # 16,  56,  56,  64
    x = conv(x, "conv2a", 128)                  # 16,  56,  56, 128
    x = pool(x, "pool2")                        #  8,  28,  28, 128
    x = conv(x, "conv3a", 256)                  #  8,  28,  28, 256
    x = conv(x, "conv3b", 256)                  #  8,  28,  28, 256
    x = pool(x, "pool3")                        #  4,  14,  14, 256
    x = conv(x, "conv4a", 512)                  #  4,  14,  14, 512
    x = conv(x, "conv4b", 512)                  #  4,  14,  14, 512
    x = pool(x, "pool4")                        #  2,   7,   7, 512
    x = conv(x, "conv5a", 512)                  #  2,   7,   7, 512
    x = conv(x, "conv5b", 512)                  #  2,   7,   7, 512
    # A zero is never more than what comes from a ReLU.
    pads = ((0, 0), POOL5[variant], POOL5[variant])
    x = layers.ZeroPadding3D(pads, data_format="channels_last", name="pool5_pad")(x)
    x = pool(x, "pool5")                        #  1,   4,   4, 512
    # fmt: on
    return x


def _conv(filters: int, extent, name: str, deviation=0.01, bias=1.0, **options) -> layers.Conv3D:
    return layers.Conv3D(
        filters,
        extent,
        data_format="channels_last",
        kernel_initializer=RandomNormal(stddev=deviation),
        bias_initializer=Constant(bias),
        name=name,
        **{"activation": "relu", **options},
    )


def build_c3d(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
    variant: str = "mmaction2",
) -> keras.Model:
    """Return C3D with random weights; arguments as in `keras_i3d.C3D`.

    The two fully connected layers are convolutions over all of pool5, so that the logits of clips
    longer or larger than those it was built for are averaged.
    """
    if variant not in POOL5:
        raise ValueError(f"variant should be one of {tuple(POOL5)}. Received: {variant!r}")
    clip = clip_input(stream, input_shape, None, include_top, least=LEAST)
    x = c3d(clip, variant, width)
    if include_top:
        window = _pool5(clip.shape[2], variant), _pool5(clip.shape[3], variant)
        for fc, extent in (("fc6", (1, *window)), ("fc7", 1)):  # 1, 1, 1, 4096
            x = _conv(scaled(4096, width), extent, fc, deviation=0.005)(x)
            x = layers.Dropout(dropout, name=f"{fc}_dropout")(x)
        x = _conv(classes, 1, HEAD, bias=0.0, activation=None)(x)
        x = layers.GlobalAveragePooling3D(data_format="channels_last", name="Logits")(x)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(clip, x, name=name or f"c3d_{stream}")


def _pool5(side: int | None, variant: str) -> int:
    """Rows of pool5 of a clip of so many rows."""
    return ((side or SIDE) // 16 + sum(POOL5[variant])) // 2
