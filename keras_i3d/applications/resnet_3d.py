"""3D ResNets and C2D, with and without non-local blocks, with their weights."""

from collections.abc import Callable

import keras

from keras_i3d.applications.heads import built_with, chosen_classes, read_arrays
from keras_i3d.models.i3d import check_stream
from keras_i3d.models.resnet_3d import DESIGNS, HEAD, build_resnet_3d
from keras_i3d.shown_options import options_of
from keras_i3d.weights.records import names, published


def resnet_3d(network: str) -> Callable[..., keras.Model]:
    """Return the application of one of the catalogue's 3D ResNets.

    Raises:
        ValueError: when there is no such network.
    """
    if network not in DESIGNS:
        raise ValueError(f"network should be one of {sorted(DESIGNS)}. Received: {network!r}")

    def application(
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
        """Return the network; arguments of `keras_i3d.NonLocalI3DResNet50`."""

        def build(classes: int) -> keras.Model:
            return build_resnet_3d(
                network,
                stream,
                include_top,
                classes,
                input_shape,
                input_tensor,
                pooling,
                classifier_activation,
                dropout,
                width,
                name,
            )

        def plain(classes: int) -> keras.Model:
            return build_resnet_3d(network, stream, classes > 0, classes or 1, width=width)

        check_stream(stream)
        asked = {"classes": classes, "include_top": include_top, "new_head": new_head}
        if weights is None:
            return build(chosen_classes(None, None, **asked))
        if weights in names(network):  # before anything is fetched
            chosen_classes(weights, published(network, weights, stream).classes, **asked)
        arrays = read_arrays(network, weights, stream, plain, (HEAD,))
        return built_with(build, arrays, (HEAD,), weights=weights, **asked)

    application.__name__ = application.__qualname__ = network
    return application


APPLICATIONS = {network: resnet_3d(network) for network in DESIGNS}


# (publisher, form, blocks): the catalogue's name.
NON_LOCAL = {
    ("slowfast", "embedded_gaussian", 5): "nl_i3d_r50",
    ("slowfast", "embedded_gaussian", 10): "nl10_i3d_r50",
    ("mmaction2", "embedded_gaussian", 5): "mm_nl_i3d_r50",
    ("mmaction2", "dot_product", 5): "mm_nl_dot_i3d_r50",
    ("mmaction2", "gaussian", 5): "mm_nl_gaussian_i3d_r50",
}


@options_of(APPLICATIONS["nl_i3d_r50"])
def NonLocalI3DResNet50(
    weights: str | None = "kinetics",
    *,
    blocks: int = 5,
    variant: str = "slowfast",
    form: str = "embedded_gaussian",
    **options,
) -> keras.Model:
    """Return I3D-ResNet50 with non-local blocks in res3 and res4.

    Args:
        weights: "kinetics" (SlowFast's I3D_NLN_8x8_R50, or mmaction2's; none of 10 blocks), None
            for random ones, or the path of a file: .weights.h5, .keras, SlowFast's Caffe2 pickle
            (.pkl), a state-dict of SlowFast, pytorchvideo or mmaction2.
        blocks: 5, after every other block, or 10, after each.
        variant: "slowfast" takes 8 of 64 frames at 30 a second, normalised by 0.45 and 0.225;
            "mmaction2" 32 of 64, normalised by ImageNet's mean and deviation.
        form: "embedded_gaussian"; of mmaction2 also "dot_product" and "gaussian".
        options: as for `keras_i3d.I3D`: stream, include_top, classes, new_head, input_shape,
            input_tensor, pooling, classifier_activation, dropout, width, name.

    Returns:
        A functional model from clips (batch, time, height, width, channels), scaled as
        `keras_i3d.load(...).record.inputs` says, to (batch, classes). Clips of any size will do: of
        larger ones the logits are averaged over time and space. Layers have video-nonlocal-net's
        names: `model.get_layer("nonlocal3_1").output`.

    Raises:
        ValueError, OSError: as `keras_i3d.I3D` does.

    Reference: Wang et al., https://arxiv.org/abs/1711.07971; SlowFast, I3D_NLN_8x8_R50.yaml.
    """
    network = NON_LOCAL.get((variant, form, blocks))
    if network is None:
        known = "; ".join(f"{v}, {f}, {n}" for v, f, n in NON_LOCAL)
        raise ValueError(
            f"variant, form and blocks should be one of: {known}. Received: {variant}, {form}, "
            f"{blocks}; for others put blocks into a network with insert_non_local"
        )
    return APPLICATIONS[network](weights, **options)


@options_of(APPLICATIONS["nl_i3d_r101"])
def NonLocalI3DResNet101(weights: str | None = None, **options) -> keras.Model:
    """Return I3D-ResNet101 with 5 non-local blocks; arguments of `NonLocalI3DResNet50`.

    Nobody has published weights for it.
    """
    return APPLICATIONS["nl_i3d_r101"](weights, **options)


@options_of(APPLICATIONS["c2d_r50"])
def C2DResNet50(weights: str | None = "kinetics", *, pool: bool = True, **options) -> keras.Model:
    """Return C2D: ResNet-50 on every frame, time pooled after res2 and at the end.

    Args:
        weights: "kinetics" (pytorchvideo's C2D_8x8_R50; without the pool SlowFast's
            C2D_NOPOOL_8x8_R50), None for random ones, or the path of a file.
        pool: whether pool2 halves time. Weights of the one fit the other, but were not made for it.
        options: as for `NonLocalI3DResNet50`.

    Reference: Wang et al., "Non-local Neural Networks", table 1.
    """
    return APPLICATIONS["c2d_r50" if pool else "c2d_nopool_r50"](weights, **options)


@options_of(APPLICATIONS["nl_c2d_r50"])
def NonLocalC2DResNet50(weights: str | None = None, **options) -> keras.Model:
    """Return C2D with 5 non-local blocks; arguments of `NonLocalI3DResNet50`.

    Nobody at hand has published weights for it in SlowFast's layout.
    """
    return APPLICATIONS["nl_c2d_r50"](weights, **options)
