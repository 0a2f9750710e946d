"""I3D and Two-Stream I3D with their weights."""

from collections.abc import Callable

import keras
import numpy as np

from keras_i3d.models.i3d import CHANNELS, build_i3d, build_two_stream_i3d, stream_prefix
from keras_i3d.weights import download, formats, imagenet
from keras_i3d.weights.assignment import assign
from keras_i3d.weights.records import PUBLISHED, published
from keras_i3d.weights.sources import deepmind
from keras_i3d.weights.tf_checkpoint import read_checkpoint

HEAD = "Conv3d_0c_1x1/"
Arrays = dict[str, np.ndarray]


def I3D(
    weights: str | None = "kinetics",
    stream: str = "rgb",
    include_top: bool = True,
    classes: int | None = None,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
) -> keras.Model:
    """One stream of I3D, the inflated Inception-v1 of "Quo Vadis, Action Recognition?".

    Args:
        weights: "kinetics" (DeepMind's rgb_scratch, flow_scratch), "imagenet+kinetics"
            (rgb_imagenet, flow_imagenet), "kinetics600" (rgb alone), "imagenet" (slim's
            Inception-v1, inflated: the start of the paper's training), None for random weights, or
            the path of a file: a TensorFlow checkpoint of kinetics-i3d, .weights.h5, .keras, a
            PyTorch state-dict of piergiaj or hassony2, a Keras 2 file of dlpbc.
        stream: "rgb", 3 channels, or "flow", 2 channels: x, then y.
        include_top: whether the network ends in class scores, or in the features of Mixed_5c.
        classes: number of classes; by default that of the weights, 400 for random ones. With
            "imagenet" any other number than its 1001 gets a random head.
        input_shape: (frames, height, width, channels), each of the first three possibly None, as
            all are by default. With the top, at least 9 frames of 193 x 193 pixels.
        input_tensor: a Keras tensor to build on, instead of a new input.
        pooling: without the top: None for (batch, t/8, h/32, w/32, 1024), "avg" or "max" over t,
            h, w.
        classifier_activation: activation of the scores; None gives logits.
        dropout: rate of the dropout before the last convolution, in training.
        name: the model's name.

    Returns:
        A functional model from clips (batch, time, height, width, channels) in [-1, 1], as
        `preprocess_input` and `data.read_clip` give them, to (batch, classes). Every end point of
        the original is a layer: `model.get_layer("Mixed_4f").output`.

    Raises:
        ValueError: for arguments that do not go together, and for a weights file that is damaged or
            does not fit; nothing is assigned then.
        OSError: when a published file cannot be had; it says where to put it by hand.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750; kinetics-i3d, i3d.py.
    """

    def build(classes: int | None) -> keras.Model:
        return build_i3d(
            stream,
            include_top,
            classes or 400,
            input_shape,
            input_tensor,
            pooling,
            classifier_activation,
            dropout,
            name,
        )

    def plain(classes: int | None) -> keras.Model:
        return build_i3d(stream, classes is not None, classes or 400)

    if stream not in CHANNELS:
        raise ValueError(f"stream should be one of {sorted(CHANNELS)}. Received: stream={stream!r}")
    if weights is None:
        return build(classes)
    if weights == "imagenet":
        model = build(classes or 1001)
        _start_from_imagenet(model)
        return model
    if weights in PUBLISHED:
        record = published(weights, stream)
        model = build(_published_classes(weights, record.classes, classes, include_top))
    arrays = _read(weights, stream, plain)
    if weights not in PUBLISHED:
        model = build(classes or _head_classes(arrays, HEAD))
    if not include_top:
        arrays = {path: array for path, array in arrays.items() if not path.startswith(HEAD)}
    assign(model, arrays, f"weights={weights!r}")
    return model


