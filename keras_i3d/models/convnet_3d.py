"""The paper's 3D-ConvNet: C3D with batch norm, and a first pool that halves time."""

import keras
from keras import layers

from keras_i3d.layers import ConvUnit3D
from keras_i3d.models.i3d import clip_input, pooled, predictions
from keras_i3d.models.inception_v1 import scaled

HEAD = "fc8"
SIDE, LAST_STRIDE = 112, 32


def convnet_3d(clip, width: float = 1.0):
    """Turn (batch, 16, 112, 112, c) into pool5, (batch, 1, 4, 4, 512); any other size likewise.

    Source: "Quo Vadis, Action Recognition?", section 2.2 and figure 2 b; Tran et al., "Learning
    Spatiotemporal Features with 3D Convolutional Networks", 2015, for what it leaves open. Its 79 M
    parameters are those of pools that pad, 7 to 4, and of batch norm without scale and convolutions
    without bias. With the first pool's step 16 frames are one before the last pool, which leaves
    time alone.
    """

    def conv(x, name, filters):
        return ConvUnit3D(scaled(filters, width), 3, name=name)(x)

    def pool(x, name, size=2):
        return layers.MaxPooling3D(size, padding="same", data_format="channels_last", name=name)(x)

    # fmt: off
    x = conv(clip, "conv1a", 64)        # 16, 112, 112,  64
    x = pool(x, "pool1")                #  8,  56,  56,  64
    x = conv(x, "conv2a", 128)          #  8,  56,  56, 128
    x = pool(x, "pool2")                #  4,  28,  28, 128
    x = conv(x, "conv3a", 256)          #  4,  28,  28, 256
    x = conv(x, "conv3b", 256)          #  4,  28,  28, 256
    x = pool(x, "pool3")                #  2,  14,  14, 256
    x = conv(x, "conv4a", 512)          #  2,  14,  14, 512
    x = conv(x, "conv4b", 512)          #  2,  14,  14, 512
    x = pool(x, "pool4")                #  1,   7,   7, 512
    x = conv(x, "conv5a", 512)          #  1,   7,   7, 512
    x = conv(x, "conv5b", 512)          #  1,   7,   7, 512
    x = pool(x, "pool5", (1, 2, 2))     #  1,   4,   4, 512
    # fmt: on
    return x


def build_convnet_3d(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
) -> keras.Model:
    """Return 3D-ConvNet with random weights; arguments as in `keras_i3d.ConvNet3D`.

    The two fully connected layers are convolutions over all of pool5, so that the logits of clips
    longer or larger than those it was built for are averaged. Dropout follows both, as in C3D.
    """
    clip = clip_input(stream, input_shape, None, include_top, least=(1, 1, 1))
    x = convnet_3d(clip, width)
    if include_top:
        rows, columns = (-(-(side or SIDE) // LAST_STRIDE) for side in clip.shape[2:4])
        for fc, extent in (("fc6", (1, rows, columns)), ("fc7", 1)):  # 1, 1, 1, 4096
            x = ConvUnit3D(scaled(4096, width), extent, padding="valid", name=fc)(x)
            x = layers.Dropout(dropout, name=f"{fc}_dropout")(x)
        unit = {"use_batch_norm": False, "use_bias": True, "activation": None}
        x = ConvUnit3D(classes, 1, **unit, name=HEAD)(x)
        x = layers.GlobalAveragePooling3D(data_format="channels_last", name="Logits")(x)
        x = predictions(x, classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(clip, x, name=name or f"convnet_3d_{stream}")
