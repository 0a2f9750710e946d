"""The paper's Two-Stream: an image network of one frame and one of ten frames of flow."""

import keras

from keras_i3d.layers import MeanPrediction
from keras_i3d.models.convnet_2d import STACKS, convnet_2d
from keras_i3d.models.i3d import HEAD, PREFIXES, clip_inputs, mean_logits, pooled, predictions


def build_two_stream(
    include_top: bool = True,
    classes: int = 400,
    input_shape: dict | None = None,
    pooling: str | None = None,
    classifier_activation="softmax",
    dropout: float = 0.5,
    name: str | None = None,
    width: float = 1.0,
) -> keras.Model:
    """Return Two-Stream with random weights; arguments as in `keras_i3d.TwoStream`.

    The streams' probabilities are averaged, not their logits as Two-Stream I3D's are added: its
    scores are the logarithm of that mean.
    """
    least = {stream: (stack, 1, 1) for stream, stack in STACKS.items()}
    clips = clip_inputs(input_shape, least, include_top)
    features = {s: convnet_2d(clips[s], STACKS[s], prefix, width) for s, prefix in PREFIXES.items()}
    if include_top:
        logits = [mean_logits(features[s], classes, dropout, HEAD, p) for s, p in PREFIXES.items()]
        of = "sigmoid" if classifier_activation == "sigmoid" else "softmax"
        x = MeanPrediction(of, dtype="float32", name="Logits")(logits)
        x = predictions(x, classifier_activation)
    else:
        x = {s: pooled(features[s], pooling, prefix) for s, prefix in PREFIXES.items()}
    return keras.Model(clips, x, name=name or "two_stream")
