"""Slim's 2D Inception-v1 with its weights: keras.applications has none."""

import keras

from keras_i3d.applications.heads import built_with, chosen_classes, read_file
from keras_i3d.models.inception_v1 import build_inception_v1
from keras_i3d.weights import formats, imagenet

HEAD = ("Conv2d_0c_1x1_conv_2d",)
CLASSES = 1001


def InceptionV1(
    weights: str | None = "imagenet",
    *,
    include_top: bool = True,
    classes: int | None = None,
    new_head: bool = False,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    name: str = "inception_v1",
) -> keras.Model:
    """Return the image network that I3D was inflated from.

    Args:
        weights: "imagenet" (slim's of 2016, 1001 classes, background first), None for random ones,
            or the path of a file: slim's checkpoint or the .tar.gz it comes in, torchvision's
            GoogLeNet (.pth, 1000 classes), .weights.h5, .keras.
        include_top: whether the network ends in class scores, or in the features of Mixed_5c.
        classes: number of classes; by default that of the weights, 1001 for random ones.
        input_shape: (height, width, 3), height and width possibly None, as they are by default.
        new_head, input_tensor, pooling, classifier_activation, dropout, name: as for
            `keras_i3d.I3D`.

    Returns:
        A functional model of Keras' own layers from images (batch, height, width, 3) in [-1, 1] to
        (batch, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Source: slim, nets/inception_v1.py; top-1 69.8 on ImageNet.
    """

    def build(classes: int) -> keras.Model:
        return build_inception_v1(
            classes,
            include_top,
            input_shape,
            pooling,
            classifier_activation,
            dropout,
            name,
            input_tensor,
        )

    def plain(classes: int) -> keras.Model:
        return build_inception_v1(classes or CLASSES, include_top=classes > 0)

    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    if weights is None:
        return build(chosen_classes(None, CLASSES, **asked))
    if weights == "imagenet":
        arrays = imagenet.image_paths(imagenet.published_inception_v1())
    else:
        arrays = read_file(weights, plain, HEAD, formats.INCEPTION_V1_FILES, ["imagenet"])
    return built_with(build, arrays, HEAD, weights=weights, **asked)
