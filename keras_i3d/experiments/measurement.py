"""Train and test every run of the tables, except what an earlier call has done."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import keras

from keras_i3d.evaluation.run_evaluation import evaluate_run
from keras_i3d.evaluation.scores import ScoresError, load_scores, save_scores, summary_line
from keras_i3d.experiments.apart import Job, measure_apart
from keras_i3d.experiments.runs import Result, Results, in_order, in_waves
from keras_i3d.experiments.tables import TABLES
from keras_i3d.experiments.write_up import write_up
from keras_i3d.files.whole import write_whole
from keras_i3d.files.workers import run_all, usable_cores
from keras_i3d.training.devices import Devices
from keras_i3d.training.failures import FailedError
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
    repetitions: int = 3,
    scale: float = 1.0,
    videos: int = 100,
    processes: int = 1,
    tell: Callable[[str], None] = lambda line: None,
    watch: Callable[[Iterable[int], str, int], Iterable[int]] | None = None,
) -> Path:
    """Run tables and write report.html and report.md; return the page's path.

    Stopped or killed, the same call goes on from where it was. After each repetition of a table the
    report is written, of those that are done; by earlier calls too, with the same `scale` and
    `videos`: other tables and other seeds stay in it.

    Args:
        folder: of everything that comes of it; a folder for each seed, in it one for each run.
        only: names in TABLES; by default all of them.
        seed: of everything random in the first repetition; the next has the next.
        repetitions: how often is trained what a difference is claimed of; the rest once.
        scale: so many times the steps.
        videos: of each test.
        processes: trainings at once; several are in processes of their own.
        tell: called with a line before or after each run.
        watch: as `evaluate_run` takes it, of trainings in this process.

    Raises:
        ValueError: for an unknown table, or where the folder has a run with another recipe.
        FailedError, NotFiniteError, Interrupted: as `train` does.
    """
    folder = Path(folder).resolve()  # recipes keep paths in it: however it is spelt, the same
    if unknown := [name for name in only if name not in TABLES]:
        raise ValueError(
            f"a table should be one of {', '.join(TABLES)}. Received: {', '.join(unknown)}"
        )
    tables = [table for name, table in TABLES.items() if not only or name in only]
    results = _done_before(folder, scale, videos)
    shown = [
        table
        for table in TABLES.values()
        if table in tables or table.rows or (folder / f"{table.name}.json").exists()
    ]
    page = None
    for number in range(seed, seed + repetitions):
        place = folder / f"seed_{number}"
        for table in tables:
            rows, new = table.rows if number == seed else table.repeated, False
            for wave in in_waves(in_order(rows)):
                jobs = [
                    Job(
                        run.recipe_at(place, number, scale),
                        place / run.name,
                        videos,
                        run.clips,
                        threads(processes),
                    )
                    for run in wave
                    if place not in results.get(run.name, {})
                ]
                for job, result in measured(jobs, processes, watch):
                    name = job.folder.name
                    results.setdefault(name, {})[place], new = result, True
                    tell(f"{place.name}, {table.name}: {name}: {summary_line(result.scores)}")
            if new or not table.rows:
                page = write_up(folder, shown, results)
                tell(f"{place.name}, {table.name}: {page}")
    return page or write_up(folder, shown, results)


def _done_before(folder: Path, scale: float, videos: int) -> Results:
    """What earlier calls have trained and tested, of all tables and seeds, by the same numbers."""
    results: Results = {}
    runs = in_order(row for table in TABLES.values() for row in table.rows)
    for place in folder.glob("seed_*"):
        seed = place.name.removeprefix("seed_")
        for run in runs if seed.isdecimal() else ():
            recipe = run.recipe_at(place, int(seed), scale)
            if result := _kept_result(recipe, place / run.name, videos):
                results.setdefault(run.name, {})[place] = result
    return results


def threads(processes: int) -> int:
    """Return how many threads of TensorFlow each of so many trainings at once has."""
    return max(1, usable_cores() // processes)


def measured(jobs: Sequence[Job], processes: int, watch) -> Iterator[tuple[Job, Result]]:
    """Train and test: give (job, result) of each as it comes.

    Args:
        jobs: none of which needs another.
        processes: trainings at once; several are in processes of their own.
        watch: as `evaluate_run` takes it, of trainings in this process.

    Raises:
        ValueError: where a folder has a run with another recipe.
        FailedError, NotFiniteError, Interrupted: as `train` does.
    """
    for job in jobs:
        if not is_finished(job.recipe, job.folder):
            check_run(job.recipe, job.folder, Devices())  # so that a refusal comes now
    if processes == 1:
        for job in jobs:
            yield job, measure(job.recipe, job.folder, job.videos, watch, job.clips)
        return
    for job in jobs:
        job.folder.parent.mkdir(parents=True, exist_ok=True)
    for outcome in run_all(measure_apart, jobs, processes, None, None):
        folder = outcome.item.folder
        if outcome.error:
            raise FailedError(f"{folder}: {outcome.error}; {folder}.log has more")
        yield outcome.item, outcome.result


def measure(
    recipe: Recipe, folder: Path, videos: int, watch=None, clips: int | None = None
) -> Result:
    """Train and test one network, or take from the folder what an earlier call has done.

    Args:
        recipe: on synthetic videos.
        folder: of the run.
        videos: of the test; none of their pixels is in the training's videos.
        watch: as `evaluate_run` takes it.
        clips: of each of these; None for the whole video.
    """
    if result := _kept_result(recipe, folder, videos):
        return result
    path = folder / SCORES
    if not is_finished(recipe, folder):
        check_run(recipe, folder, Devices())  # what is refused leaves the folder as it is
        path.unlink(missing_ok=True)
        _train(recipe, folder)
    run = read_run(folder)
    run = replace(run, recipe=replace(run.recipe, validation_videos=videos))
    scores = evaluate_run(run, "test", watch=watch, num_clips=clips)
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


def _kept_result(recipe: Recipe, folder: Path, videos: int) -> Result | None:
    """What an earlier call has left of a run and its test.

    None where it is not finished, has other videos, is damaged or has no provenance.
    """
    try:
        scores = load_scores(folder / SCORES)
    except (FileNotFoundError, ScoresError):
        return None
    if scores.made and scores.listed == videos and is_finished(recipe, folder):
        return Result(scores, _seconds(folder))
    return None
