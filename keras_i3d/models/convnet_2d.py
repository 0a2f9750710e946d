"""One stream of the paper's Two-Stream: an image network on one frame, or on ten frames of flow."""

from collections.abc import Mapping

import keras

from keras_i3d.layers import FrameStack
from keras_i3d.models.i3d import HEAD, clip_input, mean_logits, pooled, predictions
from keras_i3d.models.inception_v1 import inception_v1_3d

# Frames that the image network sees at once; and as many of single frames, of flow too.
STACKS = {"rgb": 1, "flow": 10}
SINGLE = {"rgb": 1, "flow": 1}


def convnet_2d(clip, stack: int, prefix: str = "", width: float = 1.0):
    """Turn (batch, stack * t, 224, 224, c) into (batch, t, 7, 7, 1024).

    Source: "Quo Vadis, Action Recognition?", section 2.3 and figure 2 c.
    """
    if stack > 1:
        clip = FrameStack(stack, name=f"{prefix}Stack")(clip)
    return inception_v1_3d(clip, prefix, width, time=False)


def build_convnet_2d(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
    stacks: Mapping[str, int] = STACKS,
) -> keras.Model:
    """Return one stream of Two-Stream with random weights; arguments as in `keras_i3d.ConvNet2D`.

    `stacks` has the frames that are joined along the channels, by stream. Of several stacks the
    logits are averaged: that tells what each shows, and nothing of what moves between them.
    """
    stack = stacks.get(stream, 1)
    clip = clip_input(stream, input_shape, None, include_top, least=(stack, 1, 1))
    x = convnet_2d(clip, stack, width=width)
    if include_top:
        x = predictions(mean_logits(x, classes, dropout, HEAD), classifier_activation)
    else:
        x = pooled(x, pooling)
    return keras.Model(clip, x, name=name or f"convnet_2d_{stream}")
