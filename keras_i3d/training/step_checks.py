"""What a step refuses to do."""

import math

import keras
import tensorflow as tf

from keras_i3d.layers.keras_internals import strategy_of
from keras_i3d.training.devices import Devices


def check_step(model, optimizer, metrics, factors: list[float], devices: Devices) -> None:
    """Raise ValueError for what a step does not do, or does otherwise than on one device."""
    if optimizer.gradient_accumulation_steps:
        raise ValueError("use accumulate= instead of the optimizer's gradient_accumulation_steps")
    if optimizer.ema_overwrite_frequency:
        raise ValueError("ema_overwrite_frequency does not work on several devices; leave it out")
    if any(f != 1.0 for f in factors) and not isinstance(optimizer, keras.optimizers.SGD):
        raise ValueError(
            f"the optimizer should be SGD if layers have their own learning rates. "
            f"Received: {type(optimizer).__name__}, which divides them out"
        )
    if not model.trainable_variables:
        raise ValueError(f"{model.name} has nothing to train")
    for metric in metrics:
        if any(isinstance(v.value, tf.distribute.DistributedValues) for v in metric.variables):
            raise ValueError(f"metric {metric.name}: make metrics outside strategy.scope()")
    if strategy_of(optimizer) is not devices.strategy:
        raise ValueError("make the optimizer inside the strategy's scope")
    if any(not math.isfinite(f) for f in factors):
        raise ValueError(f"factors of learning rates should be finite. Received: {factors}")
