"""One update by hand, and by Keras' own fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.training import loss_scale
from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.devices import Devices
from keras_i3d.training.forward import supervised
from keras_i3d.training.step import Step
from tests.training import tiny

X = np.array([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]], np.float32)
Y = np.array([[1.0], [0.0], [2.0]], np.float32)


def linear(dtype=None):
    """y = x w + b, with w = (1, -1) and b = 0.5."""
    x = keras.Input((2,), dtype="float32")
    dense = keras.layers.Dense(1, name="dense", dtype=dtype)
    model = keras.Model(x, dense(x))
    dense.set_weights([np.array([[1.0], [-1.0]]), np.array([0.5])])
    return model


def step_of(model, optimizer=None, **options):
    return Step(model, optimizer or keras.optimizers.SGD(0.1), supervised("mse"), **options)


def batch(x=X, y=Y, *weights):
    x, y = keras.tree.map_structure(tf.constant, (x, y))
    return Devices().divide((x, y, *weights))


def weights_of(step):
    return np.concatenate([v.numpy().ravel() for v in step.model.trainable_variables])


# Scores -0.5, 3.5, -0.5; errors -1.5, 3.5, -2.5; the mean of 2 error (x, 1):
ENDLESS = np.full_like(X, np.inf)
GRADIENT = np.array([2 * (-1.5 * 1 + 3.5 * 3), 2 * (-1.5 * 2 - 2.5), 2 * (-0.5)]) / 3
START = np.array([1, -1, 0.5])


def test_a_step_by_hand():
    step = step_of(linear())
    result = step.update(batch())
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT, rtol=1e-6)
    assert float(result["gradient_norm"]) == pytest.approx(np.linalg.norm(GRADIENT))
    assert step.results() == {"loss": pytest.approx((1.5**2 + 3.5**2 + 2.5**2) / 3)}


def test_parts_of_uneven_size_make_the_same_step():
    step = step_of(linear())
    step.accumulate(batch(X[:2], Y[:2]))
    step.update(batch(X[2:], Y[2:]))
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT, rtol=1e-6)
    before = weights_of(step)
    step.update(batch())  # nothing of the first step is left in the sums
    fresh = linear()
    fresh.set_weights([before[:2, None], before[2:]])
    other = step_of(fresh)
    other.update(batch())
    np.testing.assert_array_equal(weights_of(step), weights_of(other))


def test_examples_of_weight_zero_count_for_nothing():
    step = step_of(linear())
    x, y = np.concatenate([X, [[9, 9]]]), np.concatenate([Y, [[9]]])
    step.update(batch(x.astype(np.float32), y.astype(np.float32), tf.constant([1.0, 1, 1, 0])))
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT, rtol=1e-6)
    assert step.results()["loss"] == pytest.approx((1.5**2 + 3.5**2 + 2.5**2) / 3)


def test_decay_spares_vectors_and_clipping_comes_after_it():
    penalised = GRADIENT + [0.3, -0.3, 0]
    step = step_of(linear(), clip_norm=0.5, weight_decay=0.3)
    step.update(batch())
    clipped = penalised * 0.5 / np.linalg.norm(penalised)
    np.testing.assert_allclose(weights_of(step), START - 0.1 * clipped, rtol=1e-5)


def test_layers_have_rates_of_their_own():
    step = step_of(linear(), factors={"dense/bias": 10.0})
    step.update(batch())
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT * [1, 1, 10], rtol=1e-6)


def test_penalties_of_the_network_itself_count_once():
    x = keras.Input((2,))
    penalty = keras.regularizers.L2(0.5)
    model = keras.Model(x, keras.layers.Dense(1, kernel_regularizer=penalty, name="dense")(x))
    model.set_weights([np.array([[1.0], [-1.0]]), np.array([0.5])])
    step = step_of(model)
    step.accumulate(batch(X[:2], Y[:2]))
    step.update(batch(X[2:], Y[2:]))
    np.testing.assert_allclose(weights_of(step), START - 0.1 * (GRADIENT + [1, -1, 0]), rtol=1e-6)


def test_a_gradient_that_is_not_finite_moves_nothing():
    step = step_of(linear(), keras.optimizers.SGD(0.1, momentum=0.9))
    step.update(batch())
    before = [v.numpy() for v in (*step.model.variables, *step.optimizer.variables)]
    result = step.update(batch(X * np.nan))
    assert bool(result["lost"])
    after = [v.numpy() for v in (*step.model.variables, *step.optimizer.variables)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_float16_scales_its_loss(monkeypatch):
    monkeypatch.setattr(loss_scale, "STEPS_TO_DOUBLE", 2)
    step = step_of(linear("mixed_float16"))
    scales = []
    for x in (X * np.float32(1e4), X * np.float32(1e4), ENDLESS, X, X, X):
        result = step.update(batch(x))
        scales.append(float(step.scale.value))
        assert not bool(result["lost"])
    first = loss_scale.FIRST_SCALE
    # Scaled by first / 8 = 4096 the kernel's gradient is 4096 * 18 of float16's 65504: it overflows
    # once more, then come two good steps, after which the scale is doubled.
    assert scales == [first / 2, first / 4, first / 8, first / 16, first / 16, first / 8]
    step = step_of(linear("mixed_float16"))
    step.scale.value.assign(256.0)
    step.update(batch())
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT, rtol=2e-3)
    step.scale.value.assign(1.0)
    assert bool(step.update(batch(ENDLESS))["lost"])


def test_ema_is_what_is_seen_within():
    step = step_of(linear(), keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.75))
    weights = [weights_of(step)]
    for _ in range(3):
        step.update(batch())
        weights.append(weights_of(step))
    # The average starts with the first step's weights.
    average = weights[1]
    for own in weights[2:]:
        average = 0.75 * average + 0.25 * own
    with averaged_weights(step.model):
        np.testing.assert_allclose(weights_of(step), average, rtol=1e-6)
    np.testing.assert_array_equal(weights_of(step), weights[-1])


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, global_clipnorm=0.3),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1, use_ema=True),
    ],
)
def test_it_does_what_fit_does(optimizer):
    """Twelve steps with dropout and batch norm: the same weights to 1e-6 as Keras' own loop."""
    step = tiny.step(dropout=0.3, optimizer=optimizer)
    for n in range(12):
        step.update(Devices().divide(tiny.batch_of(range(4 * n, 4 * n + 4))))
    keras.utils.set_random_seed(1)
    model = tiny.network(0.3)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer(), loss, metrics=["accuracy"])
    x, y = tiny.batch_of(range(48))
    history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    with averaged_weights(step.model):  # as fit leaves them, where there is an average
        ours = [v.numpy() for v in step.model.weights]
    for one, other in zip(ours, model.weights, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=1e-6)
    assert step.results()["loss"] == pytest.approx(history.history["loss"][0], rel=1e-5)
    assert step.results()["accuracy"] == pytest.approx(history.history["accuracy"][0])


