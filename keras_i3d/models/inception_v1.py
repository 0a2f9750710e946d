"""The trunk of I3D: Inception-v1, inflated to three dimensions."""

from keras import layers

from keras_i3d.layers import ConvUnit3D, InceptionBlock3D

# Frames, rows and columns of the clip that one step of Mixed_5c stands for.
TOTAL_STRIDES = (8, 32, 32)


def inception_v1_3d(clip, prefix: str = ""):
    """(batch, t, 224, 224, c) to Mixed_5c, (batch, t/8, 7, 7, 1024); any other size likewise.

    Every layer is named `prefix` and its end point in kinetics-i3d, so that
    `model.get_layer("Mixed_4f").output` is that end point.

    Source: "Quo Vadis, Action Recognition?", figure 3; kinetics-i3d, i3d.py. The first two max
    pools leave time alone.
    """

    def conv(x, name, filters, kernel_size, strides=1):
        return ConvUnit3D(filters, kernel_size, strides, name=prefix + name)(x)

    def pool(x, name, size, strides):
        return layers.MaxPooling3D(
            size, strides, "same", data_format="channels_last", name=prefix + name
        )(x)

    def block(x, name, *branches):
        return InceptionBlock3D(*branches, name=prefix + name)(x)

    # fmt: off
    x = conv(clip, "Conv3d_1a_7x7",     64, 7, strides=2)           # t/2, 112, 112,   64
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
