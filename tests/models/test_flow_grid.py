"""Flow on other grids: its values stay pixels of the input."""

import numpy as np
import pytest

from keras_i3d.models.flow_grid import coarser, end_point_error, finer


def row(*values):
    """Flow to the right alone: one row of one frame."""
    x = np.array(values, np.float32)
    return np.stack([x, 0 * x], -1)[None, None, None]


def x_of(flow):
    return np.asarray(flow)[0, 0, 0, :, 0].tolist()


def test_a_quarter_of_the_resolution_keeps_the_pixels():
    """A clip that moves 4 pixels to the right and 2 up does so on any grid, not 1 and 0.5."""
    flow = np.broadcast_to(np.float32([4, -2]), (1, 8, 16, 12, 2))
    quarter = np.asarray(coarser(flow, (2, 4, 3)))
    np.testing.assert_allclose(quarter, np.broadcast_to([4, -2], (1, 2, 4, 3, 2)), rtol=1e-6)
    again = np.asarray(finer(quarter, (2, 16, 12)))
    np.testing.assert_allclose(again, np.broadcast_to([4, -2], (1, 2, 16, 12, 2)), rtol=1e-6)


def test_cells_have_the_mean():
    assert x_of(coarser(row(1, 3, 5, 7), (1, 1, 2))) == [2, 6]
    # Three pixels to two cells: the middle one belongs to both by half.
    assert x_of(coarser(row(0, 3, 9), (1, 1, 2))) == pytest.approx([1, 7])
    over_time = row(1).repeat(4, 1) * np.arange(4, dtype=np.float32)[:, None, None, None]
    assert np.asarray(coarser(over_time, (2, 1, 1)))[0, :, 0, 0, 0].tolist() == [0.5, 2.5]


def test_between_the_middles_of_cells_flow_is_bilinear():
    assert x_of(finer(row(2, 6), (1, 1, 4))) == [2, 3, 5, 6]
    assert x_of(finer(row(5), (1, 1, 3))) == [5, 5, 5]


def test_end_point_error_by_hand():
    decoded = np.array([[3.0, 4.0], [1.0, 1.0]], np.float32)
    errors = end_point_error(decoded, np.array([[0.0, 0.0], [1.0, 1.0]], np.float32))
    assert np.asarray(errors).tolist() == pytest.approx([5, 0], abs=1e-5)


def test_where_two_flows_are_equal_the_gradient_is_finite():
    import tensorflow as tf

    decoded = tf.Variable([[1.0, 1.0], [0.0, 2.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(end_point_error(decoded, tf.constant([[1.0, 1.0], [0.0, 0.0]])))
    gradient = tape.gradient(loss, decoded).numpy()
    np.testing.assert_allclose(gradient, [[0, 0], [0, 1]], atol=1e-6)