def test_bfloat16_keeps_its_variables_in_float32():
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny.network()
    finally:
        keras.config.set_dtype_policy("float32")
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    step = Step(model, keras.optimizers.SGD(0.1), supervised(loss))
    assert not bool(step.update(Devices().divide(tiny.batch_of(range(4))))["lost"])
    assert {v.dtype for v in model.trainable_variables} == {"float32"}
    assert float(step.scale.value) == 1


@pytest.mark.parametrize(
    ("optimizer", "options", "wanted"),
    [
        (keras.optimizers.SGD(gradient_accumulation_steps=2), {}, "use accumulate="),
        (keras.optimizers.SGD(use_ema=True, ema_overwrite_frequency=2), {}, "ema_overwrite"),
        (
            keras.optimizers.Adam(),
            {"factors": {"dense/bias": 2.0}},
            "should be SGD .* Received: Adam",
        ),
    ],
)
def test_what_would_be_wrong_is_refused(optimizer, options, wanted):
    with pytest.raises(ValueError, match=wanted):
        step_of(linear(), optimizer, **options)


def test_a_network_that_does_not_learn_is_refused():
    model = linear()
    model.trainable = False
    with pytest.raises(ValueError, match="has nothing to train"):
        step_of(model)


def two_losses(model, inputs, labels, training):
    """The squared error, and how large the scores are."""
    scores = model(inputs, training=training)
    return {
        "error": tf.reduce_sum((scores - labels) ** 2, axis=1),
        "size": tf.reduce_sum(scores**2, axis=1),
    }, scores


