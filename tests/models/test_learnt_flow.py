"""Two streams with a flow network inside: pairs of frames, and where the flow goes."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import FramePairs
from keras_i3d.models.catalogue import network


def test_pairs_of_frames():
    """Frames a, b, c of one pixel: ab, bc, and bc again."""
    clip = np.float32([1, 2, 3]).reshape(1, 3, 1, 1, 1)
    pairs = keras.ops.convert_to_numpy(FramePairs()(clip))
    assert pairs[0, :, 0, 0].tolist() == [[1, 2], [2, 3], [2, 3]]


def test_the_second_stream_sees_the_flow_of_each_pair_and_starts_without_any():
    model = network("learnt_flow_five_units").model("rgb", classes=3, classifier_activation=None)
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 4, 16, 12, 3)).astype(np.float32)
    outputs = {name: model.get_layer(name).output for name in ("flow", "scaled_flow")}
    parts = keras.Model(model.input, outputs)
    found = parts.predict(clip, verbose=0)
    assert found["flow"].shape == (1, 4, 16, 12, 2)
    assert not found["flow"].any()
    rng = np.random.default_rng(1)
    for variable in model.get_layer("flow").weights:
        variable.assign(rng.normal(0, 0.1, variable.shape))
    found = parts.predict(clip, verbose=0)
    np.testing.assert_allclose(found["scaled_flow"], found["flow"] / 20, rtol=1e-5)
    # The last frame has the flow of the pair before; another second frame is in two pairs.
    np.testing.assert_array_equal(found["flow"][:, 3], found["flow"][:, 2])
    other = clip.copy()
    other[:, 1] = 0
    changed = np.abs(parts.predict(other, verbose=0)["flow"] - found["flow"]).max((0, 2, 3, 4))
    assert (changed[:2] > 1e-3).all() and not changed[2:].any()


def test_flow_does_not_go_in():
    with pytest.raises(ValueError, match="stream should be one of"):
        network("learnt_flow_five_units").model("flow")
