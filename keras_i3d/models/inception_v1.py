"""Inception-v1 as one table: the trunk of I3D, and the 2D network that it was inflated from."""

from collections.abc import Callable

import keras
from keras import layers

from keras_i3d.layers import ConvUnit3D, InceptionBlock3D

# Frames, rows and columns of the clip that one step of Mixed_5c stands for.
TOTAL_STRIDES = (8, 32, 32)


def inception_v1(x, conv: Callable, pool: Callable, block: Callable):
    """Apply the trunk, from the input to Mixed_5c; shapes are those of I3D on (t, 224, 224).

    Args:
        conv: (x, name, filters, kernel_size, strides=1) to the unit's output.
        pool: (x, name, size, strides) to the max pool's output.
        block: (x, name, branch_0, branch_1, branch_2, branch_3) to the joined branches.

    Source: "Quo Vadis, Action Recognition?", figure 3; kinetics-i3d, i3d.py. The first two max
    pools leave time alone. Without time it is slim's inception_v1.py.
    """
    # fmt: off
    x = conv(x, "Conv3d_1a_7x7",        64, 7, strides=2)           # t/2, 112, 112,   64
    x = pool(x, "MaxPool3d_2a_3x3", (1, 3, 3), (1, 2, 2))           # t/2,  56,  56,   64
    x = conv(x, "Conv3d_2b_1x1",        64, 1)                      # t/2,  56,  56,   64
    x = conv(x, "Conv3d_2c_3x3",       192, 3)                      # t/2,  56,  56,  192
    x = pool(x, "MaxPool3d_3a_3x3", (1, 3, 3), (1, 2, 2))           # t/2,  28,  28,  192
    x = block(x, "Mixed_3b",  64, ( 96, 128), (16,  32),  32)       # t/2,  28,  28,  256
    x = block(x, "Mixed_3c", 128, (128, 192), (32,  96),  64)       # t/2,  28,  28,  480
    x = pool(x, "MaxPool3d_4a_3x3", 3, 2)                           # t/4,  14,  14,  480
    x = block(x, "Mixed_4b", 192, ( 96, 208), (16,  48),  64)       # t/4,  14,  14,  512
    x = block(x, "Mixed_4c", 160, (112, 224), (24,  64),  64)       # t/4,  14,  14,  512
    x = block(x, "Mixed_4d", 128, (128, 256), (24,  64),  64)       # t/4,  14,  14,  512
    x = block(x, "Mixed_4e", 112, (144, 288), (32,  64),  64)       # t/4,  14,  14,  528
    x = block(x, "Mixed_4f", 256, (160, 320), (32, 128), 128)       # t/4,  14,  14,  832
    x = pool(x, "MaxPool3d_5a_2x2", 2, 2)                           # t/8,   7,   7,  832
    x = block(x, "Mixed_5b", 256, (160, 320), (32, 128), 128)       # t/8,   7,   7,  832
    x = block(x, "Mixed_5c", 384, (192, 384), (48, 128), 128)       # t/8,   7,   7, 1024
    # fmt: on
    return x


def inception_v1_3d(clip, prefix: str = "", width: float = 1.0, time: bool = True):
    """Turn (batch, t, 224, 224, c), or any size, into Mixed_5c, (batch, t/8, 7, 7, 1024).

    Every layer is named `prefix` and its end point in kinetics-i3d, so that
    `model.get_layer("Mixed_4f").output` is that end point.

    Args:
        width: factor of all channels.
        time: without it every frame goes through the image network by itself: kernels and steps are
            1 in time, and t stays t.
    """

    def extent(size):
        *_, height, width = size if isinstance(size, tuple) else (size, size)
        return size if time else (1, height, width)

    def conv(x, name, filters, kernel_size, strides=1):
        filters = scaled(filters, width)
        return ConvUnit3D(filters, extent(kernel_size), extent(strides), name=prefix + name)(x)

    def pool(x, name, size, strides):
        size, strides = extent(size), extent(strides)
        return layers.MaxPooling3D(
            size, strides, "same", data_format="channels_last", name=prefix + name
        )(x)

    def block(x, name, *branches):
        return InceptionBlock3D(*scaled(branches, width), time=time, name=prefix + name)(x)

    return inception_v1(clip, conv, pool, block)


