"""What learns, and how fast: the paper's three transfers, batch norm, layers' own rates."""

import re
from collections.abc import Sequence

import keras
import tensorflow as tf

from keras_i3d.layers import BatchNormLSTM
from keras_i3d.layers.keras_internals import all_layers
from keras_i3d.training.recipe_entries import pattern_and_factor


def prepare(
    model: keras.Model,
    head: Sequence[str],
    *,
    transfer: str,
    batch_norm: str,
    batch_norm_momentum: float | None = None,
) -> None:
    """Set what of the network learns, and where batch norm takes its statistics from.

    transfer=fixed leaves the head alone to learn: the trunk is a fixed function, its batch norm has
    the weights' statistics ("Quo Vadis", section 5.1). batch_norm=frozen does that to batch norm
    alone: what a batch of few clips says of a mean and a variance is noise. That of a
    BatchNormLSTM goes on learning with it.

    Args:
        model: the network.
        head: the layers that hold the class scores.
        transfer, batch_norm, batch_norm_momentum: as in a recipe.
    """
    if transfer == "fixed":
        for layer in model.layers:
            layer.trainable = layer.name in head
    norms = _batch_norms(model)
    for norm in norms:
        norm.synchronized = batch_norm == "synchronised"
        if batch_norm == "frozen":
            norm.trainable = False
    if batch_norm_momentum is not None:
        recurrent = [layer for layer in all_layers(model) if isinstance(layer, BatchNormLSTM)]
        for norm in (*norms, *recurrent):
            norm.momentum = batch_norm_momentum


def synchronise(model: keras.Model) -> None:
    """Let batch norm of what is trained beside a network see the parts of all devices.

    Below the strategy's scope. One device is left as it is: it sees the same either way, but the
    sums that devices share round otherwise.
    """
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        for norm in _batch_norms(model):
            norm.synchronized = True


def _batch_norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [
        layer for layer in all_layers(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]


def rate_factors(model: keras.Model, rates: Sequence[str]) -> dict[str, float]:
    """Return {path of a trainable variable: factor}, by the first of `rates` that fits its path.

    Args:
        rates: 'PATTERN=FACTOR', a regular expression each, such as 'Conv3d_0c_1x1=10'.

    Raises:
        ValueError: when a pattern fits nothing that learns.
    """
    factors = {}
    pairs = [pattern_and_factor(entry) for entry in rates]
    for pattern, factor in pairs:
        fitting = [v.path for v in model.trainable_variables if re.search(pattern, v.path)]
        if not fitting:
            raise ValueError(f"rates: {pattern!r} matches no trainable variable")
        for path in fitting:
            factors.setdefault(path, factor)
    return factors
