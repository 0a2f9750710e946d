"""The rows of a table: networks that are trained and tested, and fusions of such."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from keras_i3d.evaluation.scores import Scores
from keras_i3d.training.recipes import SYNTHETIC_SMALL, Recipe
from keras_i3d.training.run_folder import FINAL


@dataclass(frozen=True)
class Run:
    """One training and its test.

    name: of its folder; tables that name the same run share it.
    what: the text of its row.
    recipe: at scale 1 and seed 0.
    start: the run whose network it starts from; None for a start that the recipe says.
    teacher: the run whose network it learns from; None for none.
    clips: of each video of the test, spread over it; None for the whole video.
    """

    name: str
    what: str
    recipe: Recipe
    start: "Run | None" = None
    teacher: "Run | None" = None
    clips: int | None = None

    def recipe_at(self, folder: Path, seed: int, scale: float) -> Recipe:
        """Return the recipe with another seed and `scale` times the steps.

        Below scale 1 a validation has `scale` times the videos too: that is for a quick try.

        Args:
            folder: has a folder for each run; start's and teacher's networks are taken from there.
            seed: of everything random.
            scale: above 0.
        """
        steps = max(1, round(self.recipe.steps * scale))
        weights = str(folder / self.start.name / FINAL) if self.start else self.recipe.weights
        teacher = str(folder / self.teacher.name / FINAL) if self.teacher else None
        return replace(
            self.recipe,
            weights=weights,
            teacher=teacher,
            seed=seed,
            steps=steps,
            warm_up=min(self.recipe.warm_up, steps),
            validate_every=max(1, round(self.recipe.validate_every * scale)),
            validation_videos=max(1, round(self.recipe.validation_videos * min(1, scale))),
        )


@dataclass(frozen=True)
class Fusion:
    """Several runs' scores as one's.

    name: unlike any run's. what: the text of its row. parts: the runs.
    average: whether probabilities are averaged; else logits are added.
    """

    name: str
    what: str
    parts: tuple[Run, ...]
    average: bool = False


Row = Run | Fusion


@dataclass(frozen=True)
class Result:
    """What came of one run.

    scores: of the test.
    seconds: of the training; NaN where a process that trained was killed.
    """

    scores: Scores
    seconds: float


def time_taken(results: Iterable[Result]) -> str:
    """Return "18 trainings, 1020 s", and of how many of them the time is not known."""
    took = [one.seconds for one in results]
    known = [seconds for seconds in took if not math.isnan(seconds)]
    unknown = len(took) - len(known)
    less = f" (without {unknown} whose time is not known)" if unknown else ""
    return f"{len(took)} trainings, {sum(known):.0f} s{less}"


# {run's name: {folder of the repetition: what came of it}}.
Results = dict[str, dict[Path, Result]]


def small_recipe(steps: int, **changes) -> Recipe:
    """Return the recipe for synthetic videos that two CPU cores can train in minutes."""
    every = {"steps": steps, "validate_every": max(1, steps // 2), "validation_videos": 100}
    return replace(SYNTHETIC_SMALL, **{**every, **changes})


def in_order(rows: Iterable[Row]) -> list[Run]:
    """Return every run that the rows need, once, each after those that it starts or learns from."""
    found: dict[str, Run] = {}

    def add(run: Run) -> None:
        for before in learnt_before(run):
            add(before)
        found.setdefault(run.name, run)

    for row in rows:
        for run in row.parts if isinstance(row, Fusion) else (row,):
            add(run)
    return list(found.values())


def learnt_before(run: Run) -> list[Run]:
    """Return the runs that it starts or learns from."""
    return [before for before in (run.start, run.teacher) if before]


def in_waves(runs: Iterable[Run]) -> list[list[Run]]:
    """Return the runs of `in_order` in as few groups as can be: within one none needs another."""
    places: dict[str, int] = {}
    waves: list[list[Run]] = []
    for run in runs:
        place = max((places[before.name] + 1 for before in learnt_before(run)), default=0)
        places[run.name] = place
        if place == len(waves):
            waves.append([])
        waves[place].append(run)
    return waves
