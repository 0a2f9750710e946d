"""The layers of networks of several frames or streams, by value."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import FrameStack, LastStep, MeanPrediction


def test_frames_become_channels_one_after_the_other():
    """Five frames of two channels, stacked by two: the fifth is left over."""
    clip = np.arange(5 * 2, dtype=np.float32).reshape(1, 5, 1, 1, 2)
    stacked = keras.ops.convert_to_numpy(FrameStack(2)(clip))
    assert stacked[0, :, 0, 0].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert FrameStack(10).compute_output_shape((None, None, 7, 8, 2)) == (None, None, 7, 8, 20)


def test_a_stack_keeps_places_apart():
    clip = np.random.default_rng(0).normal(size=(2, 6, 4, 5, 2)).astype(np.float32)
    stacked = keras.ops.convert_to_numpy(FrameStack(3)(clip))
    np.testing.assert_array_equal(stacked[1, 1, 2, 3], clip[1, 3:, 2, 3].reshape(-1))
    with pytest.raises(ValueError, match="size should be at least 1"):
        FrameStack(0)


def test_the_last_step_is_the_last():
    assert np.array(LastStep()(np.arange(6.0).reshape(1, 3, 2))).tolist() == [[4, 5]]


def test_probabilities_are_averaged_not_logits():
    """Of (0.8, 0.2) and (0.4, 0.6): (0.6, 0.4)."""
    one, other = np.log([[8.0, 2.0]]), np.log([[2.0, 3.0]])
    mean = keras.ops.convert_to_numpy(MeanPrediction()([one, other]))
    np.testing.assert_allclose(np.exp(mean), [[0.6, 0.4]], rtol=1e-5)


def test_sigmoids_are_averaged_class_by_class():
    """Of odds of 4 and 1/4: one half; of 9 and 9: 0.9."""
    one, other = np.log([[4.0, 9.0]]), np.log([[0.25, 9.0]])
    mean = keras.ops.convert_to_numpy(MeanPrediction("sigmoid")([one, other]))
    np.testing.assert_allclose(1 / (1 + np.exp(-mean)), [[0.5, 0.9]], rtol=1e-5)
    with pytest.raises(ValueError, match="activation should be 'softmax' or 'sigmoid'"):
        MeanPrediction("relu")
