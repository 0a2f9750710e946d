"""I3D and Two-Stream I3D with their weights."""

import keras

from keras_i3d.applications.heads import (
    Arrays,
    assign_with_head,
    built_with,
    chosen_classes,
    read_arrays,
)
from keras_i3d.models.catalogue import I3D as NETWORK
from keras_i3d.models.catalogue import TWO_STREAM_I3D
from keras_i3d.models.i3d import PREFIXES, build_i3d, build_two_stream_i3d, check_stream
from keras_i3d.weights import formats, imagenet
from keras_i3d.weights.records import names, published

PUBLISHED = names("i3d")


def I3D(
    weights: str | None = "kinetics",
    *,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int | None = None,
    new_head: bool = False,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return one stream of I3D, the inflated Inception-v1 of "Quo Vadis, Action Recognition?".

    Args:
        weights: "kinetics" (DeepMind's rgb_scratch, flow_scratch), "imagenet+kinetics"
            (rgb_imagenet, flow_imagenet), "kinetics600" (rgb alone), "imagenet" (slim's
            Inception-v1, inflated: the start of the paper's training), None for random weights, or
            the path of a file: a TensorFlow checkpoint of kinetics-i3d, .weights.h5, .keras (that
            of a `convnet_2d` trained on RGB is inflated), a PyTorch state-dict of piergiaj or
            hassony2, a Keras 2 file of dlpbc.
        stream: "rgb", 3 channels, or "flow", 2 channels: x, then y.
        include_top: whether the network ends in class scores, or in the features of Mixed_5c.
        classes: number of classes; by default that of the weights, 400 for random ones. With a top,
            another number than the weights have is an error unless `new_head`.
        new_head: whether the head is a fresh one of `classes` classes, on the weights' trunk.
        input_shape: (frames, height, width, channels), each of the first three possibly None, as
            all are by default. With the top, at least 9 frames of 193 x 193 pixels.
        input_tensor: a Keras tensor to build on, instead of a new input.
        pooling: without the top: None for (batch, t/8, h/32, w/32, 1024), "avg" or "max" over t,
            h, w.
        classifier_activation: activation of the scores; None gives logits.
        dropout: rate of the dropout before the last convolution, in training.
        width: a factor of all channels between the clip and the classes, for random weights and
            files of a network of that width.
        name: the model's name.

    Returns:
        A functional model from clips (batch, time, height, width, channels) in [-1, 1], as
        `preprocess_input` and `read_clip` give them, to (batch, classes). Every end point of the
        original is a layer: `model.get_layer("Mixed_4f").output`.

    Raises:
        ValueError: for arguments that do not go together, and for a weights file that is damaged or
            does not fit; nothing is assigned then.
        OSError: when a published file cannot be fetched; it says where to put it by hand.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750; kinetics-i3d, i3d.py.
    """

    def build(classes: int) -> keras.Model:
        return build_i3d(
            stream,
            include_top,
            classes,
            input_shape,
            input_tensor,
            pooling,
            classifier_activation,
            dropout,
            name,
            width,
        )

    check_stream(stream)
    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    if weights is None:
        return build(chosen_classes(None, None, **asked))
    images = imagenet.image_arrays(weights, NETWORK.name, stream)
    if images is not None:
        model = build(chosen_classes(weights, len(images[imagenet.HEAD_BIAS]), **asked))
        shapes = {v.path: tuple(v.shape) for v in model.weights}
        arrays = imagenet.inflated(images, shapes)
        assign_with_head(model, arrays, NETWORK.head, new_head, f"weights={weights!r}")
        return model
    if weights in PUBLISHED:  # before anything is fetched
        chosen_classes(weights, published("i3d", weights, stream).classes, **asked)
    return built_with(build, _read(weights, stream, width), NETWORK.head, weights=weights, **asked)


def TwoStreamI3D(
    weights: str | dict[str, str] | None = "kinetics",
    *,
    include_top: bool = True,
    classes: int | None = None,
    new_head: bool = False,
    input_shape: dict[str, tuple] | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return Two-Stream I3D: an RGB and a flow network, whose logits are added.

    Args:
        weights: "kinetics" or "imagenet+kinetics", None for random weights, the path of a .keras or
            .weights.h5 file of this network, or {"rgb": ..., "flow": ...} with what `I3D` takes,
            but for "imagenet".
        include_top: whether the network ends in class scores, or in both streams' features.
        input_shape: {"rgb": (frames, height, width, 3), "flow": (frames, height, width, 2)}; all
            free by default.
        classes, new_head, pooling, classifier_activation, dropout, width, name: as for `I3D`.

    Returns:
        A functional model from {"rgb": clip, "flow": clip} to (batch, classes), or without the top
        to {"rgb": features, "flow": features}. The layers of the streams are called "RGB_" and
        "Flow_" and the end point: `model.get_layer("RGB_Mixed_5c")`.

    Raises:
        ValueError, OSError: as `I3D` does.

    Reference: kinetics-i3d, evaluate_sample.py, eval_type joint.
    """

    def build(classes: int) -> keras.Model:
        return build_two_stream_i3d(
            include_top, classes, input_shape, pooling, classifier_activation, dropout, name, width
        )

    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    if weights is None:
        return build(chosen_classes(None, None, **asked))
    if isinstance(weights, str) and weights not in PUBLISHED:
        arrays = formats.read_weights(
            weights, lambda n: build_two_stream_i3d(n > 0, n or 1, width=width), TWO_STREAM_I3D.head
        )
    else:
        by_stream = weights if isinstance(weights, dict) else dict.fromkeys(PREFIXES, weights)
        if by_stream.keys() != PREFIXES.keys():
            raise ValueError(
                f"weights should have an entry for each of {sorted(PREFIXES)}. "
                f"Received: {sorted(by_stream)}"
            )
        for stream, source in by_stream.items():
            if source in PUBLISHED:  # before anything is fetched
                chosen_classes(source, published("i3d", source, stream).classes, **asked)
        arrays = {
            PREFIXES[stream] + path: array
            for stream, source in by_stream.items()
            for path, array in _read(source, stream, width).items()
        }
    return built_with(build, arrays, TWO_STREAM_I3D.head, weights=weights, **asked)


def _read(weights: str, stream: str, width: float) -> Arrays:
    def plain(classes: int) -> keras.Model:
        return build_i3d(stream, classes > 0, classes or 1, width=width)

    return read_arrays("i3d", weights, stream, plain, NETWORK.head, ["imagenet"])
