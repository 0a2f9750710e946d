"""A training in a process of its own, which says nothing but what its file has."""

import os
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.training.recipe import Recipe


@dataclass(frozen=True)
class Job:
    """One run: what `measurement.measure` takes.

    recipe, folder: of the run. videos, clips: of the test.
    threads: of TensorFlow. More than its share of the cores would wait for the other trainings.
    """

    recipe: Recipe
    folder: Path
    videos: int
    clips: int | None = None
    threads: int = 1


def measure_apart(job: Job):
    """Return what `measurement.measure` does; what is printed goes into FOLDER.log."""
    with open(f"{job.folder}.log", "ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for pool in ("INTRAOP", "INTEROP"):
        os.environ.setdefault(f"TF_NUM_{pool}_THREADS", str(job.threads))
    from keras_i3d.experiments.measurement import measure

    return measure(job.recipe, job.folder, job.videos, clips=job.clips)