def TwoStreamI3D(
    weights: str | dict[str, str] | None = "kinetics",
    classes: int | None = None,
    input_shape: dict[str, tuple] | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
) -> keras.Model:
    """Two-Stream I3D: an RGB and a flow network, whose logits are added.

    Args:
        weights: "kinetics" or "imagenet+kinetics", None for random weights, the path of a .keras or
            .weights.h5 file of this network, or {"rgb": ..., "flow": ...} with what `I3D` takes.
        classes: number of classes; by default that of the weights, 400 for random ones.
        input_shape: {"rgb": (frames, height, width, 3), "flow": (frames, height, width, 2)}; all
            free by default.
        classifier_activation, dropout, name: as for `I3D`.

    Returns:
        A functional model from {"rgb": clip, "flow": clip} to (batch, classes). The layers of the
        streams are called "RGB_" and "Flow_" and the end point: `model.get_layer("RGB_Mixed_5c")`.

    Raises:
        ValueError, OSError: as `I3D` does.

    Reference: kinetics-i3d, evaluate_sample.py, eval_type joint.
    """

    def build(classes: int | None) -> keras.Model:
        return build_two_stream_i3d(
            classes or 400, input_shape, classifier_activation, dropout, name
        )

    if weights is None:
        return build(classes)
    if isinstance(weights, str) and weights not in PUBLISHED:
        arrays = formats.read_weights(weights, lambda found: build_two_stream_i3d(found or 400))
    else:
        by_stream = weights if isinstance(weights, dict) else dict.fromkeys(CHANNELS, weights)
        if by_stream.keys() != CHANNELS.keys():
            raise ValueError(
                f"weights should have an entry for each of {sorted(CHANNELS)}. "
                f"Received: {sorted(by_stream)}"
            )
        for stream, source in by_stream.items():
            if source in PUBLISHED:
                _published_classes(source, published(source, stream).classes, classes, top=True)
        arrays = {}
        for stream, source in by_stream.items():
            one = _read(
                source, stream, lambda found, stream=stream: build_i3d(stream, classes=found or 400)
            )
            arrays |= {stream_prefix(stream) + path: array for path, array in one.items()}
    model = build(classes or _head_classes(arrays, stream_prefix("rgb") + HEAD))
    assign(model, arrays, f"weights={weights!r}")
    return model


def _start_from_imagenet(model: keras.Model) -> None:
    """Slim's Inception-v1, inflated, into an I3D; a head of other classes stays as it is."""
    shapes = {v.path: tuple(v.shape) for v in model.weights}
    arrays = imagenet.inflated(imagenet.published_inception_v1(), shapes)
    head = {v.path: v for v in model.weights if v.path.startswith(HEAD)}
    if {path: arrays[path].shape for path in head} != {path: shapes[path] for path in head}:
        arrays |= {path: keras.ops.convert_to_numpy(v.value) for path, v in head.items()}
    arrays = {path: a for path, a in arrays.items() if not path.startswith(HEAD) or path in head}
    assign(model, arrays, "weights='imagenet'")


def _read(weights: str, stream: str, build: Callable[[int | None], keras.Model]) -> Arrays:
    """{path in the model: array} of a published file or of a file of the user's."""
    if weights in PUBLISHED:
        prefix = download.checkpoint(published(weights, stream))
        return deepmind.convert(read_checkpoint(prefix, deepmind.wanted))
    try:
        return formats.read_weights(weights, build)
    except FileNotFoundError as error:
        names = ", ".join(map(repr, [*PUBLISHED, "imagenet"]))
        raise ValueError(
            f"weights={weights!r} is neither a file nor one of {names} or None"
        ) from error


def _published_classes(weights: str, published_classes: int, classes: int | None, top: bool) -> int:
    if top and classes not in (None, published_classes):
        raise ValueError(
            f"weights={weights!r} has a head of {published_classes} classes. Received: "
            f"classes={classes}. For a head of your own, take include_top=False, pooling='avg' and "
            f"add a Dense layer; or weights=None."
        )
    return published_classes


def _head_classes(arrays: Arrays, head: str) -> int | None:
    bias = arrays.get(f"{head}conv_3d/bias")
    return None if bias is None else len(bias)
