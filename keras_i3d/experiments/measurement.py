"""Train and test every run of the tables, except what an earlier call has done."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import keras

from keras_i3d.evaluation.run_evaluation import evaluate_run
from keras_i3d.evaluation.scores import (
    Scores,
    ScoresError,
    load_scores,
    save_scores,
    summary_line,
)
from keras_i3d.experiments import TABLES
from keras_i3d.experiments.runs import Result, in_order
from keras_i3d.experiments.write_up import write_up
from keras_i3d.files.whole import write_whole
from keras_i3d.training.devices import Devices
from keras_i3d.training.recipes import Recipe
from keras_i3d.training.run import check_run, is_finished, train
from keras_i3d.training.run_folder import RECIPE, read_run

SECONDS = "seconds.json"
SCORES = "test.npz"


def run_experiments(
    folder: str | Path,
    only: Sequence[str] = (),
    *,
    seed: int = 0,
    scale: float = 1.0,
    videos: int = 200,
    tell: Callable[[str], None] = lambda line: None,
    watch: Callable[[Iterable[int], str, int], Iterable[int]] | None = None,
) -> Path:
    """Run tables and write report.html and report.md; return the page's path.

    Stopped or killed, the same call goes on from where it was.

    Args:
        folder: of everything that comes of it; a folder for each run.
        only: names in TABLES; by default all of them.
        seed: of everything random.
        scale: so many times the steps.
        videos: of each test.
        tell: called with a line before and after each run.
        watch: as `evaluate_run` takes it.

    Raises:
        ValueError: for an unknown table, or where the folder has a run with another recipe.
        FailedError, NotFiniteError, Interrupted: as `train` does.
    """
    folder = Path(folder)
    if unknown := [name for name in only if name not in TABLES]:
        raise ValueError(
            f"a table should be one of {', '.join(TABLES)}. Received: {', '.join(unknown)}"
        )
    tables = [table for name, table in TABLES.items() if not only or name in only]
    runs = in_order(row for table in tables for row in table.rows)
    results = {}
    for number, run in enumerate(runs, 1):
        tell(f"{number} of {len(runs)}: {run.name}")
        recipe = run.recipe_at(folder, seed, scale)
        results[run.name] = measure(recipe, folder / run.name, videos, watch)
        tell(f"{run.name}: {summary_line(results[run.name].scores)}")
    return write_up(folder, tables, results)


def measure(recipe: Recipe, folder: Path, videos: int, watch=None) -> Result:
    """Train and test one network, or take from the folder what an earlier call has done.

    Args:
        recipe: on synthetic videos.
        folder: of the run.
        videos: of the test; none of their pixels is in the training's videos.
        watch: as `evaluate_run` takes it.
    """
    path = folder / SCORES
    if not is_finished(recipe, folder):
        check_run(recipe, folder, Devices())  # what is refused leaves the folder as it is
        path.unlink(missing_ok=True)
        _train(recipe, folder)
    scores = _kept_scores(path)
    if scores is None or scores.listed != videos:
        run = read_run(folder)
        run = replace(run, recipe=replace(run.recipe, validation_videos=videos))
        scores = evaluate_run(run, "test", watch=watch)
        save_scores(path, scores)
    return Result(scores, _seconds(folder))


def _train(recipe: Recipe, folder: Path) -> None:
    before, begin = _seconds(folder), time.monotonic()
    keras.backend.clear_session()
    every = recipe.validate_every
    try:
        train(recipe, folder, checkpoint_every=every, keep=1, log_every=every)
    finally:
        if (folder / RECIPE).exists():  # the training has begun
            text = json.dumps({"seconds": before + time.monotonic() - begin})
            write_whole(folder / SECONDS, text)


def _seconds(folder: Path) -> float:
    """How long the folder's training took so far."""
    try:
        return json.loads((folder / SECONDS).read_text("utf-8"))["seconds"]
    except FileNotFoundError:
        return float("nan") if (folder / RECIPE).exists() else 0.0


def _kept_scores(path: Path) -> Scores | None:
    """The scores of an earlier call; None where they are damaged or have no provenance."""
    try:
        scores = load_scores(path)
    except (FileNotFoundError, ScoresError):
        return None
    return scores if scores.made else None
