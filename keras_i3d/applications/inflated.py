"""I3D from the image networks of keras.applications."""

from collections.abc import Callable

import keras

from keras_i3d.applications.heads import built_with, chosen_classes, read_file
from keras_i3d.applications.resnet_3d import APPLICATIONS
from keras_i3d.models.catalogue import NETWORKS
from keras_i3d.models.inflated import build_inflated, image_classes
from keras_i3d.weights import formats
from keras_i3d.weights.integrity import UnavailableError

# What `weights` is by default: of each variant its own.
USUAL = "usual"


def _application(
    network: str, name: str, doc: str, variants: dict[str, str] | None = None
) -> Callable[..., keras.Model]:
    """The application of one network of the catalogue; all have these arguments.

    `variants` has the 3D ResNets, by the catalogue's names, that can take its place.
    """

    def application(
        weights: str | None = USUAL,
        *,
        variant: str = "inflated",
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
        if variant != "inflated":
            return of_variant(
                variant,
                "kinetics" if weights == USUAL else weights,
                schedule,
                stream=stream,
                include_top=include_top,
                classes=classes,
                new_head=new_head,
                input_shape=input_shape,
                pooling=pooling,
                classifier_activation=classifier_activation,
                dropout=dropout,
                name=name,
            )
        weights = "imagenet" if weights == USUAL else weights

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
        arrays = read_file(weights, plain, head, formats.OUR_FILES, ["imagenet"])
        return built_with(build, arrays, head, weights=weights, **asked)

    def of_variant(variant: str, weights, schedule, **options) -> keras.Model:
        if variant not in (variants or {}):
            raise ValueError(
                f"variant should be one of {('inflated', *(variants or {}))} for {name}. "
                f"Received: variant={variant!r}"
            )
        if schedule is not None:
            raise ValueError(
                f"schedule should be None for variant={variant!r}, which is not inflated. "
                f"Received: schedule={schedule!r}"
            )
        return APPLICATIONS[variants[variant]](weights, **options)

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
        weights: by default "imagenet" (keras.applications', inflated, with its head of 1000
            classes); None for random ones, or the path of a .keras or .weights.h5 file of this
            network. Of the other variants by default "kinetics", or a file of theirs.
        variant: "inflated", keras.applications' ResNet50, which this page is about; "kinetics",
            SlowFast's I3D_8x8_R50; "mmaction2", its 32x2; "mmaction2_heavy". The last three are
            `NonLocalI3DResNet50` without the non-local blocks; see there.
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
    {"kinetics": "i3d_r50", "mmaction2": "mm_i3d_r50", "mmaction2_heavy": "mm_i3d_r50_heavy"},
)
I3DResNet101 = _application(
    "i3d_resnet101",
    "I3DResNet101",
    """Return ResNet101, inflated: 3x1x1 in every other block; arguments of `I3DResNet50`.

    variant="kinetics" is SlowFast's layout with ResNet-101's depth; nobody has published weights.
    """,
    {"kinetics": "i3d_r101"},
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
