"""Batch norm's statistics, computed afresh when the weights have stopped moving."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_i3d.layers import BatchNormLSTM
from keras_i3d.layers.keras_internals import all_layers, backend_variable
from keras_i3d.training.step import Step

# In the order in which a network has them.
KINDS = (keras.layers.BatchNormalization, BatchNormLSTM)


def compute_statistics(step: Step, batches: Iterable[tuple], count: int, stream=None) -> None:
    """Give batch norm the mean and variance over `count` batches, all under the present weights.

    While a network learns, batch norm keeps averages over the last steps, whose weights were
    others. The LSTM has its turn last, on what the layers before it give in inference: a small
    difference at its input grows with every step where all clips of a batch are alike.

    Layers that have no statistics of the batch while they learn, frozen ones, keep theirs.

    Args:
        step: the network, and what it sees of a batch.
        batches: (x, y[, weights]) as the network learns from them, `count` for each kind of layer.
        count: how many.
        stream: where a bar is shown, if it is a terminal; by default standard error.

    Source: Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3; for the LSTM
    Cooijmans et al., "Recurrent Batch Normalization", 2016, who take the training data's at test.
    """
    batches = iter(batches)
    norms = [layer for layer in all_layers(step.model) if isinstance(layer, KINDS)]
    for kind in KINDS:
        learning = [norm for norm in norms if isinstance(norm, kind) and norm.trainable]
        if learning:
            kept = [pair for norm in learning for pair in _kept(norm)]
            several = tqdm(itertools.islice(batches, count), "batch norm", count, file=stream,
                           disable=None, leave=False)  # fmt: skip
            with _alone(learning, norms):
                moments = _moments(step, several, kept)
            for (mean, variance), (first, second) in zip(kept, moments, strict=True):
                mean.assign(first.astype(np.float32))
                variance.assign(np.maximum(0, second - first**2).astype(np.float32))


def _kept(norm: keras.Layer) -> list[tuple]:
    """Its (mean, variance) in inference; the LSTM has three of them."""
    named = {v.name: v for v in norm.variables if "moving_" in v.name}
    means = [name for name in named if name.endswith("moving_mean")]
    return [(named[name], named[name.replace("mean", "variance")]) for name in means]


def _moments(step: Step, batches: Iterable[tuple], kept: list[tuple]) -> list[list[np.ndarray]]:
    """[mean, mean of squares] of each, over all batches and devices."""
    strategy = step.devices.strategy

    @tf.function(reduce_retracing=True)
    def see(batch):
        def forward(x, y, weights):
            step.forward(step.model, x, y, True)
            means, variances = (
                [tf.cast(backend_variable(v), tf.float64) for v in some]
                for some in zip(*kept, strict=True)
            )
            return [[m, v + m**2] for m, v in zip(means, variances, strict=True)]

        seen = strategy.run(forward, args=batch)
        return keras.tree.map_structure(
            lambda one: strategy.reduce(tf.distribute.ReduceOp.MEAN, one, axis=None), seen
        )

    every = [see(step.devices.divide(batch)) for batch in batches]
    return keras.tree.map_structure(lambda *one: np.mean(one, axis=0), *every)


@contextlib.contextmanager
def _alone(learning: list, norms: list) -> Iterator[None]:
    """Within, these layers keep the last batch's statistics, the others compute as in inference."""
    before = [(norm, norm.trainable, norm.momentum) for norm in norms]
    try:
        for norm in norms:
            norm.trainable, norm.momentum = norm in learning, 0.0
        yield
    finally:
        for norm, trainable, momentum in before:
            norm.trainable, norm.momentum = trainable, momentum
