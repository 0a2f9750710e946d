"""I3D from the image networks of keras.applications."""

from collections.abc import Callable

import keras

from keras_i3d.applications.heads import built_with, chosen_classes
from keras_i3d.models.catalogue import NETWORKS
from keras_i3d.models.inflated import build_inflated, image_classes
from keras_i3d.weights import formats
from keras_i3d.weights.integrity import UnavailableError


def _application(network: str, name: str, doc: str) -> Callable[..., keras.Model]:
    """The application of one network of the catalogue; all have these arguments."""

    def application(
        weights: str | None = "imagenet",
        *,
        stream: str = "rgb",
        include_top: bool = True,
        classes: int | None = None,
        new_head: bool = False,
        input_shape: tuple | None = None,
        pooling: str | None = None,
        classifier_activation="softmax",
        dropout: float = 0.5,
        schedule=None,
        name: str | None = None,
    ) -> keras.Model:
        def build(classes: int, image_weights: str | None = None) -> keras.Model:
            return build_inflated(
                network,
                image_weights,
                stream,
                include_top,
                classes,
                input_shape,
                pooling,
                classifier_activation,
                dropout,
                schedule,
                name,
                image_head=not new_head,
            )

        def plain(classes: int) -> keras.Model:
            return build_inflated(
                network, None, stream, classes > 0, classes or 1, input_shape, schedule=schedule
            )

        asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
        if weights is None:
            return build(chosen_classes(None, None, **asked))
        if weights == "imagenet":
            chosen = chosen_classes(weights, image_classes(network), **asked)
            return _from_keras(lambda: build(chosen, "imagenet"))
        head = NETWORKS[network].head
        try:
            arrays = formats.read_weights(weights, plain, head)
        except FileNotFoundError as error:
            raise ValueError(
                f"weights should be 'imagenet', None, or the path of a file. Received: "
                f"weights={weights!r}, which is neither a name nor a file"
            ) from error
        return built_with(build, arrays, head, weights=weights, **asked)

    application.__name__ = application.__qualname__ = name
    application.__doc__ = doc
    return application


def _from_keras(build: Callable[[], keras.Model]) -> keras.Model:
    try:
        return build()
    except Exception as error:
        # keras.utils.get_file has no exception of its own for what cannot be fetched.
        if "URL fetch failure" not in str(error):
            raise
        raise UnavailableError(f"weights='imagenet' of keras.applications: {error}") from error


I3DResNet50 = _application(
    "i3d_resnet50",
    "I3DResNet50",
    """Return ResNet50, inflated: 3x1x1 in every other block, as mmaction2's I3D-R50.

    Args:
        weights: "imagenet" (keras.applications', inflated, with its head of 1000 classes), None for
            random ones, or the path of a .keras or .weights.h5 file of this network.
        stream: "rgb", 3 channels, or "flow", 2 channels, whose stem is the mean of the RGB stem
            over its channels in each of the two, unscaled.
        include_top: whether the network ends in mean, dropout and a dense layer, or in the trunk's
            features (batch, time, height, width, channels).
        classes: number of classes; by default that of the weights, 400 for random ones.
        input_shape: (frames, height, width, channels); frames may be None, as by default.
        new_head, pooling, classifier_activation, dropout, name: as for `keras_i3d.I3D`.
        schedule: which layers get time, as for `keras_i3d.inflate`; by default "resnet_3x1x1", for
            Inception-v3 and VGG16 "i3d".

    Returns:
        A functional model from clips, preprocessed as keras.applications.resnet.preprocess_input
        does, to (batch, classes).

    Raises:
        ValueError: for arguments that do not go together, and for a file that does not fit.
        OSError: when keras.applications cannot fetch its weights.

    Source: mmaction2, configs/recognition/i3d, I3D-R50 32x2: 28.0 M parameters.
    """,
)
I3DResNet101 = _application(
    "i3d_resnet101",
    "I3DResNet101",
    """Return ResNet101, inflated: 3x1x1 in every other block; arguments of `I3DResNet50`.""",
)
I3DInceptionV3 = _application(
    "i3d_inception_v3",
    "I3DInceptionV3",
    """Return Inception-v3, inflated as the paper inflates Inception-v1.

    Arguments are those of `I3DResNet50`. Clips are preprocessed as
    keras.applications.inception_v3.preprocess_input does: [-1, 1].
    """,
)
I3DVGG16 = _application(
    "i3d_vgg16",
    "I3DVGG16",
    """Return VGG16, inflated: all kernels cubic.

    Arguments are those of `I3DResNet50`. VGG16's own head is of fully connected layers over
    positions and cannot be inflated: weights="imagenet" comes with include_top=False or
    new_head=True. Clips are preprocessed as keras.applications.vgg16.preprocess_input does.
    """,
)
