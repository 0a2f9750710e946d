"""Trains, tests and decodes the networks of the D3D experiments; what is done is not done again."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np

from keras_i3d.applications.loaded import load
from keras_i3d.data.flow.methods import compute_flow
from keras_i3d.data.synthetic.videos import SyntheticVideos
from keras_i3d.evaluation.scores import Scores, fuse, summary_line
from keras_i3d.experiments import d3d_networks
from keras_i3d.experiments.apart import Job
from keras_i3d.experiments.measurement import measured, threads
from keras_i3d.experiments.runs import Result, in_order, in_waves
from keras_i3d.files.whole import write_whole
from keras_i3d.training.flow_decoding import decode_flow
from keras_i3d.training.flow_errors import Example, FlowErrors
from keras_i3d.training.flow_settings import FlowDecoding
from keras_i3d.training.recipe import Recipe
from keras_i3d.training.run_folder import FINAL

SEEDS = 3
# What flow is decoded from, of the first seed and of every other: to compare RGB with D3D.
DECODED = {"rgb": ("all", "pwc"), "d3d": ("all",), "flow": ("all", "pwc")}
COMPARED = {"rgb": ("all",), "d3d": ("all",)}
# Which decoders at which end points, and their learning rates. PWC-Net's decoder costs too much
# where the grid is fine.
DECODINGS = {
    "all": (d3d_networks.END_POINTS, ("simple", "spatial"), 2e-3),
    "pwc": (("Unit_3", "Unit_5"), ("pwc",), 3e-4),
}
DECODING_STEPS = 100
TIMES = "times.json"


@dataclass(frozen=True)
class OfSeed:
    """What came of one seed.

    seed: of everything random.
    results: {run's name: its scores and seconds}.
    fused: {fusion's name: its scores}.
    errors: {network: {end point: {decoder: (videos,) pixels}}}.
    examples: {network: what its spatial decoders tell of a few videos}.
    """

    seed: int
    results: Mapping[str, Result]
    fused: Mapping[str, Scores]
    errors: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]]
    examples: Mapping[str, list[Example]]

    @property
    def scores(self) -> dict[str, Scores]:
        """Return the scores of runs and fusions by name."""
        return {**{name: one.scores for name, one in self.results.items()}, **self.fused}


def measure_seed(
    folder: Path,
    seed: int,
    first: bool,
    scale: float,
    videos: int,
    processes: int = 1,
    tell: Callable[[str], None] = lambda line: None,
    watch=None,
) -> OfSeed:
    """Train and test the networks of a seed, and decode flow from some of them.

    Args:
        folder: of the seed; a folder for each network.
        seed: of everything random.
        first: whether it is the first, of which alone flow is decoded from flow, and by PWC.
        scale: so many times the steps.
        videos: of each test.
        processes, tell, watch: as `run_experiments` takes them.
    """
    runs, results = d3d_networks.networks(seed), {}
    for wave in in_waves(in_order(runs.values())):
        tell(f"seed {seed}: training {', '.join(run.name for run in wave)}")
        jobs = [
            Job(
                run.recipe_at(folder, seed, scale),
                folder / run.name,
                videos,
                threads=threads(processes),
            )
            for run in wave
        ]
        for job, result in measured(jobs, processes, watch):
            results[job.folder.name] = result
            tell(f"seed {seed}: {job.folder.name}: {summary_line(result.scores)}")
    fused = {
        name: fuse({part.name: results[part.name].scores for part in fusion.parts})
        for name, fusion in d3d_networks.fusions(runs).items()
    }
    errors: dict = {}
    examples: dict = {}
    for name, wanted in (DECODED if first else COMPARED).items():
        recipe = runs[name].recipe_at(folder, seed, scale)
        for which in wanted:
            tell(f"seed {seed}: flow decoded from {name} ({which})")
            found, shown = _decoded(recipe, folder, name, which, scale, videos)
            for end_point, kinds in found.cells.items():
                errors.setdefault(name, {}).setdefault(end_point, {}).update(kinds)
            if which == "all":
                examples[name] = shown
    return OfSeed(seed, results, fused, errors, examples)


def _decoded(
    recipe: Recipe, folder: Path, name: str, which: str, scale: float, videos: int
) -> tuple[FlowErrors, list[Example]]:
    end_points, kinds, rate = DECODINGS[which]
    # Appearance tells nothing of what the decoders learn from.
    data = replace(recipe.data_set, validation_split="test", validation_videos=videos, shortcut=())
    settings = FlowDecoding(
        str(folder / name / FINAL),
        end_points,
        kinds,
        data,
        steps=max(1, round(DECODING_STEPS * scale)),
        batch_size=8,
        learning_rate=rate,
        flip=0.0,
        seed=recipe.seed,
    )
    keras.backend.clear_session()
    return decode_flow(settings, folder / name / f"flow_{which}", log_every=1000, validate=False)


def measure_times(folder: Path, runs: int = 20) -> dict[str, float]:
    """Return milliseconds a clip, the median: each network alone, and TV-L1's flow of the clip.

    Kept in the folder, which is a seed's.
    """
    path = folder / TIMES
    if path.is_file():
        return json.loads(path.read_text("utf-8"))
    frames = SyntheticVideos("test", num_frames=9, size=(32, 32)).read(0, 0, 9)["rgb"]
    work = {"TV-L1": lambda: compute_flow(frames)}
    for name in ("rgb", "d3d", "flow"):
        model = load(folder / name).model
        clip = np.zeros((1, 8, 32, 32, model.input_shape[-1]), np.float32)
        work[name] = partial(model.predict_on_batch, clip)
    times = _medians(work, runs)
    write_whole(path, json.dumps(times))
    return times


def _medians(work: Mapping[str, Callable], runs: int) -> dict[str, float]:
    """Milliseconds of each, which take turns, so that other work meets all alike."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs + 1):
        for name, one in work.items():
            begin = time.perf_counter()
            one()
            taken[name].append(time.perf_counter() - begin)
    # Without the first turn, which compiles.
    return {name: 1000 * float(np.median(seconds[1:])) for name, seconds in taken.items()}
