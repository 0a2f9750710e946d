"""The networks that "Quo Vadis" compares I3D with, and C3D, with their weights."""

import keras

from keras_i3d.applications.heads import (
    Arrays,
    assign_with_head,
    built_with,
    chosen_classes,
    read_arrays,
)
from keras_i3d.models.i3d import HEAD
from keras_i3d.models.network import Network
from keras_i3d.models.quo_vadis_networks import (
    C3D as C3D_NETWORK,
)
from keras_i3d.models.quo_vadis_networks import (
    CONVNET_2D,
    CONVNET_3D,
    CONVNET_LSTM,
    FUSED_3D,
    TWO_STREAM,
)
from keras_i3d.shown_options import options_of
from keras_i3d.weights import imagenet

# The layers behind the features, where there are more than the classes' own.
TOPS = {
    "convnet_lstm": ("LSTM", *CONVNET_LSTM.head),
    "convnet_3d": ("fc6", "fc7", *CONVNET_3D.head),
    "c3d": ("fc6", "fc7", *C3D_NETWORK.head),
}


@options_of(CONVNET_LSTM.build)
def ConvNetLSTM(
    weights: str | None = None,
    *,
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return ConvNet+LSTM: Inception-v1 on every frame, an LSTM of 512, classes after every step.

    Args:
        weights: None for random ones, "imagenet" (slim's Inception-v1 as the trunk; with the top
            it needs new_head=True), or the path of a .keras or .weights.h5 file of this network.
        options: as for `keras_i3d.I3D`, by name: stream, include_top, classes, new_head,
            input_shape, pooling, classifier_activation, dropout, name; and width, a factor of all
            channels between the clip and the classes.

    Returns:
        A functional model from clips (batch, time, height, width, channels) in [-1, 1], every fifth
        frame of 25 a second, to the last step's (batch, classes). Training takes the loss of every
        step: `model.get_layer("Scores").output`, (batch, time, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750, figure 2 a.
    """
    return _application(CONVNET_LSTM, weights, classes, new_head, **options)


@options_of(CONVNET_3D.build)
def ConvNet3D(
    weights: str | None = None,
    *,
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return 3D-ConvNet, the paper's C3D with batch norm.

    Args:
        weights: None for random ones, or the path of a .keras or .weights.h5 file of this network.
        options: as for `ConvNetLSTM`. By default `input_shape` is (None, 112, 112, channels): its
            fully connected layers are made for one size.

    Returns:
        A functional model from clips (batch, 16, 112, 112, channels) in [-1, 1] to
        (batch, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750, figure 2 b.
    """
    return _application(CONVNET_3D, weights, classes, new_head, **options)


@options_of(C3D_NETWORK.build)
def C3D(
    weights: str | None = None,
    *,
    variant: str = "mmaction2",
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return C3D as it was published, without batch norm.

    Args:
        weights: None for random ones, or the path of a file: mmaction2's C3D (.pth) of UCF-101, or
            of Sports-1M, which has no class scores and needs new_head=True; .keras, .weights.h5.
        variant: whose last pool: "mmaction2", with which it also runs its Sports-1M file, or
            "caffe", where that file comes from. Each gives other logits.
        options: as for `ConvNet3D`.

    Returns:
        A functional model from clips (batch, 16, 112, 112, channels), red first, less 104, 117 and
        128 as mmaction2 has it, to (batch, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Tran et al., https://arxiv.org/abs/1412.0767; mmaction2, models/backbones/c3d.py.
    """
    return _application(C3D_NETWORK, weights, classes, new_head, variant=variant, **options)


@options_of(CONVNET_2D.build, without=("stacks",))
def ConvNet2D(
    weights: str | None = None,
    *,
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return one stream of Two-Stream: Inception-v1 on one frame, or on ten frames of flow.

    Args:
        weights: None for random ones, "imagenet" (slim's Inception-v1; in each of the twenty
            channels of flow the mean of the RGB stem over its colours), or the path of a .keras or
            .weights.h5 file of this network.
        options: as for `ConvNetLSTM`.

    Returns:
        A functional model from clips in [-1, 1], (batch, 1, height, width, 3), or of flow
        (batch, 10, height, width, 2), to (batch, classes). Of more frames the logits are averaged.

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Simonyan and Zisserman, https://arxiv.org/abs/1406.2199; of the flow's start Wang et
    al., https://arxiv.org/abs/1608.00859, section 3.2, cross-modality pre-training.
    """
    return _application(CONVNET_2D, weights, classes, new_head, **options)


@options_of(TWO_STREAM.build)
def TwoStream(
    weights: str | dict[str, str] | None = None,
    *,
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return Two-Stream: two `ConvNet2D`, whose probabilities are averaged.

    Args:
        weights: None for random ones, "imagenet", the path of a .keras or .weights.h5 file of this
            network, or {"rgb": path, "flow": path} of files of `ConvNet2D`.
        options: as for `ConvNetLSTM`, but for stream; input_shape is {"rgb": ..., "flow": ...}.

    Returns:
        A functional model from {"rgb": (batch, 1, height, width, 3), "flow": (batch, 10, height,
        width, 2)} to (batch, classes). With classifier_activation=None it gives the logarithm of
        the mean of the streams' probabilities, whose softmax is that mean.

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750, figure 2 c.
    """
    if isinstance(weights, dict) and weights.keys() != TWO_STREAM.prefixes.keys():
        raise ValueError(
            f"weights should have an entry for each of {sorted(TWO_STREAM.prefixes)}. Received: "
            f"{sorted(weights)}"
        )
    return _application(TWO_STREAM, weights, classes, new_head, **options)


@options_of(FUSED_3D.build)
def Fused3D(
    weights: str | None = None,
    *,
    classes: int | None = None,
    new_head: bool = False,
    **options,
) -> keras.Model:
    """Return 3D-Fused: both streams' image networks, joined by a convolution in time and space.

    Args:
        weights: None for random ones, "imagenet" (both trunks, as for `ConvNet2D`; with the top it
            needs new_head=True), or the path of a .keras or .weights.h5 file of this network.
        options: as for `TwoStream`. By default clips have at least 160 x 160 pixels; of smaller
            ones give their input_shape.

    Returns:
        A functional model from {"rgb": (batch, 5, height, width, 3), "flow": (batch, 50, height,
        width, 2)} in [-1, 1], every tenth frame and the flow from it to the next, to
        (batch, classes).

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Carreira and Zisserman, https://arxiv.org/abs/1705.07750, figure 2 d.
    """
    return _application(FUSED_3D, weights, classes, new_head, **options)


def has_image_head(network: Network) -> bool:
    """Return whether the class scores are those of the image network, so that it brings them."""
    prefixes = network.prefixes.values() or ("",)
    return network.head == tuple(prefix + HEAD for prefix in prefixes)


def _application(
    network: Network,
    weights,
    classes: int | None,
    new_head: bool,
    *,
    include_top: bool = True,
    **options,
) -> keras.Model:
    """Build a network and give it its weights; `options` are those of its `build`."""

    def build(classes: int) -> keras.Model:
        return network.build(include_top=include_top, classes=classes, **options)

    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    if weights is None:
        return build(chosen_classes(None, None, **asked))
    top = network.head if include_top else TOPS.get(network.name, network.head)
    images = None
    if network.image_weights and not isinstance(weights, dict):
        stream = "both" if network.joint else options.get("stream", "rgb")
        images = imagenet.image_arrays(weights, network.name, stream)
    if images is not None:
        found = len(images[imagenet.HEAD_BIAS]) if has_image_head(network) else None
        model = build(chosen_classes(weights, found, **asked))
        arrays = imagenet.in_each_stream(images, model, network.prefixes)
        assign_with_head(model, arrays, top, new_head, f"weights={weights!r}")
        return model
    arrays = _read(network, weights, options)
    return built_with(build, arrays, top, weights=weights, **asked)


def _read(network: Network, weights, options: dict) -> Arrays:
    """{path in the model: array} of a file, or of a file a stream."""
    if isinstance(weights, dict):
        shapes = options.get("input_shape") or {}
        return {
            network.prefixes[stream] + path: array
            for stream, file in weights.items()
            for path, array in _read(
                CONVNET_2D, file, {"stream": stream, "input_shape": shapes.get(stream)}
            ).items()
        }

    def plain(classes: int) -> keras.Model:
        return network.build(include_top=classes > 0, classes=classes or 1, **options)

    others = ["imagenet"] if network.image_weights else []
    stream = options.get("stream", "rgb")
    return read_arrays(network.name, weights, stream, plain, network.head, others)
