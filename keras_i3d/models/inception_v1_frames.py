"""I3D's trunk without time: the image network on every frame of a clip."""

import keras

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.inflation.graph import inflate
from keras_i3d.models.i3d import check_stream, mean_logits, pooled, predictions
from keras_i3d.models.inception_v1 import build_inception_v1


def build_inception_v1_frames(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape: tuple | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
) -> keras.Model:
    """Inception-v1 on every frame, the mean of the frames' logits; arguments as in `keras_i3d.I3D`.

    It tells what single frames show, and nothing of what moves between them.
    """
    check_stream(stream)
    frames, *image = input_shape or (None, None, None, CHANNELS[stream])
    images = build_inception_v1(include_top=False, input_shape=tuple(image))
    trunk = inflate(images, schedule="none", frames=frames)
    if include_top:
        x = predictions(mean_logits(trunk.output, classes, dropout), classifier_activation)
    else:
        x = pooled(trunk.output, pooling)
    return keras.Model(trunk.input, x, name=name or f"inception_v1_frames_{stream}")
