"""Bilinear upsampling, as Keras does it on images of known size."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_i3d.layers import BilinearUpSampling2D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_a_row_by_hand():
    """Two pixels to six: centres at -1/3, 0, 1/3, 2/3, 1, 4/3 of theirs."""
    row = np.array([0, 3], np.float32).reshape(1, 1, 2, 1)
    came = numpy(BilinearUpSampling2D((1, 3))(row)).ravel()
    np.testing.assert_allclose(came, [0, 0, 1, 2, 3, 3], atol=1e-6)


@settings(max_examples=20)
@given(st.tuples(*[st.integers(1, 5)] * 2), st.tuples(*[st.integers(1, 4)] * 2))
def test_it_is_what_keras_does(sides, size):
    images = np.random.default_rng(0).normal(size=(2, *sides, 3)).astype(np.float32)
    wanted = keras.layers.UpSampling2D(size, interpolation="bilinear")(images)
    layer = BilinearUpSampling2D(size)
    assert layer.compute_output_shape(images.shape) == tuple(wanted.shape)
    np.testing.assert_allclose(numpy(layer(images)), numpy(wanted), atol=1e-5)


def test_a_graph_takes_images_of_any_size():
    tf = pytest.importorskip("tensorflow")
    layer = BilinearUpSampling2D((4, 2))
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None, None, 2])])
    for height, width in ((1, 1), (3, 5)):
        images = np.random.default_rng(0).normal(size=(1, height, width, 2)).astype(np.float32)
        np.testing.assert_allclose(graph(images), numpy(layer(images)), atol=1e-6)
