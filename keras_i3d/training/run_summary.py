"""A run's summary: what it found and will do, in a few lines before its first step."""

import math
from collections.abc import Iterator
from pathlib import Path

import keras

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.training.devices import Devices
from keras_i3d.training.inputs import Inputs
from keras_i3d.training.networks import inputs_of
from keras_i3d.training.recipe_entries import matched
from keras_i3d.training.recipes import Recipe


def run_summary(
    recipe: Recipe,
    inputs: Inputs,
    model: keras.Model,
    devices: Devices,
    folder: Path,
    done: int,
    teacher: LoadedNetwork | None = None,
) -> Iterator[str]:
    """Yield the lines: network, data, steps and devices, and the output folder.

    network  i3d, rgb, from imagenet: 12,339,498 parameters, 12,325,002 of them trained
    data     ucf101/shards: 9,537 training videos (train), 3,783 validation videos (test), ...

    Args:
        recipe: with all sizes, as `resolved` gives it.
        inputs: what `open_inputs` found.
        model: the network, ready to be trained.
        devices: what computes.
        folder: of the run.
        done: steps of the last checkpoint; 0 if there is none.
        teacher: as `open_teacher` gives it; it has a line of its own.
    """
    r, kept = recipe, model.count_params()
    learnt = sum(math.prod(v.shape) for v in model.trainable_variables)
    learning = f"{learnt:,} of them trained" if learnt < kept else "all trained"
    start = r.weights or "random weights"
    yield f"network  {r.model}, {r.stream}, from {start}: {kept:,} parameters, {learning}"
    if teacher is not None:
        yield (
            f"teacher  {teacher.record.network}, {teacher.record.stream}, from {teacher.source}: "
            f"{teacher.model.count_params():,} parameters, none trained; matched at "
            f"{', '.join(_matched(r))}; action loss, weight {r.action_weight:g}"
        )
    if r.flow_loss:
        yield (
            f"flow     decoded at {', '.join(r.flow_loss)}, weight {r.flow_weight:g}; action loss, "
            f"weight {r.action_weight:g}"
        )
    validated = f"{inputs.validated:,} validation videos ({r.validation_split}), "
    yield (
        f"data     {r.data}: {inputs.learnt:,} training videos ({r.train_split}), "
        f"{validated if inputs.validated else ''}{len(inputs.class_names):,} classes"
    )
    sizes = {f"{one.frames} x {one.crop} x {one.crop}" for one in inputs_of(r).values()}
    yield (
        f"run      {r.steps:,} steps of {r.batch_size:,} clips ({', '.join(sorted(sizes))}), "
        f"on {devices.names()}, {r.precision}"
        + (f", then {r.batch_norm_batches:,} for batch norm" if r.batch_norm_batches else "")
        + (f"; {done:,} steps are done" if done else "")
    )
    yield f"output   {folder}: history.csv, tensorboard/, checkpoints/, best.keras, final.keras"


def _matched(recipe: Recipe) -> Iterator[str]:
    for entry in recipe.distil:
        *_, weight = matched(entry, recipe.distil_weight)
        yield f"{entry.partition(':')[0]} (weight {weight:g})"
