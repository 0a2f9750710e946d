"""By name, all or nothing."""

import keras
import numpy as np
import pytest

from keras_i3d.weights.assignment import assign


@pytest.fixture
def model():
    x = keras.Input((3,))
    return keras.Model(x, keras.layers.Dense(1, name="b")(keras.layers.Dense(2, name="a")(x)))


def fitting():
    return {
        "a/kernel": np.full((3, 2), 1.0),
        "a/bias": np.full(2, 2.0),
        "b/kernel": np.full((2, 1), 3.0),
        "b/bias": np.full(1, 4.0),
    }


def test_arrays_go_to_their_variables_whatever_the_order(model):
    assign(model, dict(reversed(fitting().items())), "here")
    assert model.predict_on_batch(np.ones((1, 3))).item() == 2 * 3 * (3 * 1.0 + 2) + 4


def test_one_error_lists_everything_and_nothing_is_assigned(model):
    before = [np.array(w) for w in model.get_weights()]
    arrays = fitting()
    arrays["c/kernel"] = arrays.pop("a/bias")
    arrays["b/kernel"] = np.ones((1, 2))
    arrays["b/bias"] = np.array([np.nan])
    with pytest.raises(ValueError) as error:
        assign(model, arrays, "file.npz")
    assert str(error.value).splitlines() == [
        f"file.npz does not fit {model.name}:",
        "  missing    a/bias",
        "  shape      b/kernel: the file has (1, 2), the network wants (2, 1)",
        "  unexpected c/kernel",
        "  values     b/bias: 1 of 1 are not finite",
    ]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_variables_that_share_a_path_are_refused():
    inputs = [keras.Input((1,)) for _ in "ab"]
    inner = [keras.Model(x, keras.layers.Dense(1, name="same")(x)) for x in inputs]
    clip = keras.Input((1,))
    model = keras.Model(clip, [inner[0](clip), inner[1](clip)])
    with pytest.raises(ValueError, match="two variables of the same path"):
        assign(model, {}, "here")
