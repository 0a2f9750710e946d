"""The moving average of the weights, in the network for as long as it is looked at."""

import contextlib
from collections.abc import Iterator

import keras

from keras_i3d.layers.keras_internals import averaged_variables


@contextlib.contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """Give the network its optimizer's moving averages within; where it keeps none, nothing."""
    optimizer = model.optimizer
    if not optimizer.use_ema:
        yield
        return
    trainable = model.trainable_variables
    own = [v.numpy() for v in trainable]
    try:
        for variable, average in zip(trainable, averaged_variables(optimizer), strict=True):
            variable.assign(average.numpy())
        yield
    finally:
        for variable, value in zip(trainable, own, strict=True):
            variable.assign(value)
