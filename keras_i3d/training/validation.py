"""A validation: every example counted once, on all devices of all workers."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.training.interruption import StopSign
from keras_i3d.training.step import Step
from keras_i3d.training.validation_pictures import Pictures

# (this worker's number, how many) to this worker's batches (x, y[, weights]); each example once.
MakeValidation = Callable[[tuple[int, int]], tf.data.Dataset]


def validate(
    step: Step,
    make_validation: MakeValidation,
    stop: StopSign | None = None,
    pictures: Pictures | None = None,
) -> dict:
    """Return {"val_loss": mean over all examples, and "val_" with each other loss and metric}.

    Workers may have different numbers of batches. Ends early, with what there is, when `stop` says.
    `pictures` sees every batch: all labels and scores, and the clips of this worker, the chief.

    Raises:
        ValueError: when a worker has no example at all.
    """
    devices = step.devices
    fresh_ones = {m.name: type(m).from_config(m.get_config()) for m in step.means}
    means = {name: fresh_ones[name] for name in ("loss", *step.mean_parts)}
    metrics = [fresh_ones[m.name] for m in step.metrics]
    batches = iter(make_validation((devices.worker, devices.workers)))
    batch = None
    while True:
        fresh = None if stop else next(batches, None)
        if not devices.sum(fresh is not None):
            break
        if fresh is None and batch is None:
            raise ValueError(f"worker {devices.worker} has no example of the validation data")
        batch = _filled(fresh or batch, devices.replicas // devices.workers, fresh is None)
        labels, scores, weights, losses = step.evaluate(devices.divide(batch))
        for name, mean in means.items():
            mean.update_state(losses[name], sample_weight=weights)
        for metric in metrics:
            metric.update_state(labels, scores, sample_weight=weights)
        if pictures is not None:
            pictures.add(batch[0], labels, scores, weights)
    return {f"val_{m.name}": float(m.result()) for m in (*means.values(), *metrics)}


def _filled(batch: tuple, least: int, blank: bool) -> tuple:
    """At least one example a device: the first one again, of weight 0; `blank`: all of weight 0."""
    x, y, *weights = batch
    count = int(keras.tree.flatten(y)[0].shape[0])
    weights = tf.cast(weights[0], tf.float32) if weights else tf.ones([count])
    if blank:
        weights = tf.zeros_like(weights)
    if count < least:
        again = np.minimum(np.arange(least), count - 1)
        x, y = keras.tree.map_structure(lambda a: tf.gather(a, again), (x, y))
        weights = tf.concat([weights, tf.zeros([least - count])], axis=0)
    return x, y, weights