def test_two_losses_by_hand():
    """Scores -0.5, 3.5, -0.5: the gradient of both, the second times 0.1."""
    for parts in (False, True):
        step = Step(
            linear(),
            keras.optimizers.SGD(0.1),
            two_losses,
            loss_weights={"error": 1.0, "size": 0.1},
        )
        if parts:
            step.accumulate(batch(X[:1], Y[:1]))
            step.update(batch(X[1:], Y[1:]))
        else:
            step.update(batch())
        sizes = np.array([2 * (-0.5 + 3.5 * 3), 2 * (-0.5 * 2 - 0.5), 2 * 2.5]) / 3
        wanted = START - 0.1 * (GRADIENT + 0.1 * sizes)
        np.testing.assert_allclose(weights_of(step), wanted, rtol=1e-5)
        error, size = (1.5**2 + 3.5**2 + 2.5**2) / 3, (0.25 + 3.5**2 + 0.25) / 3
        assert step.results() == {
            "loss": pytest.approx(error + 0.1 * size),
            "error": pytest.approx(error),
            "size": pytest.approx(size),
        }


@pytest.mark.parametrize("parts", [False, True])
def test_what_no_loss_reaches_does_not_decay(parts):
    """Adam would make the same step of the smallest penalty as of a loss."""
    x = keras.Input((2,))
    outputs = [keras.layers.Dense(1, name=name)(x) for name in ("learns", "rests")]
    model = keras.Model(x, outputs)
    rests = model.get_layer("rests")
    before = [v.numpy() for v in rests.variables]

    def forward(model, inputs, labels, training):
        learns, other = model(inputs, training=training)
        return {"error": (learns - labels)[:, 0] ** 2, "other": other[:, 0] ** 2}, learns

    step = Step(
        model,
        keras.optimizers.Adam(0.1),
        forward,
        loss_weights={"error": 1.0, "other": 0.0},
        weight_decay=1e-7,
    )
    for _ in range(3):
        if parts:
            step.accumulate(batch(X[:1], Y[:1]))
            step.update(batch(X[1:], Y[1:]))
        else:
            step.update(batch())
    for old, new in zip(before, rests.variables, strict=True):
        np.testing.assert_array_equal(new.numpy(), old)
    assert step.results()["other"] > 0
    assert step.results()["loss"] == pytest.approx(step.results()["error"])


def test_losses_that_nobody_weighs_are_refused():
    step = Step(linear(), keras.optimizers.SGD(0.1), two_losses, loss_weights={"error": 1.0})
    with pytest.raises(ValueError, match=r"give the losses \['error'\].*\['error', 'size'\]"):
        step.update(batch())


def test_two_inputs_go_in_as_a_dictionary():
    clips = {name: keras.Input((2,), name=name) for name in ("rgb", "flow")}
    both = keras.layers.Add()(list(clips.values()))
    dense = keras.layers.Dense(1)
    model = keras.Model(clips, dense(both))
    dense.set_weights([np.array([[1.0], [-1.0]]), np.array([0.5])])
    step = step_of(model)
    step.update(batch({"rgb": X / 4, "flow": X * 3 / 4}))
    np.testing.assert_allclose(weights_of(step), START - 0.1 * GRADIENT, rtol=1e-5)


def test_a_step_at_once_is_the_step_that_sums():
    """To the bit, as 8 is a power of two; a part of weight 0 adds nothing, but has sums taken."""
    options = {"clip_norm": 0.5, "weight_decay": 1e-2}
    at_once, summed = (
        step_of(linear(), keras.optimizers.SGD(0.1, momentum=0.9), **options) for _ in range(2)
    )
    for number in range(5):
        x = np.random.default_rng(number).normal(size=(8, 2)).astype(np.float32)
        y = x.sum(axis=1, keepdims=True)
        at_once.update(batch(x, y))
        summed.accumulate(batch(x, y, tf.zeros(8)))
        summed.update(batch(x, y))
        np.testing.assert_array_equal(weights_of(at_once), weights_of(summed))
