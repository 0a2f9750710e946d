"""What a step refuses to do."""

import math

import keras
import tensorflow as tf

from keras_i3d.layers.keras_internals import strategy_of
from keras_i3d.training.devices import Devices


def check_step(model, optimizer, metrics, factors: list[float], devices: Devices) -> None:
    """Raise ValueError for what a step does not do, or does otherwise than on one device."""
    if optimizer.gradient_accumulation_steps:
        raise ValueError("take accumulate=, not the optimizer's gradient_accumulation_steps")
    if optimizer.ema_overwrite_frequency:
        raise ValueError("ema_overwrite_frequency does not work on several devices; leave it out")
    if any(f != 1.0 for f in factors) and not isinstance(optimizer, keras.optimizers.SGD):
        raise ValueError(
            f"layers' own learning rates are for SGD; {type(optimizer).__name__} divides them out"
        )
    if not model.trainable_variables:
        raise ValueError(f"{model.name} has nothing that learns")
    for metric in metrics:
        if any(isinstance(v.value, tf.distribute.DistributedValues) for v in metric.variables):
            raise ValueError(f"metric {metric.name}: make metrics outside strategy.scope()")
    if strategy_of(optimizer) is not devices.strategy:
        raise ValueError("make the optimizer below the strategy's scope")
    if any(not math.isfinite(f) for f in factors):
        raise ValueError("factors of learning rates are finite")
