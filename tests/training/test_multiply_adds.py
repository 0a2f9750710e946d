"""Multiply-adds of a network, by hand."""

import keras
import numpy as np
from keras import layers

from keras_i3d.training.multiply_adds import multiply_adds


def test_convolutions_and_matrix_products_are_counted():
    """Each of 4 x 8 x 8 positions has 4 sums over 3 x 3 x 3 x 2; then 4 to 5 classes."""
    clip = keras.Input((4, 8, 8, 2))
    x = layers.Conv3D(4, 3, padding="same")(clip)
    x = layers.Dense(5)(layers.GlobalAveragePooling3D()(x))
    model = keras.Model(clip, x)
    wanted = 4 * 8 * 8 * 4 * 27 * 2 + 4 * 5
    assert multiply_adds(model, np.zeros((1, 4, 8, 8, 2), np.float32)) == wanted
    assert multiply_adds(model, np.zeros((3, 4, 8, 8, 2), np.float32)) == 3 * wanted
