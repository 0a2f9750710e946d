"""I3D from the image networks of keras.applications."""

import keras

from keras_i3d.models.inflated import build_inflated
from keras_i3d.weights import formats
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.integrity import UnavailableError


def I3DInceptionV3(weights="imagenet", **options) -> keras.Model:
    """Inception-v3, inflated as the paper inflates Inception-v1; arguments of `I3DResNet50`.

    Clips are preprocessed as keras.applications.inception_v3.preprocess_input does: [-1, 1].
    """
    return _network("i3d_inception_v3", weights, options)


def I3DResNet50(weights: str | None = "imagenet", **options) -> keras.Model:
    """ResNet50, inflated: 3x1x1 in every other block, as mmaction2's I3D-R50.

    Args:
        weights: "imagenet" (keras.applications', inflated; the head is random), None for random
            ones, or the path of a .keras or .weights.h5 file of this network.
        stream: "rgb", 3 channels, or "flow", 2 channels, whose stem is the mean of the RGB stem
            over its channels in each of the two, unscaled.
        include_top: whether the network ends in mean, dropout and a dense layer, or in the trunk's
            features (batch, time, height, width, channels).
        classes: number of classes, 400 by default.
        input_shape: (frames, height, width, channels); frames may be None, as by default.
        pooling, classifier_activation, dropout, name: as for `keras_i3d.I3D`.
        schedule: which layers get time, as for `keras_i3d.inflate`; by default "resnet_3x1x1", for
            Inception-v3 and VGG16 "i3d".

    Returns:
        A functional model from clips, preprocessed as keras.applications.resnet.preprocess_input
        does, to (batch, classes).

    Raises:
        ValueError: for arguments that do not go together, and for a file that does not fit.
        OSError: when keras.applications cannot fetch its weights.

    Source: mmaction2, configs/recognition/i3d, I3D-R50 32x2: 28.0 M parameters.
    """
    return _network("i3d_resnet50", weights, options)


def I3DResNet101(weights="imagenet", **options) -> keras.Model:
    """ResNet101, inflated: 3x1x1 in every other block; arguments of `I3DResNet50`."""
    return _network("i3d_resnet101", weights, options)


def I3DVGG16(weights="imagenet", **options) -> keras.Model:
    """VGG16, inflated: all kernels cubic; arguments of `I3DResNet50`.

    Clips are preprocessed as keras.applications.vgg16.preprocess_input does.
    """
    return _network("i3d_vgg16", weights, options)


def _network(network: str, weights: str | None, options: dict) -> keras.Model:
    if weights in (None, "imagenet"):
        try:
            return build_inflated(network, weights, **options)
        except Exception as error:
            # keras.utils.get_file has no exception of its own for what cannot be fetched.
            if "URL fetch failure" not in str(error):
                raise
            raise UnavailableError(f"weights='imagenet' of keras.applications: {error}") from error
    model = build_inflated(network, None, **options)
    try:
        arrays = formats.read_weights(
            weights, lambda found: build_inflated(network, None, **options), formats.OUR_FILES
        )
    except FileNotFoundError as error:
        raise ValueError(f"weights={weights!r} is neither a file nor 'imagenet'") from error
    assign(model, arrays, f"weights={weights!r}")
    return model
