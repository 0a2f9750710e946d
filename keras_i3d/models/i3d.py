"""I3D and Two-Stream I3D, as networks without weights."""

import keras
from keras import layers

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.layers import ConvUnit3D, HeadPooling3D
from keras_i3d.layers.head_pooling import least_clip
from keras_i3d.models.inception_v1 import TOTAL_STRIDES, inception_v1_3d

POOLINGS = (None, "avg", "max")
HEAD_POOL = (2, 7, 7)


# The layer whose weights are the class scores': what new classes start anew.
HEAD = "Conv3d_0c_1x1"
# What the layers of one stream are called in the two-stream network: no "/", which Keras refuses
# in a name, and no ".", which its PyTorch backend does.
PREFIXES = {"rgb": "RGB_", "flow": "Flow_"}


def i3d_logits(clip, classes: int, dropout: float = 0.5, prefix: str = "", width: float = 1.0):
    """Turn (batch, time, height, width, channels) into (batch, classes): trunk, head, mean logits.

    The original removes height and width, which are 1 for frames of 193 to 224 pixels, and averages
    over time; for larger frames, where that fails, the logits are averaged over space as well.

    Source: kinetics-i3d, i3d.py, end point Logits.
    """
    x = inception_v1_3d(clip, prefix, width)
    x = HeadPooling3D(HEAD_POOL, TOTAL_STRIDES, name=f"{prefix}AvgPool3d_0a_7x7")(x)
    return scored(x, classes, dropout, prefix)


def mean_logits(features, classes: int, dropout: float = 0.5, head: str = HEAD, prefix: str = ""):
    """Turn (batch, t, h, w, c) into (batch, classes): the head on the mean over all of t, h and w.

    For clips too small for the network's own pool; the variables are those of its own head.
    """
    pool = layers.GlobalAveragePooling3D(
        data_format="channels_last", keepdims=True, name=f"{prefix}AvgPool3d_0a"
    )
    return scored(pool(features), classes, dropout, prefix, head)


def scored(x, classes: int, dropout: float, prefix: str = "", head: str = HEAD, start=None):
    """Turn (batch, t, h, w, c) into (batch, classes): dropout, 1x1x1 convolution, mean logits.

    `start` is the convolution's initialiser.
    """
    x = layers.Dropout(dropout, name=f"{prefix}Dropout_0b")(x)
    unit = {"use_batch_norm": False, "use_bias": True, "activation": None}
    x = ConvUnit3D(classes, 1, **unit, kernel_initializer=start, name=prefix + head)(x)
    return layers.GlobalAveragePooling3D(data_format="channels_last", name=f"{prefix}Logits")(x)


def build_i3d(
    stream: str = "rgb",
    include_top: bool = True,
    classes: int = 400,
    input_shape=None,
    input_tensor=None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
) -> keras.Model:
    """Return one stream of I3D with random weights; arguments as in `keras_i3d.I3D`.

    `width` is a factor of all channels between the clip and the classes.
    """
    clip = clip_input(stream, input_shape, input_tensor, include_top)
    if include_top:
        logits = i3d_logits(clip, classes, dropout, width=width)
        x = predictions(logits, classifier_activation)
    else:
        x = pooled(inception_v1_3d(clip, width=width), pooling)
    inputs = clip if input_tensor is None else keras.utils.get_source_inputs(input_tensor)
    return keras.Model(inputs, x, name=name or f"i3d_{stream}")


def build_two_stream_i3d(
    include_top: bool = True,
    classes: int = 400,
    input_shape: dict | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
) -> keras.Model:
    """Return Two-Stream I3D with random weights; arguments as in `keras_i3d.TwoStreamI3D`."""
    clips = clip_inputs(input_shape, dict.fromkeys(CHANNELS, _least(include_top)), include_top)
    if include_top:
        logits = [i3d_logits(clips[s], classes, dropout, p, width) for s, p in PREFIXES.items()]
        x = predictions(layers.Add(name="Logits")(logits), classifier_activation)
    else:
        features = {s: inception_v1_3d(clips[s], p, width) for s, p in PREFIXES.items()}
        x = {s: pooled(features[s], pooling, p) for s, p in PREFIXES.items()}
    return keras.Model(clips, x, name=name or "two_stream_i3d")


def predictions(logits, activation):
    """Return class scores from logits; None leaves the logits as they are."""
    if activation is None:
        return logits
    # The softmax is taken in float32 whatever the policy: in half precision small scores vanish.
    return layers.Activation(activation, name="Predictions", dtype="float32")(logits)


def pooled(features, pooling: str | None, prefix: str = ""):
    """Return (batch, t, h, w, c) as it is, or its mean or maximum over t, h and w: (batch, c)."""
    if pooling not in POOLINGS:
        raise ValueError(f"pooling should be one of {POOLINGS}. Received: pooling={pooling!r}")
    if pooling == "avg":
        pool = layers.GlobalAveragePooling3D
    elif pooling == "max":
        pool = layers.GlobalMaxPooling3D
    else:
        return features
    return pool(data_format="channels_last", name=f"{prefix}{pooling}_pool")(features)


def check_stream(stream: str) -> None:
    """Raise ValueError unless `stream` is "rgb" or "flow"."""
    if stream not in CHANNELS:
        raise ValueError(f"stream should be one of {sorted(CHANNELS)}. Received: stream={stream!r}")


def clip_input(
    stream: str, input_shape, input_tensor, include_top: bool, name: str = "clip", least=None
):
    """Return the network's input, checked: (frames, height, width, channels), the first three free.

    `least` is the smallest (frames, height, width); by default I3D's.
    """
    check_stream(stream)
    channels = CHANNELS[stream]
    if input_tensor is not None:
        if not keras.utils.is_keras_tensor(input_tensor):
            raise ValueError(
                f"input_tensor should be a Keras tensor, such as keras.Input(...) gives. "
                f"Received: {type(input_tensor).__name__}"
            )
        if input_shape is not None:
            raise ValueError(
                "Give input_shape or input_tensor, not both: the tensor has its shape."
            )
        input_shape = input_tensor.shape[1:]
    shape = (None, None, None, channels) if input_shape is None else tuple(input_shape)
    if len(shape) != 4 or shape[-1] != channels:
        raise ValueError(
            f"input_shape should be (frames, height, width, {channels}) for the {stream} stream, "
            f"without the batch. Received: input_shape={shape}"
        )
    least = least or _least(include_top)
    if any(n is not None and n < m for n, m in zip(shape, least, strict=False)):
        raise ValueError(
            f"with include_top={include_top} a clip should have at least {least[0]} frames of "
            f"{least[1]} x {least[2]} pixels. Received: input_shape={shape}"
        )
    return keras.Input(shape, name=name) if input_tensor is None else input_tensor


def clip_inputs(input_shape: dict | None, least: dict, include_top: bool) -> dict:
    """Return {stream: input} of a network of both streams, checked as by `clip_input`.

    Args:
        input_shape: {stream: (frames, height, width, channels)}; of a stream without, all are free.
        least: {stream: the smallest (frames, height, width)}.
    """
    shapes = input_shape or {}
    if unknown := sorted(shapes.keys() - CHANNELS.keys()):
        raise ValueError(
            f"input_shape should be for the streams {sorted(CHANNELS)}. Received: {unknown}"
        )
    return {
        s: clip_input(s, shapes.get(s), None, include_top, name=s, least=least[s]) for s in CHANNELS
    }


def _least(include_top: bool) -> tuple[int, ...]:
    return least_clip(HEAD_POOL, TOTAL_STRIDES) if include_top else (1, 1, 1)
