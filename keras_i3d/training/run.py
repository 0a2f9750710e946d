"""A whole run: from a recipe to OUTPUT_DIR/final.keras."""

import dataclasses
import logging
from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow as tf

import keras_i3d
from keras_i3d.applications.from_file import find_network
from keras_i3d.files.whole import remove_leftovers, write_whole
from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.checkpoints import Checkpoints, save_network
from keras_i3d.training.devices import Devices
from keras_i3d.training.failures import in_one_line
from keras_i3d.training.forward import supervised
from keras_i3d.training.inputs import open_inputs
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.networks import (
    build_network,
    check_network,
    inputs_of,
    resolved,
    takes_small_clips,
)
from keras_i3d.training.progress import History, Progress
from keras_i3d.training.recipe_checks import check
from keras_i3d.training.recipes import Recipe, build_schedule, differences, to_json
from keras_i3d.training.run_folder import BEST, FINAL, LABELS, RECIPE
from keras_i3d.training.step import Step
from keras_i3d.training.transfer import prepare, rate_factors
from keras_i3d.training.validation_pictures import Pictures
from keras_i3d.weights.trained import TrainedRecord, record_of


def check_run(recipe: Recipe, folder: Path, devices: Devices) -> None:
    """Refuse, before anything is built, what this recipe cannot do here.

    Raises:
        ValueError: for an impossible recipe, for devices that it does not fit, and for a folder
            where another recipe has been at work; it shows the differences.
    """
    check(recipe)
    check_network(recipe)
    part = recipe.batch_size // recipe.accumulate
    if part % devices.replicas:
        raise ValueError(
            f"batch_size={recipe.batch_size} in accumulate={recipe.accumulate} parts gives {part} "
            f"clips, which {devices.replicas} devices cannot share equally"
        )
    if recipe.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        raise ValueError(
            "precision=mixed_float16 wants a GPU: TensorFlow has no MaxPool3D in float16 for CPUs; "
            "take mixed_bfloat16"
        )
    if found := _differences(resolved(recipe), folder):
        raise ValueError(f"{folder} has a run of another recipe: {'; '.join(found)}")


def train(
    recipe: Recipe,
    folder: str | Path,
    devices: Devices | None = None,
    *,
    checkpoint_every: int = 500,
    keep: int = 3,
    log_every: int = 50,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    stream=None,
) -> Path:
    """Run a recipe to its end, on from the folder's last checkpoint if there is one.

    The folder has recipe.json, labels.txt (the names of the classes), history.csv, tensorboard/,
    checkpoints/, best.keras (the least validation loss) and, at the end, final.keras. Both networks
    end in logits, and have the averaged weights where the recipe asks for such.

    Args:
        recipe: all numbers.
        folder: made if need be; all workers of a run see the same one.
        devices: what to compute on; by default one device.
        checkpoint_every, log_every: steps from one to the next.
        keep: how many checkpoints stay.
        callbacks: Keras callbacks besides.
        stream: where progress is shown; by default standard error.

    Returns:
        The path of final.keras.

    Raises:
        ValueError: before the start, for what cannot be; see `check_run`.
        OSError: for weights that cannot be had.
        FailedError: when memory or data fail.
        NotFiniteError, WorkerLostError, Interrupted: as `fit` does.
    """
    folder, devices = Path(folder), devices or Devices()
    check_run(recipe, folder, devices)
    recipe = resolved(recipe)
    keras.utils.set_random_seed(recipe.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        inputs = open_inputs(recipe, devices)
        step = build_step(recipe, len(inputs.class_names), devices)
    finally:
        keras.config.set_dtype_policy(policy)
    if devices.is_chief:
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "checkpoints"):
            remove_leftovers(place)
        write_whole(folder / RECIPE, to_json(recipe))
        names = "".join(f"{name}\n" for name in inputs.class_names)
        write_whole(folder / LABELS, names)
    record = _record(recipe, inputs.class_names)
    plan = Plan(
        recipe.steps,
        recipe.batch_size,
        recipe.accumulate,
        recipe.validate_every,
        checkpoint_every,
        log_every,
    )
    with in_one_line():
        fit(
            step,
            inputs.training,
            plan,
            make_validation=inputs.validation,
            schedule=build_schedule(recipe),
            callbacks=callbacks,
            checkpoints=Checkpoints(folder / "checkpoints", keep),
            history=History(folder / "history.csv", folder / "tensorboard"),
            progress=Progress(recipe.steps, recipe.batch_size, stream),
            save_best=lambda: save_network(step.model, folder / BEST, record),
            pictures=_pictures(recipe, inputs.class_names),
        )
    if inputs.skipped:
        logging.warning("%s", inputs.skipped.report())
    if devices.is_chief:
        with averaged_weights(step.model):
            save_network(step.model, folder / FINAL, record)
    return folder / FINAL


def _record(recipe: Recipe, class_names: Sequence[str]) -> TrainedRecord:
    """What the saved network keeps: all that is needed to use it."""
    return record_of(
        find_network(recipe.model),
        recipe.stream,
        inputs_of(recipe),
        class_names,
        multi_label=recipe.multi_label,
        # Of smaller clips the head takes the mean, and so clips of any size.
        **({"least_clip": (1, 1, 1)} if takes_small_clips(recipe) else {}),
        made={"keras_i3d": keras_i3d.__version__, "recipe": dataclasses.asdict(recipe)},
    )


def _pictures(recipe: Recipe, class_names: Sequence[str]) -> Pictures | None:
    if recipe.multi_label:
        return None
    first = next(iter(inputs_of(recipe).values()))
    return Pictures(class_names, first.preprocessing)


def is_finished(recipe: Recipe, folder: Path) -> bool:
    """Whether the folder has the end of this very recipe."""
    return (folder / FINAL).exists() and _differences(resolved(recipe), folder) == []


def _differences(recipe: Recipe, folder: Path) -> list[str] | None:
    """What the folder's recipe says otherwise; None where there is none."""
    try:
        return differences(recipe, (folder / RECIPE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder / RECIPE} is damaged: {error}") from error


def build_optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The recipe's optimizer; the schedule sets its learning rate, the step decays and clips."""
    ema = {"use_ema": recipe.ema is not None, "ema_momentum": recipe.ema or 0.0}
    if recipe.optimizer == "adam":
        return keras.optimizers.Adam(recipe.learning_rate, beta_1=recipe.momentum, **ema)
    return keras.optimizers.SGD(
        recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.nesterov, **ema
    )


def build_step(recipe: Recipe, classes: int, devices: Devices) -> Step:
    """The recipe's network, optimizer, loss and metrics."""
    with devices.strategy.scope():
        model = build_network(recipe, classes)
        prepare(
            model,
            find_network(recipe.model).head,
            transfer=recipe.transfer,
            batch_norm=recipe.batch_norm,
            batch_norm_momentum=recipe.batch_norm_momentum,
        )
        optimizer = build_optimizer(recipe)
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
    return Step(
        model,
        optimizer,
        supervised(loss),
        metrics,
        devices,
        clip_norm=recipe.clip_norm,
        weight_decay=recipe.weight_decay,
        factors=rate_factors(model, recipe.rates),
    )
