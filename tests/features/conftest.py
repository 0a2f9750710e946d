"""Networks and videos that are quick: what they say can be worked out by hand."""

import keras
import numpy as np
import pytest

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.models.catalogue import network
from keras_i3d.weights.trained import record_of
from tests.conftest import write_video


def tiny_network(*streams, crop=8, frames=4, every=1):
    """A network of each stream whose end point Mixed_5c is its clip's means over 4 x 4 pixels."""
    prefixes = {"rgb": "RGB_", "flow": "Flow_"} if len(streams) == 2 else dict.fromkeys(streams, "")
    of = network("two_stream_i3d" if len(streams) == 2 else "i3d")
    stream = "both" if len(streams) == 2 else streams[0]
    inputs = {
        s: one.changed(frames=frames, every=every, short_side=crop, crop=crop)
        for s, one in of.seen(stream).items()
    }
    clips, logits = {}, []
    for s in streams:
        clips[s] = keras.Input((None, crop, crop, inputs[s].channels), name=s)
        pool = keras.layers.AveragePooling3D((1, 4, 4), name=f"{prefixes[s]}Mixed_5c")
        mean = keras.layers.GlobalAveragePooling3D(name=f"{prefixes[s]}Logits")(pool(clips[s]))
        logits.append(
            keras.layers.Dense(2, kernel_initializer="ones", name=f"{prefixes[s]}Classes")(mean)
        )
    scores = keras.layers.Add(name="Sum")(logits) if len(streams) == 2 else logits[0]
    model = keras.Model(clips if len(streams) == 2 else clips[streams[0]], scores)
    record = record_of(of, stream, inputs, ("one", "two"), least_clip=(1, crop, crop))
    return LoadedNetwork(model, record, "tiny")


@pytest.fixture
def rising(tmp_path):
    """Ten frames of 16 x 12 at 25 fps; frame i is filled with 20 i."""
    return write_video(
        tmp_path / "rising.mkv", [np.full((12, 16, 3), 20 * i, np.uint8) for i in range(10)]
    )
