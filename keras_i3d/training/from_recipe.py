"""A recipe unpacked: its network, its optimizer, its step, and the record of what it trains."""

import dataclasses
from collections.abc import Sequence

import keras

import keras_i3d
from keras_i3d.applications.from_file import find_network
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.training.devices import Devices
from keras_i3d.training.forward import deeply_supervised, supervised
from keras_i3d.training.networks import (
    build_network,
    check_network,
    inputs_of,
    takes_small_clips,
)
from keras_i3d.training.recipes import Recipe
from keras_i3d.training.step import Step
from keras_i3d.training.teachers import build_distillation
from keras_i3d.training.transfer import prepare, rate_factors
from keras_i3d.weights.trained import TrainedRecord, record_of


def build_model(recipe: Recipe, classes: int) -> keras.Model:
    """Return the network that the recipe trains, with its start's weights and a head of `classes`.

    Raises:
        ValueError, OSError: as `check_network` and `build_network` do.
    """
    check_network(recipe)
    # Of a network in a file the trunk is trained already.
    drawn = recipe.weights is None and not recipe.model.endswith(".keras")
    return build_network(
        find_network(recipe.model),
        inputs_of(recipe),
        classes,
        stream=recipe.stream,
        weights=recipe.weights,
        dropout=recipe.dropout,
        width=recipe.width,
        centred=recipe.centred and drawn,
    )


def build_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer; schedule and step set its rate, decay and clip."""
    ema = {"use_ema": recipe.ema is not None, "ema_momentum": recipe.ema or 0.0}
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate, beta_1=recipe.momentum, **ema)
    return keras.optimizers.SGD(
        recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.nesterov, **ema
    )


def build_step(
    recipe: Recipe,
    model: keras.Model,
    class_names: Sequence[str],
    devices: Devices,
    teacher: LoadedNetwork | None = None,
) -> Step:
    """Return the step by which the recipe trains its network: optimizer, losses and metrics.

    Args:
        recipe: all numbers.
        model: of `build_model`, below the strategy's scope; it learns.
        class_names: of the data.
        devices: what to compute on.
        teacher: as `open_teacher` gives it.

    Raises:
        ValueError: as `build_distillation` and `rate_factors` do.
    """
    classes, record = len(class_names), find_network(recipe.model)
    smoothing = {"label_smoothing": recipe.label_smoothing, "from_logits": True}
    if recipe.multi_label:
        loss = keras.losses.BinaryCrossentropy(**smoothing)
        metrics = [
            keras.metrics.AUC(
                curve="PR", multi_label=True, num_labels=classes, from_logits=True, name="mean_ap"
            )
        ]
    else:
        loss = keras.losses.CategoricalCrossentropy(**smoothing)
        metrics = [keras.metrics.CategoricalAccuracy(name="accuracy")]
        if classes > 5:
            metrics.append(keras.metrics.TopKCategoricalAccuracy(5, name="top_5"))
    forward, loss_weights, learner = supervised(loss), None, model
    if record.losses:
        forward = deeply_supervised(loss, model, record.losses)
        loss_weights = dict.fromkeys(record.losses, 1.0)
    with devices.strategy.scope():
        prepare(
            model,
            record.head,
            transfer=recipe.transfer,
            batch_norm=recipe.batch_norm,
            batch_norm_momentum=recipe.batch_norm_momentum,
        )
        if recipe.several_losses:
            distillation = build_distillation(recipe, model, loss, class_names, teacher)
            forward, loss_weights = distillation.forward, distillation.loss_weights
            learner = distillation.learner
        optimizer = build_optimizer(recipe)
    return Step(
        learner,
        optimizer,
        forward,
        metrics,
        devices,
        loss_weights=loss_weights,
        clip_norm=recipe.clip_norm,
        weight_decay=recipe.weight_decay,
        factors=rate_factors(learner, recipe.rates),
    )


def build_record(recipe: Recipe, class_names: Sequence[str]) -> TrainedRecord:
    """Return what the saved network keeps: all that is needed to use it."""
    network, inputs = find_network(recipe.model), inputs_of(recipe)
    return record_of(
        network,
        recipe.stream,
        inputs,
        class_names,
        multi_label=recipe.multi_label,
        # Of smaller clips the head takes the mean, and so clips of any size.
        **({"least_clip": (1, 1, 1)} if takes_small_clips(network, inputs) else {}),
        made={"keras_i3d": keras_i3d.__version__, "recipe": dataclasses.asdict(recipe)},
    )
