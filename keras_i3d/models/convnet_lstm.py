"""The paper's ConvNet+LSTM: an image network on every frame, and an LSTM over what it sees."""

import keras
from keras import layers

from keras_i3d.layers import BatchNormLSTM, HeadPooling3D, LastStep
from keras_i3d.models.i3d import clip_input, pooled, predictions
from keras_i3d.models.inception_v1 import TOTAL_STRIDES, inception_v1_3d, scaled

# The scores of every step, of which training takes a loss each.
HEAD = "Scores"
# Frames of a clip in training: so many steps of the LSTM have batch statistics of their own.
STEPS = 25
# Where all clips of a batch show the same, as in flow while nothing moves, batch norm multiplies
# what little differs by its scale over sqrt(EPSILON): 32 with the layer's own, and a gradient that
# goes back through five such steps reaches 1e7, or only noise. Here the product stays below 1. The
# LSTM's source (section 5.1) lets training start from random states instead.
EPSILON = 0.03


def build_convnet_lstm(
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
    """Return ConvNet+LSTM with random weights; arguments as in `keras_i3d.ConvNetLSTM`.

    Source: "Quo Vadis, Action Recognition?", section 2.1 and figure 2 a: an LSTM of 512 with batch
    norm behind the last average pool of Inception-v1, a classifier on top of it at every step.
    """
    clip = clip_input(stream, input_shape, None, include_top, least=(1, 1, 1))
    x = inception_v1_3d(clip, "", width, time=False)  # t, 7, 7, 1024
    if include_top:
        x = HeadPooling3D((1, None, None), TOTAL_STRIDES, name="AvgPool3d_0a_7x7")(x)
        x = layers.Reshape((-1, scaled(1024, width)), name="Steps")(x)  # t, 1024
        x = BatchNormLSTM(scaled(512, width), STEPS, epsilon=EPSILON, dtype="float32", name="LSTM")(
            x
        )  # t, 512
        x = layers.Dropout(dropout, name="Dropout_0b")(x)
        x = layers.Dense(classes, name=HEAD)(x)  # t, classes
        x = predictions(LastStep(name="Logits")(x), classifier_activation)  # classes
    else:
        x = pooled(x, pooling)
    return keras.Model(clip, x, name=name or f"convnet_lstm_{stream}")
