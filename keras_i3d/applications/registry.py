"""The networks and weights that there are, by name, and the application of each."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from keras_i3d.applications.i3d import I3D, TwoStreamI3D
from keras_i3d.applications.inception_v1 import CLASSES as IMAGE_CLASSES
from keras_i3d.applications.inflated import I3DVGG16, I3DInceptionV3, I3DResNet50, I3DResNet101
from keras_i3d.applications.learnt_flow import APPLICATIONS as LEARNT_FLOW
from keras_i3d.applications.quo_vadis import (
    C3D,
    ConvNet2D,
    ConvNet3D,
    ConvNetLSTM,
    Fused3D,
    TwoStream,
)
from keras_i3d.applications.resnet_3d import APPLICATIONS as RESNETS_3D
from keras_i3d.applications.s3d import D3D, S3D, S3DG
from keras_i3d.models.catalogue import NETWORKS, Network, network
from keras_i3d.models.inflated import INFLATED, image_classes
from keras_i3d.weights.records import RECORDS, Weights

APPLICATIONS: dict[str, Callable[..., keras.Model]] = {
    "i3d": I3D,
    "two_stream_i3d": TwoStreamI3D,
    "s3d": S3D,
    "s3d_g": S3DG,
    "d3d": D3D,
    "i3d_inception_v3": I3DInceptionV3,
    "i3d_resnet50": I3DResNet50,
    "i3d_resnet101": I3DResNet101,
    "i3d_vgg16": I3DVGG16,
    **LEARNT_FLOW,
    "convnet_lstm": ConvNetLSTM,
    "convnet_3d": ConvNet3D,
    "c3d": C3D,
    "convnet_2d": ConvNet2D,
    "two_stream": TwoStream,
    "fused_3d": Fused3D,
    **RESNETS_3D,
}

# Networks whose classes the image network of weights="imagenet" does not bring.
FRESH_HEADS = ("convnet_lstm", "fused_3d")


@dataclass(frozen=True)
class AvailableWeights:
    """Weights that are published for a network.

    model, weights: as in `keras-i3d predict --model=... --weights=...`.
    streams: those they are published for.
    classes: how many they tell apart; None if the head is up to the user.
    top_1: published accuracy in percent, by stream; without those nobody published.
    source, licence: whose they are.
    """

    model: str
    weights: str
    streams: tuple[str, ...]
    classes: int | None
    top_1: dict[str, float]
    source: str
    licence: str


def list_models() -> list[str]:
    """Return the names of all networks, as `train --model` and `predict --model` take them."""
    return list(NETWORKS)


def list_weights(model: str | None = None) -> list[AvailableWeights]:
    """Return what `weights=` may say besides None and a file, for one network or for all.

    Raises:
        ValueError: when there is no such network.
    """
    names = NETWORKS if model is None else (network(model).name,)
    return [weights for name in names for weights in _weights_of(name)]


def published_of(of: Network, weights: str) -> list[Weights]:
    """Return the published records of a network's `weights`, one a stream; often none."""
    # A joint network takes those that are published for each of its streams.
    sources = [name for name, one in NETWORKS.items() if of.name in (name, one.both)]
    found = [one for one in RECORDS if one.model in sources and one.weights == weights]
    complete = {one.stream for one in found} == set(of.inputs)
    return found if complete or not of.joint else []


def _weights_of(name: str) -> list[AvailableWeights]:
    record, found = NETWORKS[name], []
    for weights in dict.fromkeys(one.weights for one in RECORDS):
        records = published_of(record, weights)
        if records:
            first = records[0]
            about = {"classes": first.classes, "source": first.source, "licence": first.licence}
            top_1 = {one.stream: one.top_1 for one in records if one.top_1 is not None}
            streams = tuple(one.stream for one in records)
            found.append(AvailableWeights(name, weights, streams, top_1=top_1, **about))
    if record.image_weights:
        inflated = name in INFLATED
        source = "keras.applications" if inflated else "slim's Inception-v1"
        classes = image_classes(name) if inflated else IMAGE_CLASSES
        classes = None if name in FRESH_HEADS else classes
        image = {"classes": classes, "top_1": {}, "source": f"{source}, inflated"}
        streams = tuple(record.inputs)
        found.append(AvailableWeights(name, "imagenet", streams, **image, licence="Apache-2.0"))
    return found
