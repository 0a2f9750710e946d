"""A tiny network, exported once: what every test of the export asks."""

import keras
import pytest
import tensorflow as tf
from keras import layers

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.preprocessing import CHANNELS, Input, Preprocessing
from keras_i3d.layers import ConvUnit3D, HeadPooling3D
from keras_i3d.weights.trained import TrainedRecord

TINY = Preprocessing(short_side=40, crop=32)
TINY_FLOW = Preprocessing(short_side=40, crop=32, scale=20.0, offset=0.0, bound=20.0)
LABELS = tuple(f"class {number}" for number in range(7))


def tiny_logits(clip, prefix="", kernel=3):
    """A strided unit, an end point called Mixed_5c, a head that wants 9 frames of 32 pixels."""
    x = ConvUnit3D(4, kernel, strides=(4, 8, 8), name=f"{prefix}Conv3d_1a")(clip)
    x = ConvUnit3D(6, 3, strides=(2, 2, 2), name=f"{prefix}Mixed_5c")(x)
    x = HeadPooling3D((2, 2, 2), (8, 16, 16), name=f"{prefix}AvgPool")(x)
    x = ConvUnit3D(7, 1, use_batch_norm=False, use_bias=True, activation=None, name=f"{prefix}0c")(
        x
    )
    return layers.GlobalAveragePooling3D(name=f"{prefix}Logits")(x)


def tiny_network(stream="rgb", activation="softmax", kernel=3):
    """A video network with random weights, seed 0."""
    keras.utils.set_random_seed(0)
    clip = keras.Input((None, None, None, 3 if stream == "rgb" else 2), name="clip")
    scores = layers.Activation(activation, name="Predictions")(tiny_logits(clip, kernel=kernel))
    return keras.Model(clip, scores, name="tiny")


def tiny_two_stream():
    """Two of them, logits added."""
    keras.utils.set_random_seed(0)
    clips = {s: keras.Input((None, None, None, c), name=s) for s, c in (("rgb", 3), ("flow", 2))}
    logits = [tiny_logits(clips["rgb"], "RGB_"), tiny_logits(clips["flow"], "Flow_")]
    scores = layers.Activation("softmax")(layers.Add(name="Logits")(logits))
    return keras.Model(clips, scores, name="tiny_two_stream")


def as_loaded(model, preprocessing=None, **changes):
    """A network of this file as `keras_i3d.load` gives it."""
    preprocessing = preprocessing or {"rgb": TINY}
    prefixes = {"rgb": "RGB_", "flow": "Flow_"} if len(preprocessing) > 1 else {}
    fields = {
        "network": model.name,
        "stream": "both" if prefixes else next(iter(preprocessing)),
        "inputs": {s: Input(64, 1, CHANNELS[s], spec) for s, spec in preprocessing.items()},
        "labels": LABELS,
        "head": ("0c",),
        "logits": "Logits",
        "features": {stream: prefixes.get(stream, "") + "Mixed_5c" for stream in preprocessing},
        "output": "softmax",
        "least_clip": (9, 32, 32),
        "made": {"weights": "random, seed 0"},
        **changes,
    }
    return LoadedNetwork(model, TrainedRecord(**fields), model.name)


def served(model, preprocessing=None, **options):
    """What the export makes its signatures of."""
    from keras_i3d.export.signatures import ServedNetwork

    network = as_loaded(model, preprocessing)
    return ServedNetwork(network.ending_in("logits"), network.record, **options)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """(folder, what export_saved_model said, the Keras model)."""
    from keras_i3d.export.saved_model import export_saved_model

    model = tiny_network()
    folder = tmp_path_factory.mktemp("models") / "tiny" / "1"
    said = export_saved_model(as_loaded(model), folder, top=3)
    return folder, said, model


@pytest.fixture(scope="session")
def signatures(exported):
    """The signatures of the SavedModel, loaded."""
    return tf.saved_model.load(str(exported[0])).signatures
