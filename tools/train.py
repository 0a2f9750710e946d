"""Train a video network by a recipe, and write OUTPUT_DIR/final.keras.

  keras-i3d train --output_dir=FOLDER [--recipe=NAME] [--steps=N] [--batch_size=N] ...

Every field of the recipe has a flag; --print_recipe shows the result. If you stop the command and
run it again, it continues from the last checkpoint and ends with the same weights as a run that was
never stopped: identical bits with --deterministic on one CPU. With more --steps it makes a run
longer, whether finished or stopped, if the learning rate schedule allows that. To train on several
machines, run the same command on each, with TF_CONFIG set. `tensorboard --logdir=FOLDER` shows the
curves (extra `tensorboard`). Exit status: 0 if the run is finished, 1 if it had to stop, 2 if a
flag is wrong, 130 after Ctrl-C.
"""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run
from keras_i3d.tools.weights_flag import check_weights
from keras_i3d.training.recipes import RECIPES, Recipe, to_json

RECIPE = flags.DEFINE_enum("recipe", "synthetic_small", sorted(RECIPES), "the recipe to start from")
OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "the output folder")
STRATEGY = flags.DEFINE_enum(
    "strategy", "auto", ["auto", "one", "mirrored", "multi_worker"], "which devices to use"
)
PRINT_RECIPE = flags.DEFINE_bool("print_recipe", False, "print the recipe as JSON and exit")
DETERMINISTIC = flags.DEFINE_bool(
    "deterministic", False, "the same command gives the same bits; slower"
)
CHECKPOINT_EVERY = flags.DEFINE_integer(
    "checkpoint_every", 500, "steps between checkpoints", lower_bound=1
)
KEEP = flags.DEFINE_integer("keep", 3, "number of checkpoints to keep", lower_bound=1)
LOG_EVERY = flags.DEFINE_integer("log_every", 50, "steps between rows of the log", lower_bound=1)
FIELDS = {
    field.name: (flags.DEFINE_bool if field.type in (bool, "bool") else flags.DEFINE_string)(
        field.name, None, f"recipe: {field.metadata['help']}"
    )
    for field in dataclasses.fields(Recipe)
}


def main(arguments: Sequence[str]) -> int:
    """Train; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    from keras_i3d.training.recipe_checks import change, parse

    try:
        given = {name: flag.value for name, flag in FIELDS.items() if flag.value is not None}
        recipe = change(RECIPES[RECIPE.value], {n: parse(n, v) for n, v in given.items()})
    except ValueError as error:
        raise FlagError(error) from error
    if PRINT_RECIPE.value:
        print(to_json(recipe), end="")
        return 0
    if not OUTPUT_DIR.value:
        raise FlagError("--output_dir is missing: give --output_dir=FOLDER")
    folder = Path(OUTPUT_DIR.value).expanduser()
    if "://" in OUTPUT_DIR.value:
        raise FlagError(
            f"--output_dir should be a folder of this machine. Received: {OUTPUT_DIR.value}"
        )
    can_be_written(folder, "folder")
    if recipe.weights is not None and not (folder / "final.keras").exists():
        check_weights(recipe.weights, recipe.model, recipe.stream)
    if recipe.teacher is not None and not (folder / "final.keras").exists():
        of, stream = recipe.teacher_network, recipe.teacher_stream
        check_weights(recipe.teacher, of, stream, "teacher", finished=True)
    with quiet_import():
        from keras_i3d.training.devices import (
            Devices,
            check_backend,
            make_deterministic,
            make_strategy,
        )
        from keras_i3d.training.failures import FailedError, NotFiniteError, WorkerLostError
        from keras_i3d.training.interruption import Interrupted
        from keras_i3d.training.run import check_run, is_finished, train

    try:
        if is_finished(recipe, folder):
            print(f"{folder}: finished already; the network is {folder / 'final.keras'}")
            return 0
        check_backend()  # before machines wait for each other
        if DETERMINISTIC.value:
            make_deterministic()
        devices = Devices(make_strategy(STRATEGY.value))
        check_run(recipe, folder, devices)
    except ValueError as error:
        raise FlagError(error) from error
    try:
        with loaded():
            path = train(
                recipe,
                folder,
                devices,
                checkpoint_every=CHECKPOINT_EVERY.value,
                keep=KEEP.value,
                log_every=LOG_EVERY.value,
            )
    except Interrupted as stop:
        print(
            f"train: stopped after step {stop.step} of {recipe.steps}; run the same "
            f"command to continue",
            file=sys.stderr,
        )
        return 130
    except (FailedError, NotFiniteError, WorkerLostError) as error:
        raise ToolError(error) from error
    if devices.is_chief:
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    run(main)
