"""The check itself: it must see what is wrong, and where the borders end."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_i3d.inflation import boring_video_check, inflate
from tests.inflation.conftest import inputs_for, randomise


def two_convolutions():
    return randomise(
        keras.Sequential(
            [
                keras.Input((6, 6, 2)),
                layers.Conv2D(3, 3, padding="same", name="one"),
                layers.Conv2D(2, 5, padding="same", name="two"),
                layers.GlobalAveragePooling2D(name="pooled"),
            ]
        )
    )


def test_borders_by_hand():
    """3 slices touch one frame on each side, 5 more two more; the mean has something of each."""
    model = two_convolutions()
    check = boring_video_check(model, inflate(model), inputs_for(model), frames=10)
    assert [(row.name, row.frames, row.untouched) for row in check.rows] == [
        ("one", 10, 8),
        ("two", 10, 4),
        ("pooled", 1, 0),
    ]
    assert check.unchecked == ("pooled",)
    assert check.difference < 1e-5 < 1e-2 < check.border_effect
    assert check.rows[2].difference is None and check.rows[0].border_effect > 1e-2


def test_what_is_called_untouched_is_so_and_what_is_touched_is_not():
    """Frame by frame against the activations themselves."""
    model = two_convolutions()
    inflated = inflate(model)
    image = inputs_for(model)[:1]
    outputs = keras.Model(inflated.input, inflated.get_layer("two").output)
    frames = outputs.predict(np.repeat(image[:, None], 10, 1), verbose=0)[0]
    off = np.abs(frames - frames[5]).max(axis=(1, 2, 3)) > 1e-4
    assert off.tolist() == [True] * 3 + [False] * 4 + [True] * 3


def test_a_wrong_weight_is_seen_in_its_layer():
    model = two_convolutions()
    inflated = inflate(model, temporal_padding="replicate")
    kernel = inflated.get_layer("two").kernel
    kernel.assign(1.001 * kernel)
    check = boring_video_check(model, inflated, inputs_for(model), frames=4)
    assert check.rows[0].difference < 1e-5
    assert check.rows[1].difference == pytest.approx(1e-3, rel=0.3)
    assert check.difference >= check.rows[1].difference


def test_not_a_number_counts_as_infinite():
    model = two_convolutions()
    inflated = inflate(model)
    inflated.get_layer("one").bias.assign([np.nan] * 3)
    assert boring_video_check(model, inflated, inputs_for(model)).difference == float("inf")


def test_a_single_image_and_the_models_own_number_of_frames():
    model = two_convolutions()
    check = boring_video_check(model, inflate(model, frames=7), inputs_for(model)[0])
    assert check.rows[0].frames == 7


def test_networks_that_do_not_belong_together_are_refused():
    model, image = two_convolutions(), np.zeros((6, 6, 2), "float32")
    other = keras.Sequential([keras.Input((6, 6, 2)), layers.Conv2D(9, 3, name="one")])
    with pytest.raises(ValueError, match="one: the 3D network gives .* where the 2D one gives"):
        boring_video_check(model, inflate(other), image, 4)
    other.layers[0].name = "different"
    unlike = keras.Sequential([keras.Input((6, 6, 2)), layers.ReLU(name="unlike")])
    with pytest.raises(ValueError, match="no layer of the same name"):
        boring_video_check(model, inflate(unlike), image, 4)
    with pytest.raises(ValueError, match=r"should be an array of shape .* Received: \(6, 6\)"):
        boring_video_check(model, inflate(model), image[..., 0], 4)
