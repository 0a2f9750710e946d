"""A whole run: from a recipe to OUTPUT_DIR/final.keras."""

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import tensorflow as tf

from keras_i3d.applications.from_file import find_network
from keras_i3d.files.whole import remove_leftovers, write_whole
from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.batch_statistics import compute_statistics
from keras_i3d.training.checkpoints import Checkpoints, save_network
from keras_i3d.training.devices import Devices
from keras_i3d.training.failures import in_one_line
from keras_i3d.training.from_recipe import build_model, build_record, build_step
from keras_i3d.training.frozen_network import check_frozen_network, keep_frozen_network
from keras_i3d.training.inputs import open_inputs
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.networks import (
    check_network,
    inputs_of,
    resolved,
)
from keras_i3d.training.progress import History, Progress
from keras_i3d.training.recipe_checks import augmentation, check
from keras_i3d.training.recipe_entries import matched
from keras_i3d.training.recipes import Recipe, build_schedule, differences, to_json
from keras_i3d.training.run_folder import BEST, FINAL, LABELS, RECIPE
from keras_i3d.training.run_summary import run_summary
from keras_i3d.training.teachers import open_teacher, seen_with_teacher
from keras_i3d.training.validation_pictures import Pictures


def check_run(recipe: Recipe, folder: Path, devices: Devices) -> None:
    """Refuse, before anything is built, what this recipe cannot do here.

    Raises:
        ValueError: for an impossible recipe, for devices that it does not fit, and for a folder
            where another recipe has been at work; it shows the differences. More steps are no other
            recipe, unless the rates of the steps that are done would be others.
    """
    check(recipe)
    check_network(recipe)
    if recipe.several_losses and find_network(recipe.model).losses:
        raise ValueError(
            f"teacher and flow_loss are for networks with one loss; model={recipe.model} has "
            f"several, by layer or by step"
        )
    if recipe.distil and recipe.teacher is None:
        raise ValueError(
            f"teacher should be a training run's folder or a file of weights, to match at "
            f"{', '.join(recipe.distil)}. Received: teacher=None"
        )
    if recipe.transfer == "fixed" and recipe.several_losses and not recipe.action_weight:
        network = find_network(recipe.model)
        ours = {matched(entry, recipe.distil_weight)[0] for entry in recipe.distil}
        if not ours & {*network.head, network.logits}:
            raise ValueError(
                "nothing would be trained: transfer=fixed leaves only the head to train, and with "
                "action_weight=0 no loss sees it; leave teacher, distil and flow_loss out, or give "
                "action_weight"
            )
    part = recipe.batch_size // recipe.accumulate
    if part % devices.replicas:
        raise ValueError(
            f"batch_size={recipe.batch_size} in accumulate={recipe.accumulate} parts gives {part} "
            f"clips, which {devices.replicas} devices cannot share equally"
        )
    if recipe.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
        raise ValueError(
            "precision=mixed_float16 needs a GPU: TensorFlow has no MaxPool3D in float16 for CPUs; "
            "use mixed_bfloat16"
        )
    recipe = resolved(recipe)
    found, before = _differences(recipe, folder), _fewer_steps(recipe, folder)
    if before and recipe.schedule == "cosine":
        raise ValueError(
            f"{folder} has a run of {before} steps with schedule=cosine; steps={recipe.steps} "
            f"would "
            f"change the learning rates of the steps already done. Finish it with steps={before}, "
            f"then start another folder from weights={folder / FINAL} with transfer=full"
        )
    if found and not before:
        raise ValueError(f"{folder} has a run with another recipe: {'; '.join(found)}")


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

    More steps than a run in the folder had, finished or not, are added to it; the network that it
    had come to stays as final_STEPS.keras.

    The folder has recipe.json, labels.txt (the names of the classes), history.csv, tensorboard/,
    checkpoints/, best.keras (the least validation loss) and, at the end, final.keras. Both networks
    end in logits, and have the averaged weights where the recipe asks for such. With a teacher
    there is frozen_network.json, so that it is the same one each time.

    Args:
        recipe: all numbers.
        folder: made if needed; all workers of a run see the same one.
        devices: what to compute on; by default one device.
        checkpoint_every, log_every: steps from one to the next.
        keep: how many checkpoints stay.
        callbacks: Keras callbacks besides.
        stream: where progress is shown; by default standard error.

    Returns:
        The path of final.keras.

    Raises:
        ValueError: before the start, for what cannot be; see `check_run`, `check_frozen_network`.
        OSError: for weights that are not available.
        FailedError: when memory or data fail.
        NotFiniteError, WorkerLostError, Interrupted: as `fit` does.
    """
    folder, devices = Path(folder), devices or Devices()
    check_run(recipe, folder, devices)
    recipe = resolved(recipe)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        with devices.strategy.scope():
            teacher = open_teacher(recipe)
        if teacher:
            check_frozen_network(teacher, folder)
        seen = seen_with_teacher(recipe, teacher)
        inputs = open_inputs(
            recipe.data_set,
            seen,
            devices,
            batch_size=recipe.batch_size // recipe.accumulate,
            augmentation=augmentation(recipe, seen),
        )
        for note in (*inputs.notes, *inputs.concerns):
            logging.warning("%s: %s", recipe.data, note)
        # Here, so that with a teacher or without, the same seed draws the same start.
        keras.utils.set_random_seed(recipe.seed)
        with devices.strategy.scope():
            network = build_model(recipe, len(inputs.class_names))
        step = build_step(recipe, network, inputs.class_names, devices, teacher)
    finally:
        keras.config.set_dtype_policy(policy)
    if devices.is_chief:
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / "checkpoints"):
            remove_leftovers(place)
        if (before := _fewer_steps(recipe, folder)) and (folder / FINAL).exists():
            (folder / FINAL).replace(folder / f"final_{before}.keras")
        if teacher:
            keep_frozen_network(teacher, folder)
        write_whole(folder / RECIPE, to_json(recipe))
        names = "".join(f"{name}\n" for name in inputs.class_names)
        write_whole(folder / LABELS, names)
    record = build_record(recipe, inputs.class_names)
    plan = Plan(
        recipe.steps,
        recipe.batch_size,
        recipe.accumulate,
        recipe.validate_every,
        checkpoint_every,
        log_every,
    )
    checkpoints = Checkpoints(folder / "checkpoints", keep)
    if devices.is_chief:
        done = checkpoints.last_step()
        for line in run_summary(recipe, inputs, network, devices, folder, done, teacher):
            print(line, file=stream or sys.stderr, flush=True)
    with in_one_line():
        position = fit(
            step,
            inputs.training,
            plan,
            make_validation=inputs.validation,
            schedule=build_schedule(recipe),
            callbacks=callbacks,
            checkpoints=checkpoints,
            history=History(folder / "history.csv", folder / "tensorboard"),
            progress=Progress(recipe.steps, recipe.batch_size, stream),
            save_best=lambda: save_network(network, folder / BEST, record),
            pictures=_pictures(recipe, inputs.class_names),
        )
        with averaged_weights(step.model):
            if recipe.batch_norm_batches:
                # Batches that would have come next: the same in every run of this recipe.
                start = position.step * recipe.batch_size
                batches = inputs.training(start, (devices.worker, devices.workers))
                compute_statistics(step, batches, recipe.batch_norm_batches, stream)
            if devices.is_chief:
                save_network(network, folder / FINAL, record)
    if inputs.skipped:
        logging.warning("%s", inputs.skipped.report())
    return folder / FINAL


def _pictures(recipe: Recipe, class_names: Sequence[str]) -> Pictures | None:
    if recipe.multi_label:
        return None
    stream, first = next(iter(inputs_of(recipe).items()))
    return Pictures(class_names, first.preprocessing, stream if recipe.several_losses else None)


def is_finished(recipe: Recipe, folder: Path) -> bool:
    """Return whether the folder has the end of this very recipe."""
    return (folder / FINAL).exists() and _differences(resolved(recipe), folder) == []


def _fewer_steps(recipe: Recipe, folder: Path) -> int | None:
    """The steps of the folder's run, if all that differs is that it has fewer of them."""
    if not _differences(recipe, folder):
        return None
    before = json.loads((folder / RECIPE).read_text("utf-8")).get("steps")
    if type(before) is not int or before >= recipe.steps:
        return None
    same = replace(recipe, steps=before)
    return before if _differences(same, folder) == [] else None


def _differences(recipe: Recipe, folder: Path) -> list[str] | None:
    """What the folder's recipe says otherwise; None if there is none."""
    try:
        return differences(recipe, (folder / RECIPE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ValueError(f"{folder / RECIPE} is damaged: {error}") from error
