"""A network whose logits can be worked out by hand, and videos to show it."""

import keras
import numpy as np
import pytest

from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.protocols import FVDProtocol, Resizing
from keras_i3d.models.catalogue import network
from keras_i3d.weights.trained import record_of

# Four frames of 8 x 8 pixels; a protocol is the same thing at any size.
SMALL = FVDProtocol("small", frames=4, resizing=(Resizing(8, "legacy"),))


def mean_network():
    """A network whose logits are the clip's mean in red, green and blue, as it sees them."""
    of = network("i3d")
    clip = keras.Input((None, None, None, 3), name="rgb")
    mean = keras.layers.GlobalAveragePooling3D(name="Mean")(clip)
    scores = keras.layers.Dense(3, kernel_initializer="identity", name="Logits")(mean)
    record = record_of(of, "rgb", of.seen("rgb"), ("r", "g", "b"), least_clip=(1, 1, 1))
    return LoadedNetwork(keras.Model(clip, scores), record, "mean")


@pytest.fixture(scope="session")
def means():
    return mean_network()


@pytest.fixture
def small(means):
    """Opened for SMALL."""
    with FVDNetwork(means, engines.open(means, outputs=("logits",)), SMALL) as opened:
        yield opened


def grey_videos(levels, frames=4, size=8):
    """Videos that are filled with these levels."""
    shape = (frames, size, size, 3)
    return np.stack([np.full(shape, level, np.uint8) for level in levels])


def seen(levels):
    """(videos, 3): what mean_network says of them by SMALL."""
    return np.repeat(np.asarray(levels, float)[:, None] / 127.5 - 1, 3, axis=1)
