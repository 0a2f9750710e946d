"""Two streams on RGB alone: the second sees flow that a small network inside computes.

The flow network is trained first, from true or stored flow at its end point "flow", then all
is tuned end to end. Stroud et al., "D3D", 2018, found it below distillation; its flow network is
not published, so this one is ours.
"""

from collections.abc import Callable

import keras
from keras import layers

from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW
from keras_i3d.layers.bilinear_up_sampling import BilinearUpSampling2D
from keras_i3d.layers.frame_pairs import FramePairs
from keras_i3d.layers.per_frame import PerFrame
from keras_i3d.models.flow_decoder import SLOPE, build_flow_decoder
from keras_i3d.models.i3d import HEAD, PREFIXES, clip_input, pooled, predictions, scored

# Filters, kernel and stride of the layers that find how two frames differ.
ENCODER = ((24, 7, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1))
REDUCTION = 4  # of height and width, which the flow gets back
FLOW = "flow"  # the end point: flow in pixels of the input
HEADS = tuple(prefix + HEAD for prefix in PREFIXES.values())
LEAST_CLIP = (2, 1, 1)


def flow_network(channels: int) -> keras.Model:
    """Build the network from one pair of frames to its flow, in pixels.

    (batch, height, width, channels) to (batch, height, width, 2), sides rounded up to multiples
    of 4. Untrained it says that nothing moves.
    """
    x = pair = keras.Input((None, None, channels), name="pair")
    for number, (filters, kernel, stride) in enumerate(ENCODER):
        x = layers.Conv2D(
            filters,
            kernel,
            stride,
            padding="same",
            activation=layers.LeakyReLU(SLOPE),
            kernel_initializer="he_normal",
            name=f"encoder_{number}",
        )(x)
    flow = build_flow_decoder("spatial", x.shape[-1], "decoder")(x)
    flow = BilinearUpSampling2D((REDUCTION, REDUCTION), name="finer")(flow)
    return keras.Model(pair, flow, name="flow_network")


def build_learnt_flow(
    trunk: Callable,
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
) -> keras.Model:
    """Build two streams of which the second sees the flow that the network inside computes.

    The scores are the sum of both streams', each of the mean of its trunk's output.

    Args:
        trunk: from (clip, prefix of the layers' names) to features.
        stream: "rgb", the only one that goes in.
        include_top: without, both streams' features are given side by side.
        others: as for `keras_i3d.I3D`.
    """
    if stream != "rgb":
        raise ValueError(f"stream should be 'rgb': flow is computed inside. Received: {stream!r}")
    clip = clip_input(stream, input_shape, None, include_top, least=LEAST_CLIP)
    pairs = FramePairs(name="pairs")(clip)
    flow = PerFrame(flow_network(pairs.shape[-1]), name=FLOW)(pairs)
    seen = layers.Rescaling(1 / DEEPMIND_FLOW.scale, name="scaled_flow")(flow)
    features = {p: trunk(x, p) for p, x in zip(PREFIXES.values(), (clip, seen), strict=True)}
    if include_top:
        logits = [_scores(x, classes, dropout, prefix) for prefix, x in features.items()]
        x = predictions(layers.Add(name="Logits")(logits), classifier_activation)
    else:
        x = pooled(layers.Concatenate(name="features")(list(features.values())), pooling)
    return keras.Model(clip, x, name=name or "learnt_flow")


def _scores(features, classes: int, dropout: float, prefix: str):
    pool = layers.GlobalAveragePooling3D(
        data_format="channels_last", keepdims=True, name=f"{prefix}AvgPool3d_0a"
    )
    return scored(pool(features), classes, dropout, prefix)
