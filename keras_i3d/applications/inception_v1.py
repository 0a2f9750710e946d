"""Slim's 2D Inception-v1 with its weights: keras.applications has none."""

import keras

from keras_i3d.models.inception_v1 import build_inception_v1
from keras_i3d.weights import formats, imagenet
from keras_i3d.weights.assignment import assign

HEAD = "Conv2d_0c_1x1_conv_2d/"


def InceptionV1(
    weights: str | None = "imagenet",
    include_top: bool = True,
    classes: int | None = None,
    input_shape: tuple | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    name: str = "inception_v1",
) -> keras.Model:
    """The image network that I3D was inflated from.

    Args:
        weights: "imagenet" (slim's of 2016, 1001 classes, background first), None for random ones,
            or the path of a file: slim's checkpoint or the .tar.gz it comes in, torchvision's
            GoogLeNet (.pth, 1000 classes), .weights.h5, .keras.
        include_top: whether the network ends in class scores, or in the features of Mixed_5c.
        classes: number of classes; by default that of the weights, 1001 for random ones.
        input_shape: (height, width, 3), height and width possibly None, as they are by default.
        pooling, classifier_activation, dropout, name: as for `keras_i3d.I3D`.

    Returns:
        A functional model of Keras' own layers from images (batch, height, width, 3) in [-1, 1] to
        (batch, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Source: slim, nets/inception_v1.py; top-1 69.8 on ImageNet.
    """

    def build(classes: int | None) -> keras.Model:
        return build_inception_v1(
            classes or 1001,
            include_top,
            input_shape,
            pooling,
            classifier_activation,
            dropout,
            name,
        )

    def plain(classes: int | None) -> keras.Model:
        return build_inception_v1(classes or 1001, classes is not None)

    if weights is None:
        return build(classes)
    if weights == "imagenet":
        if include_top and classes not in (None, 1001):
            raise ValueError(
                f"weights='imagenet' has a head of 1001 classes. Received: classes={classes}. For "
                f"a head of your own, take include_top=False, pooling='avg' and add a Dense layer."
            )
        arrays = imagenet.image_paths(imagenet.published_inception_v1())
    else:
        try:
            arrays = formats.read_weights(weights, plain, formats.INCEPTION_V1_FILES)
        except FileNotFoundError as error:
            raise ValueError(f"weights={weights!r} is neither a file nor 'imagenet'") from error
    if not include_top:
        arrays = {path: array for path, array in arrays.items() if not path.startswith(HEAD)}
    bias = arrays.get(f"{HEAD}bias")
    model = build(classes or (None if bias is None else len(bias)))
    assign(model, arrays, f"weights={weights!r}")
    return model