def scaled(channels, width: float):
    """Return a number of channels times `width`, at least 1; of a tuple each.

    scaled((96, 128), 0.125)    (12, 16)
    """
    if isinstance(channels, tuple):
        return tuple(scaled(one, width) for one in channels)
    return max(1, round(channels * width))


def build_inception_v1(
    classes: int = 1001,
    include_top: bool = True,
    input_shape: tuple | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    name: str = "inception_v1",
    input_tensor=None,
) -> keras.Model:
    """Return slim's 2D Inception-v1 with random weights; arguments as in `keras_i3d.InceptionV1`.

    It is made of Keras' own layers, so that `inflate` takes it like any other network. End points
    have slim's names: `model.get_layer("Mixed_4f").output`.

    Source: slim, nets/inception_v1.py and inception_utils.py: batch norm without scale, epsilon
    1e-3, decay 0.9997; 3x3 in the branch that is 5x5 in the paper.
    """

    def conv(x, name, filters, kernel_size, strides=1):
        name = without_time(name)
        x = layers.Conv2D(
            filters,
            kernel_size,
            strides,
            "same",
            use_bias=False,
            kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.01),
            name=f"{name}_conv_2d",
        )(x)
        x = layers.BatchNormalization(
            momentum=0.9997, epsilon=1e-3, scale=False, name=f"{name}_batch_norm"
        )(x)
        return layers.Activation("relu", name=name)(x)

    def pool(x, name, size, strides):
        size, strides = (n[1:] if isinstance(n, tuple) else n for n in (size, strides))
        return layers.MaxPooling2D(size, strides, "same", name=without_time(name))(x)

    def block(x, name, branch_0, branch_1, branch_2, branch_3):
        def chain(branch, *filters):
            inner = conv(x, f"{name}_{branch}_Conv2d_0a_1x1", filters[0], 1)
            if len(filters) > 1:
                inner = conv(inner, f"{name}_{branch}_Conv2d_0b_3x3", filters[1], 3)
            return inner

        shrunk = pool(x, f"{name}_Branch_3_MaxPool_0a_3x3", 3, 1)
        last = conv(shrunk, f"{name}_Branch_3_Conv2d_0b_1x1", branch_3, 1)
        joined = [chain("Branch_0", branch_0), chain("Branch_1", *branch_1)]
        joined += [chain("Branch_2", *branch_2), last]
        return layers.Concatenate(name=name)(joined)

    if input_tensor is not None and input_shape is not None:
        raise ValueError("Give input_shape or input_tensor, not both: the tensor has its shape.")
    image = input_tensor
    if image is None:
        image = keras.Input(input_shape or (None, None, 3), name="image")
    x = inception_v1(image, conv, pool, block)
    if include_top:
        x = layers.AveragePooling2D(7, 1, name="AvgPool_0a_7x7")(x)
        x = layers.Dropout(dropout, name="Dropout_0b")(x)
        x = layers.Conv2D(classes, 1, name="Conv2d_0c_1x1_conv_2d")(x)
        x = layers.GlobalAveragePooling2D(name="Logits")(x)
        if classifier_activation is not None:
            x = layers.Activation(classifier_activation, name="Predictions", dtype="float32")(x)
    elif pooling == "avg":
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    elif pooling == "max":
        x = layers.GlobalMaxPooling2D(name="max_pool")(x)
    elif pooling is not None:
        raise ValueError(f"pooling should be None, 'avg' or 'max'. Received: pooling={pooling!r}")
    inputs = image if input_tensor is None else keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, x, name=name)


def without_time(name: str) -> str:
    """Turn 'Conv3d_1a_7x7' into slim's 'Conv2d_1a_7x7', 'MaxPool3d_2a_3x3' to 'MaxPool_2a_3x3'."""
    return name.replace("Conv3d", "Conv2d").replace("MaxPool3d", "MaxPool")
