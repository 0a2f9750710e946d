"""Losses at several layers, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.models.catalogue import network
from keras_i3d.training.forward import deeply_supervised
from keras_i3d.training.networks import inputs_of, resolved, with_sizes
from keras_i3d.training.recipe_checks import change
from keras_i3d.training.recipes import RECIPES, Recipe

LOSS = keras.losses.CategoricalCrossentropy(from_logits=True)


def cross_entropy(logits, label):
    logits = np.float64(logits)
    return float(np.log(np.exp(logits).sum()) - logits[label])


def test_the_losses_of_all_steps_are_added():
    steps = keras.Input((3, 2))
    scores = keras.layers.Identity(name="Scores")(steps)
    last = keras.layers.Lambda(lambda x: x[:, -1], output_shape=(2,), name="Logits")(scores)
    model = keras.Model(steps, last)
    values = np.array([[[1, 0], [0, 2], [3, 1]], [[0, 0], [1, 1], [2, 0]]], np.float32)
    labels = tf.constant([[1.0, 0.0], [0.0, 1.0]])
    losses, given = deeply_supervised(LOSS, model, ["Scores"])(model, values, labels, True)
    wanted = [sum(cross_entropy(s, n) for s in row) for n, row in enumerate(values)]
    np.testing.assert_allclose(losses["Scores"], wanted, rtol=1e-6)
    np.testing.assert_array_equal(given, values[:, -1])


def test_each_stream_has_a_loss_of_its_own():
    clips = {s: keras.Input((2,), name=s) for s in ("rgb", "flow")}
    named = {s: keras.layers.Identity(name=f"{s}_Logits")(clip) for s, clip in clips.items()}
    model = keras.Model(clips, keras.layers.Average(name="Logits")(list(named.values())))
    values = {"rgb": np.array([[2.0, 0.0]], "f"), "flow": np.array([[0.0, 1.0]], "f")}
    layers = ["rgb_Logits", "flow_Logits"]
    forward = deeply_supervised(LOSS, model, layers)
    losses, given = forward(model, values, tf.constant([[1.0, 0.0]]), True)
    for stream, one in values.items():
        assert float(losses[f"{stream}_Logits"][0]) == pytest.approx(cross_entropy(one[0], 0), 1e-5)
    np.testing.assert_allclose(given, [[1.0, 0.5]])


def test_streams_of_different_frames_stay_in_proportion():
    for name, frames in (("two_stream", (1, 10)), ("fused_3d", (5, 50))):
        assert tuple(one.frames for one in inputs_of(RECIPES[name]).values()) == frames
    recipe = change(RECIPES["two_stream"], {"num_frames": 3})
    assert [one.frames for one in inputs_of(recipe).values()] == [3, 30]
    assert (resolved(recipe).num_frames, resolved(recipe).stride) == (3, None)
    alone = inputs_of(Recipe(model="convnet_2d", stream="flow", num_frames=20))["flow"]
    assert (alone.frames, alone.steps) == (20, 2)
    i3d = network("two_stream_i3d").seen("both")
    assert {(one.frames, one.every) for one in with_sizes(i3d, 16, 2).values()} == {(16, 2)}


def test_what_streams_of_different_frames_cannot_be():
    with pytest.raises(ValueError, match="stride should be none if streams see different"):
        inputs_of(change(RECIPES["fused_3d"], {"stride": 2}))
    with pytest.raises(ValueError, match="frames should be a multiple of 10"):
        inputs_of(Recipe(model="convnet_2d", stream="flow", num_frames=15))
