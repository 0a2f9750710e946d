"""Decoders: from a network's features of one moment to the optical flow of that moment.

They see one step of time at a time, so they cannot compute motion themselves: what they draw, the
features must hold. Source: Stroud et al., "D3D: Distilled 3D Networks for Video Action
Recognition", 2018, which names a simple, a spatial and a PWC decoder; their layers are not to be
had. The first two are ours; the third is PWC-Net's, whose layers keep their names here.
"""

import keras
from keras import layers

from keras_i3d.layers.per_frame import PerFrame

SPATIAL_FILTERS = (64, 64, 32)
# Sun et al., "PWC-Net", 2018; NVlabs/PWC-Net, PyTorch/models/PWCNet.py, level 2.
DENSE_FILTERS = (128, 128, 96, 64, 32)
CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))  # filters, dilation
SLOPE = 0.1  # of the leaky ReLUs below zero


def build_flow_decoder(kind: str, channels: int, name: str = "flow_decoder") -> keras.Model:
    """Build a decoder of images: (batch, height, width, channels) to (batch, height, width, 2).

    The flow is x then y, in pixels of the network's input, whatever the features' resolution. An
    untrained decoder says that nothing moves.

    Args:
        kind: "simple", one convolution; "spatial", several; "pwc", PWC-Net's dense and context
            networks. All kernels are 3 x 3.
        channels: of the features.
        name: of the model.
    """
    if kind not in DECODERS:
        raise ValueError(f"decoder should be one of {', '.join(DECODERS)}. Received: {kind!r}")
    features = keras.Input((None, None, channels), name="features")
    return keras.Model(features, DECODERS[kind](features), name=name)


def decode_clip(kind: str, features, name: str):
    """Return the flow of a clip's features, (batch, time, height, width, 2); a decoder of its own.

    Each channel is standardised first, by batch norm without scale and shift: end points differ so
    much in size that one learning rate would not do for all.

    Args:
        kind: as for `build_flow_decoder`.
        features: Keras tensor (batch, time, height, width, channels).
        name: of the layer, a `PerFrame` of the decoder.
    """
    features = layers.BatchNormalization(
        momentum=0.9, center=False, scale=False, name=f"{name}_features"
    )(features)
    decoder = build_flow_decoder(kind, features.shape[-1], f"{name}_frame")
    return PerFrame(decoder, name=name)(features)


def _simple(x):
    return _flow("predict_flow")(x)


def _spatial(x):
    for number, filters in enumerate(SPATIAL_FILTERS):
        x = _conv(filters, f"conv_{number}")(x)
    return _flow("predict_flow")(x)


def _pwc(x):
    for number, filters in enumerate(DENSE_FILTERS):
        new = _conv(filters, f"conv2_{number}")(x)
        x = layers.Concatenate(name=f"dense_{number}")([new, x])  # the new channels come first
    flow = _flow("predict_flow2")(x)
    for number, (filters, dilation) in enumerate(CONTEXT, 1):
        x = _conv(filters, f"dc_conv{number}", dilation)(x)
    return layers.Add(name="flow", dtype="float32")([flow, _flow("dc_conv7")(x)])


DECODERS = {"simple": _simple, "spatial": _spatial, "pwc": _pwc}


def _conv(filters: int, name: str, dilation: int = 1) -> layers.Conv2D:
    return layers.Conv2D(
        filters,
        3,
        padding="same",
        dilation_rate=dilation,
        activation=layers.LeakyReLU(SLOPE),
        kernel_initializer="he_normal",
        name=name,
    )


def _flow(name: str) -> layers.Conv2D:
    """The last convolution; it starts at zero, so that training starts from no motion.

    In float32 under any policy: bfloat16 would round a flow of 20 pixels to eighths.
    """
    zeros = {"kernel_initializer": "zeros", "dtype": "float32"}
    return layers.Conv2D(2, 3, padding="same", name=name, **zeros)
