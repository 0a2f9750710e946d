"""Filters of the first layer: RGB's and flow's, beside the image network's that both start from."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from keras_i3d.applications.loaded import load
from keras_i3d.evaluation.intervals import mean_interval
from keras_i3d.experiments.architectures import I3D, STREAMS
from keras_i3d.experiments.expectations import AGREES, DISAGREES, NOT_SHOWN
from keras_i3d.experiments.runs import Run
from keras_i3d.experiments.table import Measured, Table
from keras_i3d.experiments.table_3 import FROM_IMAGES
from keras_i3d.training.from_recipe import build_model
from keras_i3d.training.run_folder import read_run
from keras_i3d.visualisation import kernel_picture, side_by_side
from keras_i3d.visualisation.png import png

RUNS = {stream: FROM_IMAGES[I3D.name][stream] for stream in I3D.models}
FIRST = "Conv3d_1a_7x7/conv_3d/kernel"
HEADER = (
    "",
    "moved, % of the start's norm",
    "by seed",
    "likeness to the start",
    "by seed",
    "norm of the change, by seed",
)


def measure(folder: Path, repetitions: Sequence[Path]) -> Measured:
    """Compare the first kernels of each repetition with what they started from."""
    kernels = {
        stream: [_before_and_after(place, run) for place in repetitions]
        for stream, run in RUNS.items()
    }
    moved = {s: [100 * moved_by(*pair) for pair in pairs] for s, pairs in kernels.items()}
    alike = {s: [likeness(*pair) for pair in pairs] for s, pairs in kernels.items()}
    rows = [
        (
            f"I3D, {STREAMS[stream]}",
            f"{np.mean(moved[stream]):.1f}",
            ", ".join(f"{one:.1f}" for one in moved[stream]),
            f"{np.mean(alike[stream]):.3f}",
            ", ".join(f"{one:.3f}" for one in alike[stream]),
            ", ".join(f"{np.linalg.norm(after - before):.2f}" for before, after in kernels[stream]),
        )
        for stream in RUNS
    ]
    return Measured(
        f"{verdict(moved['rgb'], moved['flow'])} Moved: the length of the change in proportion to "
        "that of the start, which is shorter in flow: a mean over the colours. Likeness: the "
        "cosine of both, 1 where nothing but the scale changed.",
        HEADER,
        rows,
        _drawn(kernels),
        "First kernels, time from left to right: what RGB started from, and what it became; what "
        "flow started from, and what it became (x red, y green); of the first seed",
    )


def moved_by(before: np.ndarray, after: np.ndarray) -> float:
    """Return the norm of the change, in proportion to the start's."""
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def likeness(before: np.ndarray, after: np.ndarray) -> float:
    """Return the cosine between two arrays."""
    return float(np.vdot(before, after) / (np.linalg.norm(before) * np.linalg.norm(after)))


def verdict(rgb: Sequence[float], flow: Sequence[float]) -> str:
    """Say whether flow's filters stayed closer to their start, as the paper has it."""
    less, low, high = mean_interval(np.subtract(rgb, flow))
    if np.isnan(low):
        return f"Flow's moved {less:+.1f} points less than RGB's; of one seed, that shows nothing."
    found = AGREES if low > 0 else DISAGREES if high < 0 else NOT_SHOWN
    return (
        f"The paper's remark that flow's filters stay closer to their start: {found}. RGB's moved "
        f"{less:+.1f} points more than flow's ({low:+.1f} to {high:+.1f}, Student's 95 % interval "
        f"over {len(rgb)} seeds)."
    )


def _before_and_after(place: Path, run: Run) -> tuple[np.ndarray, np.ndarray]:
    keras.backend.clear_session()
    kept = read_run(place / run.name)
    models = build_model(kept.recipe, len(kept.classes)), load(kept.network_file()).model
    return tuple(_first_kernel(model) for model in models)


def _first_kernel(model: keras.Model) -> np.ndarray:
    [kernel] = [v for v in model.weights if v.path == FIRST]
    return keras.ops.convert_to_numpy(kernel)


def _drawn(kernels: dict[str, list[tuple[np.ndarray, np.ndarray]]]) -> bytes:
    pictures = {}
    for stream, pairs in kernels.items():
        for when, kernel in zip(("before", "after"), pairs[0], strict=True):
            pictures[f"{STREAMS[stream]}, {when}"] = kernel_picture(kernel, zoom=3, columns=1)
    return png(Image.fromarray(side_by_side(pictures)))


TABLE = Table(
    name="filters",
    title="Filters of the first layer",
    asks="I3D on RGB and on flow start from the same image network and learn the joint task for "
    "the same steps. The paper: flow's filters stay closer to ImageNet's.",
    needs=tuple(RUNS.values()),
    measure=measure,
)
