"""Batch norm's statistics, computed afresh."""

from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.applications.loaded import load
from keras_i3d.layers import BatchNormLSTM
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.training.batch_statistics import compute_statistics
from keras_i3d.training.forward import supervised
from keras_i3d.training.run import train
from keras_i3d.training.step import Step
from tests.training import tiny
from tests.training.test_teachers import SMALL

BATCHES = [tiny.batch_of(range(first, first + 6)) for first in (0, 6, 12)]


def statistics(model):
    """{path: value} of all that batch norm keeps."""
    return {v.path: v.numpy() for v in model.non_trainable_variables if "moving_" in v.path}


def computed(step, batches):
    compute_statistics(step, iter(batches), len(batches))
    return statistics(step.model)


def test_one_batch_gives_in_inference_what_it_gives_in_training():
    step = tiny.step()
    clips, _ = BATCHES[0]
    wanted = step.model(clips, training=True)
    assert not np.allclose(step.model(clips, training=False), wanted, rtol=0.1)
    computed(step, BATCHES[:1])
    np.testing.assert_allclose(step.model(clips, training=False), wanted, rtol=1e-3, atol=1e-4)


def test_several_batches_count_as_one_large_one():
    step = tiny.step()
    conv = step.model.get_layer("first").conv_3d
    seen = [conv(clips).numpy().reshape(-1, 4) for clips, _ in BATCHES]
    came = computed(step, BATCHES)
    for statistic, of in {"moving_mean": np.mean, "moving_variance": np.var}.items():
        wanted = of(np.concatenate(seen), axis=0)
        np.testing.assert_allclose(came[f"first/batch_norm/{statistic}"], wanted, rtol=1e-3)


def test_nothing_else_moves():
    step = tiny.step()
    momenta = [getattr(layer, "momentum", None) for layer in all_layers(step.model)]
    frozen = step.model.get_layer("second").batch_norm
    frozen.trainable = False
    step = Step(step.model, keras.optimizers.SGD(0.1), supervised(tiny.LOSS), [])
    before = {v.path: v.numpy() for v in step.model.weights}
    computed(step, BATCHES)
    moved = {v.path for v in step.model.weights if not np.array_equal(v, before[v.path])}
    assert moved == {"first/batch_norm/moving_mean", "first/batch_norm/moving_variance"}
    assert momenta == [getattr(layer, "momentum", None) for layer in all_layers(step.model)]
    assert float(step.mean_loss.result()) == 0  # it counts as no step


def test_the_lstm_has_the_statistics_of_every_step():
    """Of one batch, inference is training at each of its steps."""
    clip = keras.Input((4, 3))
    lstm = BatchNormLSTM(5, steps=6, name="LSTM")
    model = keras.Model(clip, keras.layers.Dense(2)(lstm(clip)[:, -1]))
    sequence = np.random.default_rng(0).normal(size=(8, 4, 3)).astype(np.float32)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    step = Step(model, keras.optimizers.SGD(0.1), supervised(loss), [])
    wanted = lstm(sequence, training=True)
    compute_statistics(step, [(tf.constant(sequence), tf.one_hot([0, 1] * 4, 2))], 1)
    np.testing.assert_allclose(lstm(sequence, training=False), wanted, rtol=1e-3, atol=1e-5)


def test_a_run_saves_them_and_its_checkpoint_keeps_the_averages(tmp_path, capsys):
    """So a run that is continued learns as if it had not ended; ended again, it saves the same."""
    recipe = replace(SMALL, batch_norm_batches=2)
    path = train(recipe, tmp_path)
    assert "then 2 for batch norm" in capsys.readouterr().err
    again = statistics(load(path).model)
    best = statistics(load(path.with_name("best.keras")).model)  # of the last step, by its averages
    assert all(not np.allclose(value, best[name]) for name, value in again.items())
    path.unlink()
    for name, value in statistics(load(train(recipe, tmp_path)).model).items():
        np.testing.assert_array_equal(value, again[name])
