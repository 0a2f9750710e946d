"""S3D, S3D-G and D3D with their weights."""

import keras

from keras_i3d.applications.heads import (
    assign_with_head,
    built_with,
    chosen_classes,
    read_arrays,
)
from keras_i3d.models.catalogue import D3D as D3D_NETWORK
from keras_i3d.models.catalogue import S3D as S3D_NETWORK
from keras_i3d.models.catalogue import S3D_G, Network
from keras_i3d.models.i3d import check_stream
from keras_i3d.models.s3d import GATED_LAYOUTS, LAYOUTS, Layout, build_s3d
from keras_i3d.weights import imagenet
from keras_i3d.weights.records import names, published
from keras_i3d.weights.s3d_layouts import layout_of_file


def S3D(
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
    dropout: float = 0.2,
    layout: str | Layout | None = None,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return S3D: I3D with each 3D convolution split into one in space and one in time.

    Args:
        weights: "kinetics" (torchvision's, RGB alone), "imagenet" (slim's Inception-v1; kernels in
            time start as the identity), None for random weights, or the path of a file: a
            PyTorch state-dict of torchvision or kylemin/S3D, a TensorFlow checkpoint of slim's S3D,
            .weights.h5, .keras.
        layout: which of the published S3Ds: "torchvision", "kylemin" or "slim", or a
            `models.s3d.Layout` of one's own; by default that of the weights' file, torchvision's
            for random ones.
        input_shape: (frames, height, width, channels), each of the first three possibly None, as
            all are by default. With the top, torchvision's takes at least 13 frames of 209 x 209.
        stream, include_top, classes, new_head, input_tensor, pooling, classifier_activation,
            dropout, width, name: as for `I3D`.

    Returns:
        A functional model from clips (batch, time, height, width, channels) to (batch, classes).
        Clips are preprocessed as `load` and the network's record have it: torchvision's with its
        mean and deviation at 15 frames a second, the others' to [-1, 1]. Every end point of slim's
        is a layer: `model.get_layer("Mixed_4f").output`.

    Raises:
        ValueError: for arguments that do not go together, and for a weights file that is damaged or
            does not fit; nothing is assigned then.
        OSError: when a published file cannot be fetched; it says where to put it by hand.

    Reference: Xie et al., https://arxiv.org/abs/1712.04851; torchvision, models/video/s3d.py;
    kylemin/S3D; tensorflow/models, research/slim/nets/s3dg.py.
    """
    layout = layout or layout_of_file("s3d", weights) or "torchvision"
    options = (input_shape, input_tensor, pooling, classifier_activation, dropout, name)
    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    design = {"layout": _named(layout, LAYOUTS), "width": width}
    return _application(S3D_NETWORK, weights, stream, design, options, asked)


def S3DG(
    weights: str | None = None,
    *,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int | None = None,
    new_head: bool = False,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    layout: str | Layout | None = None,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return S3D-G: S3D with a gate behind each of its units.

    Args:
        weights: None for random weights, "imagenet" as for `S3D`, or the path of a file: a
            TensorFlow checkpoint of slim's S3D-G or of D3D (princeton-vl/d3dhelper has them of
            Kinetics-400 and -600, RGB and flow), DaniDeniz/S3DG-network-keras' .hdf5, .weights.h5,
            .keras. No file of them has a published hash, so none is fetched.
        layout: "slim"; or "torchvision", the S3D-G of PyTorch codes, for random weights and one's
            own files; or a `models.s3d.Layout`.
        Others: as for `S3D`. Slim's takes clips of any size.

    Returns:
        A functional model from clips (batch, time, height, width, channels) in [-1, 1] to
        (batch, classes). Every end point of slim's is a layer.

    Raises:
        ValueError, OSError: as `S3D` does.

    Reference: Xie et al., https://arxiv.org/abs/1712.04851, section 4.4; tensorflow/models,
    research/slim/nets/s3dg.py; Stroud et al., D3D, https://arxiv.org/abs/1812.08249.
    """
    options = (input_shape, input_tensor, pooling, classifier_activation, dropout, name)
    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    design = {"layout": _named(layout or "slim", GATED_LAYOUTS), "width": width}
    return _application(S3D_G, weights, stream, design, options, asked)


def D3D(
    weights: str | None = None,
    *,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int | None = None,
    new_head: bool = False,
    input_shape: tuple | None = None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.2,
    width: float = 1.0,
    name: str | None = None,
) -> keras.Model:
    """Return D3D: S3D-G on RGB, trained with a network on flow, without needing flow itself.

    Args:
        weights: None for random weights, or the path of a file: a TensorFlow checkpoint of
            princeton-vl/d3dhelper (Kinetics-400 or -600), DaniDeniz/S3DG-network-keras'
            S3DG-Distilled .hdf5, .weights.h5, .keras. None of them has a published hash.
        stream: "rgb" alone.
        Others: as for `S3DG`.

    Returns:
        A functional model from clips (batch, time, height, width, 3) in [-1, 1] to
        (batch, classes); published for 64 frames of 224 x 224. For [0, 1], as in d3dhelper's
        notebook, `keras_i3d.load(file, model="d3d", layout="notebook")` has the preprocessing.

    Raises:
        ValueError, OSError: as `S3DG` does.

    Reference: Stroud et al., https://arxiv.org/abs/1812.08249; princeton-vl/d3dhelper.
    """
    D3D_NETWORK.seen(stream)
    options = (input_shape, input_tensor, pooling, classifier_activation, dropout, name)
    asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
    design = {"layout": GATED_LAYOUTS["slim"], "width": width}
    return _application(D3D_NETWORK, weights, stream, design, options, asked)


def _named(layout: str | Layout, known: dict[str, Layout]) -> Layout:
    if isinstance(layout, Layout):
        return layout
    if layout not in known:
        raise ValueError(f"layout should be one of {tuple(known)}. Received: layout={layout!r}")
    return known[layout]


def _application(
    network: Network, weights, stream: str, design: dict, options: tuple, asked: dict
) -> keras.Model:
    """Build S3D or S3D-G and give it its weights."""

    def build(classes: int) -> keras.Model:
        return build_s3d(stream, asked["include_top"], classes, *options, **design)

    def plain(classes: int) -> keras.Model:
        return build_s3d(stream, classes > 0, classes or 1, **design)

    check_stream(stream)
    if weights is None:
        return build(chosen_classes(None, None, **asked))
    images = None
    if network.image_weights:
        images = imagenet.image_arrays(weights, network.name, stream)
    if images is not None:
        model = build(chosen_classes(weights, len(images[imagenet.HEAD_BIAS]), **asked))
        arrays = imagenet.inflated_at_centre(images, model)
        assign_with_head(model, arrays, network.head, asked["new_head"], f"weights={weights!r}")
        return model
    if weights in names(network.name):  # before anything is fetched
        chosen_classes(weights, published(network.name, weights, stream).classes, **asked)
    images = ["imagenet"] if network.image_weights else []
    arrays = read_arrays(network.name, weights, stream, plain, network.head, images)
    return built_with(build, arrays, network.head, weights=weights, **asked)
