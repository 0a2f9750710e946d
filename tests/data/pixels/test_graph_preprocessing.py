"""The graph's pixels are NumPy's, bit by bit."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_i3d.data.pixels import graph_preprocessing as graph
from keras_i3d.data.pixels import preprocessing
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, DEEPMIND_RGB, Preprocessing


@tf.function(
    input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)], reduce_retracing=True
)
def in_graph(frames):
    return graph.resize_and_crop(frames, DEEPMIND_RGB)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 700), st.integers(2, 700), st.integers(0, 2**32 - 1))
def test_pixels_of_any_size_are_those_of_numpy(height, width, seed):
    frames = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), np.uint8)
    expected = preprocessing.resize_and_crop(frames, DEEPMIND_RGB)
    assert np.array_equal(in_graph(frames), expected)


def crop_of_sevens(size):
    """The only values in the crop of nine frames of sevens."""
    frames = tf.fill((9, *size, 3), tf.constant(7, tf.uint8))
    return np.unique(graph.resize_and_crop(frames, DEEPMIND_RGB)).tolist()


@pytest.mark.parametrize("size", [(1, 400_000), (400_000, 1)])
def test_long_and_narrow_frames_take_no_memory(aside, size):
    """Nine frames are 11 MB; the crop's 224 rows of them were 9.7 GB, which a request could ask."""
    assert aside.below(200, crop_of_sevens, size) == [7]


def test_values_are_those_of_numpy():
    frames = np.random.default_rng(0).integers(0, 256, (1, 2, 240, 320, 3), np.uint8)
    expected = preprocessing.preprocess(frames, DEEPMIND_RGB)
    assert np.array_equal(graph.preprocess(tf.constant(frames), DEEPMIND_RGB), expected)


def test_without_resizing_the_centre_comes_out():
    frames = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(1, 6, 8, 3)
    spec = Preprocessing(short_side=6, crop=4)
    assert np.array_equal(graph.resize_and_crop(tf.constant(frames), spec), frames[:, 1:5, 2:6])


def test_flow_is_cropped_clipped_and_scaled_but_not_resized():
    flow = np.zeros((1, 2, 226, 228, 2), np.float32)
    flow[..., 1:225, 2:226, 0] = 30
    flow[..., 1:225, 2:226, 1] = -5
    out = graph.preprocess_flow(tf.constant(flow), DEEPMIND_FLOW)
    assert out.shape == (1, 2, 224, 224, 2)
    assert np.array_equal(np.unique(out[..., 0]), [1])
    assert np.array_equal(np.unique(out[..., 1]), [-0.25])


def test_flow_of_small_frames_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 224 x 224"):
        graph.preprocess_flow(tf.zeros((1, 2, 200, 300, 2)), DEEPMIND_FLOW)
