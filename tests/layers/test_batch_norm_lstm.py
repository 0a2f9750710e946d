"""The LSTM with batch norm, beside its equations in NumPy."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import BatchNormLSTM

UNITS, CHANNELS, STEPS = 3, 4, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def in_numpy(layer, sequence, learning):
    """Cooijmans et al., equations 6 to 8; outputs, and {name: what each step's batch has}."""
    w = {v.path.split("/")[-1]: keras.ops.convert_to_numpy(v) for v in layer.weights}
    h = c = np.zeros((len(sequence), UNITS))
    outputs, seen = [], {}

    def normed(name, values, step):
        kept = min(step, STEPS - 1)
        mean, variance = w[f"{name}_moving_mean"][kept], w[f"{name}_moving_variance"][kept]
        if learning:
            mean, variance = values.mean(0), values.var(0)
            seen.setdefault(name, []).append((mean, variance))
        return w[f"{name}_gamma"] * (values - mean) / np.sqrt(variance + 1e-5)

    for step in range(sequence.shape[1]):
        gates = normed("recurrent", h @ w["recurrent_kernel"], step) + w["bias"]
        gates = gates + normed("input", sequence[:, step] @ w["kernel"], step)
        i, f, g, o = np.split(gates, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(normed("cell", c, step) + w["cell_beta"])
        outputs.append(h)
    return np.stack(outputs, 1), seen


def drawn(steps, batch=6):
    rng = np.random.default_rng(steps)
    return rng.normal(size=(batch, steps, CHANNELS)).astype(np.float32)


@pytest.fixture
def layer():
    """One whose values are unlike each other: no statistic at its start."""
    layer = BatchNormLSTM(UNITS, STEPS, momentum=0.9)
    layer.build((None, None, CHANNELS))
    rng = np.random.default_rng(0)
    for variable in layer.weights:
        least = 0.3 if "variance" in variable.path or "gamma" in variable.path else -0.5
        variable.assign(rng.uniform(least, 1.0, variable.shape))
    return layer


@pytest.mark.parametrize("learning", [False, True])
@pytest.mark.parametrize("steps", [1, STEPS, STEPS + 3])
def test_it_gives_what_its_equations_give(layer, steps, learning):
    sequence = drawn(steps)
    wanted, _ = in_numpy(layer, sequence, learning)
    np.testing.assert_allclose(layer(sequence, training=learning), wanted, rtol=1e-3, atol=1e-5)


def test_training_moves_the_statistics_of_every_step(layer):
    """Of a clip of two steps, the second serves all that follow."""
    before = {v.path: keras.ops.convert_to_numpy(v) for v in layer.non_trainable_weights}
    _, seen = in_numpy(layer, drawn(2), learning=True)
    layer(drawn(2), training=True)
    for variable in layer.non_trainable_weights:
        name, statistic = variable.path.split("/")[-1].split("_moving_")
        new = [pair[statistic == "variance"] for pair in seen[name]]
        new = np.stack(new + new[-1:] * (STEPS - 2))
        wanted = 0.9 * before[variable.path] + 0.1 * new
        np.testing.assert_allclose(variable, wanted, rtol=1e-4, atol=1e-5)
    layer.trainable = False
    kept = [keras.ops.convert_to_numpy(v) for v in layer.weights]
    layer(drawn(2), training=True)
    for variable, value in zip(layer.weights, kept, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("learning", [False, True])
def test_what_comes_after_a_step_does_not_change_it(layer, learning):
    one, other = drawn(7), drawn(7)
    other[:, 4:] = 9 - 3 * one[:, 4:]
    first, second = (keras.ops.convert_to_numpy(layer(x, training=learning)) for x in (one, other))
    np.testing.assert_array_equal(first[:, :4], second[:, :4])
    assert (first[:, 4:] != second[:, 4:]).any()


def test_at_its_start_it_forgets_little_and_its_scales_are_a_tenth():
    layer = BatchNormLSTM(2)
    layer.build((None, None, 1))
    np.testing.assert_array_equal(layer.bias, [0, 0, 1, 1, 0, 0, 0, 0])
    scales = [v for v in layer.weights if v.path.endswith("gamma")]
    assert len(scales) == 3 and all(np.allclose(v, 0.1) for v in scales)
    # Of 512 units on 1024 channels: Keras' LSTM, and 5,120 of batch norm.
    layer = BatchNormLSTM(512)
    layer.build((None, None, 1024))
    assert sum(np.prod(v.shape) for v in layer.trainable_weights) == 3_147_776 + 5_120


def test_gradients_reach_all_it_learns_in_a_graph_of_unknown_length(layer):
    tf = pytest.importorskip("tensorflow")

    @tf.function(input_signature=[tf.TensorSpec((None, None, CHANNELS))])
    def gradients(sequence):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(sequence, training=True) ** 2)
        return tape.gradient(loss, [v.value for v in layer.trainable_weights])

    for variable, gradient in zip(layer.trainable_weights, gradients(drawn(4)), strict=True):
        assert gradient is not None and np.abs(gradient).max() > 0, variable.path
