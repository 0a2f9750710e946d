"""Tiny networks that have I3D's record, and clips for them."""

import keras
import numpy as np
import pytest

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.models.catalogue import network
from keras_i3d.weights.trained import record_of


@pytest.fixture
def tiny():
    """A network of three classes: features Mixed_5c, logits Logits, for clips of any size."""
    keras.utils.set_random_seed(0)
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.Conv3D(8, 3, padding="same", activation="relu")(clip)
    x = keras.layers.Conv3D(16, 2, 2, activation="relu", name="Mixed_5c")(x)
    x = keras.layers.GlobalAveragePooling3D()(x)
    return loaded("i3d", keras.Model(clip, keras.layers.Dense(3, name="Logits")(x), name="tiny"))


@pytest.fixture
def joint():
    """A network of both streams, whose logits are the sum of their means."""
    streams = {s: keras.Input((None, None, None, c), name=s) for s, c in CHANNELS.items()}
    points = [
        keras.layers.Conv3D(2, 1, name=f"{prefix}_Mixed_5c")(streams[stream])
        for stream, prefix in (("rgb", "RGB"), ("flow", "Flow"))
    ]
    sums = [keras.layers.GlobalAveragePooling3D()(x) for x in points]
    return loaded("two_stream_i3d", keras.Model(streams, keras.layers.Add(name="Logits")(sums)))


def loaded(name, model):
    """The model with the record of a network of the catalogue."""
    of = network(name)
    stream = of.streams[0]
    labels = "abc"[: model.output_shape[-1]]
    return LoadedNetwork(model, record_of(of, stream, of.seen(stream), labels), model.name)


def noise(count=2, frames=4, seed=0, channels=3, size=1.0):
    """Clips of `frames` x 8 x 8, in [-size, size]."""
    draw = np.random.default_rng(seed)
    return draw.uniform(-size, size, (count, frames, 8, 8, channels)).astype(np.float32)
