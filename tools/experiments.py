"""The recipes proven on videos made by rule: seven trainings and a report of what came of them.

  keras-i3d experiments [--out=experiments]

How something moves, told from RGB clips, and from single frames, which cannot tell; RGB, flow and
both together; a small new task learnt from random weights, by a new head, and by all of a trained
network. On two CPU cores some ten minutes; broken off, the same command goes on. Exit status: 0
when all is run and the report is written, whatever it says, 1 when something had to stop, 2 for
wrong flags, 130 after Ctrl-C.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from absl import flags

from keras_i3d_command import quiet_import

with quiet_import():
    import keras
    from tqdm import tqdm

    from keras_i3d.evaluation.evaluate import evaluate
    from keras_i3d.evaluation.scores import Scores, load_scores, save_scores, summary_line
    from keras_i3d.tools.experiments_report import Result, write_report
    from keras_i3d.tools.experiments_table import Experiment, experiments
    from keras_i3d.tools.running import FlagError, ToolError, loaded, run
    from keras_i3d.training.checkpoints import write_whole
    from keras_i3d.training.fit import NotFiniteError
    from keras_i3d.training.inputs import open_source
    from keras_i3d.training.networks import inputs_of
    from keras_i3d.training.recipes import Recipe
    from keras_i3d.training.run import FINAL, FailedError, is_finished, train

OUT = flags.DEFINE_string("out", "experiments", "folder of all that comes of them")
SEED = flags.DEFINE_integer("seed", 0, "of everything that is random", lower_bound=0)
SCALE = flags.DEFINE_float("scale", 1.0, "as many times the steps", lower_bound=1e-3)
VIDEOS = flags.DEFINE_integer("videos", 200, "videos of each test", lower_bound=1)


def main(arguments: Sequence[str]) -> int:
    """Train, test and report; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    folder = Path(OUT.value).expanduser()
    planned = experiments(folder, SEED.value, SCALE.value)
    results = {}
    for number, one in enumerate(planned, 1):
        print(f"{number} of {len(planned)}: {one.name}", file=sys.stderr, flush=True)
        try:
            with loaded():
                results[one.name] = _result(one, folder / one.name)
        except ValueError as error:
            raise FlagError(f"--out={folder}: {error}") from error
        except (FailedError, NotFiniteError) as error:
            raise ToolError(error) from error
        print(f"{one.name}: {summary_line(results[one.name].scores)}", flush=True)
    print(write_report(folder, planned, results))
    return 0


def _result(one: Experiment, folder: Path) -> Result:
    """Train, or take what is trained; test, or take what is tested."""
    took, tested = folder / "seconds.json", folder / "test.npz"
    if not is_finished(one.recipe, folder):
        begin = time.monotonic()
        keras.backend.clear_session()
        every = one.recipe.validate_every
        train(one.recipe, folder, checkpoint_every=every, keep=1, log_every=every)
        seconds = json.dumps({"seconds": time.monotonic() - begin})
        write_whole(took, lambda file: file.write(seconds.encode()))
        tested.unlink(missing_ok=True)
    seconds = json.loads(took.read_text())["seconds"] if took.exists() else float("nan")
    scores = load_scores(tested) if tested.exists() else None
    if scores is None or scores.listed != VIDEOS.value:
        scores = _tested(one.recipe, folder)
        save_scores(tested, scores)
    return Result(scores, seconds)


def _tested(recipe: Recipe, folder: Path) -> Scores:
    """Scores of all frames of each video of the test, none of whose pixels was ever seen."""
    recipe = replace(recipe, validation_videos=VIDEOS.value)
    return evaluate(
        keras.saving.load_model(folder / FINAL, compile=False),
        open_source(recipe, "test"),
        inputs_of(recipe),
        watch=lambda videos: tqdm(videos, "test", VIDEOS.value, unit=" videos", disable=None),
    )


if __name__ == "__main__":
    run(main)
