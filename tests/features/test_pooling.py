"""Pooling, against numbers by hand and the head of the network itself."""

import keras
import numpy as np
import pytest

from keras_i3d.features.pooling import pool_weights, pooled
from keras_i3d.layers import HeadPooling3D

MAPS = np.random.default_rng(0).normal(size=(2, 8, 7, 7, 5)).astype(np.float32)


def test_weights_by_hand():
    assert pool_weights(4, 2) * 6 == pytest.approx([1, 2, 2, 1])
    assert pool_weights(2, 2) == pytest.approx([0.5, 0.5])
    assert pool_weights(1, 2) == pytest.approx([1])
    assert pool_weights(3, 7) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("pool", [(2, 7, 7), (2, None, None)])
@pytest.mark.parametrize("shape", [(8, 7, 7), (2, 7, 7), (3, 8, 9)])
def test_avg_is_the_heads_pool_and_the_mean(shape, pool):
    maps = np.random.default_rng(1).normal(size=(2, *shape, 5)).astype(np.float32)
    head = keras.ops.convert_to_numpy(HeadPooling3D(pool)(maps))
    np.testing.assert_allclose(pooled(maps, "avg", pool), head.mean((1, 2, 3)), atol=1e-6)


def test_means():
    np.testing.assert_allclose(pooled(MAPS, "mean"), MAPS.mean((1, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(pooled(MAPS, "avg"), MAPS.mean((1, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(pooled(MAPS, "time"), MAPS.mean(1), atol=1e-6)
    np.testing.assert_allclose(pooled(MAPS, "space"), MAPS.mean((2, 3)), atol=1e-6)
    np.testing.assert_array_equal(pooled(MAPS, "none"), MAPS)
    np.testing.assert_array_equal(pooled(MAPS[:, 0, 0, 0], "mean"), MAPS[:, 0, 0, 0])


def test_a_short_window_has_no_pool_over_time():
    np.testing.assert_allclose(
        pooled(MAPS[:, :1], "avg", (2, 7, 7)), MAPS[:, :1].mean((1, 2, 3)), atol=1e-6
    )


def test_unknown_pooling():
    with pytest.raises(ValueError, match="pooling should be one of avg, mean, time, space, none"):
        pooled(MAPS, "max")
