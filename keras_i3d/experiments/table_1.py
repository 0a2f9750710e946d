"""Table 1: what the five architectures see and cost, in full size; nothing is trained."""

import json
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

import keras_i3d
from keras_i3d.applications.from_file import find_network
from keras_i3d.experiments.architectures import FIVE
from keras_i3d.experiments.table import Measured, Table
from keras_i3d.files.whole import write_whole
from keras_i3d.files.workers import usable_cores
from keras_i3d.training.multiply_adds import multiply_adds

KEPT = "table_1.json"
CPUINFO = Path("/proc/cpuinfo")
ROUNDS = 3
# By architecture: parameters, the clip of a training, its length.
PAPER = {
    "lstm": ("9 M", "25 rgb", "5 s"),
    "c3d": ("79 M", "16 rgb", "0.64 s"),
    "2d": ("12 M", "1 rgb, 10 flow", "0.4 s"),
    "fused": ("39 M", "5 rgb, 50 flow", "2 s"),
    "i3d": ("25 M", "64 rgb, 64 flow", "2.56 s"),
}
HEADER = (
    "",
    "parameters",
    "the paper",
    "frames",
    "the paper",
    "seconds of video",
    "the paper",
    "GFLOPs a clip",
    "seconds a clip, here",
)


@dataclass(frozen=True)
class Cost:
    """What a network takes for one clip of its training.

    parameters: that learn, with 400 classes.
    gflops: 1e9 multiply-adds.
    seconds: on this machine, the median.
    """

    parameters: int
    gflops: float
    seconds: float


def measure(folder: Path, repetitions: Sequence[Path] = ()) -> Measured:
    """Measure each network on a clip of random pixels, or take what the folder has of it.

    What was measured elsewhere, or by other versions, is measured anew.
    """
    path, here = folder / KEPT, measured_by()
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    costs = kept["costs"] if kept.get("by") == here else {}
    rows = []
    for one in FIVE:
        if one.whole not in costs:
            costs[one.whole] = asdict(cost_of(one.whole))
            write_whole(path, json.dumps({"by": here, "costs": costs}))
        rows.append(_row(one.title, one.whole, PAPER[one.name], Cost(**costs[one.whole])))
    text = (
        "With 400 classes, at the paper's sizes, from the networks' own records. GFLOPs are 1e9 "
        "multiply-adds of convolutions and matrix products. Seconds are of the prediction of one "
        f"clip on this machine's processor, the median of {ROUNDS}."
    )
    return Measured(text, HEADER, rows)


def measured_by() -> dict[str, str | int]:
    """Return what the figures depend on: the versions, the processor and its cores."""
    return {
        "keras_i3d": keras_i3d.__version__,
        "keras": keras.__version__,
        "processor": _processor(),
        "cores": usable_cores(),
    }


def cost_of(name: str) -> Cost:
    """Return what a network of the catalogue takes, with random weights."""
    keras.backend.clear_session()
    record, rng = find_network(name), np.random.default_rng(0)
    stream = "both" if record.joint else "rgb"
    seen = record.seen(stream)
    shapes = {s: (one.frames, one.crop, one.crop, one.channels) for s, one in seen.items()}
    clips = {s: rng.uniform(-1, 1, (1, *shape)).astype(np.float32) for s, shape in shapes.items()}
    if not record.joint:
        shapes, clips = shapes[stream], clips[stream]
    model = record.model(stream, input_shape=shapes)
    counted = multiply_adds(model, clips)
    model.predict_on_batch(clips)  # compilation
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        model.predict_on_batch(clips)
        taken.append(time.perf_counter() - begin)
    parameters = sum(math.prod(v.shape) for v in model.trainable_weights)
    return Cost(parameters, counted / 1e9, float(np.median(taken)))


def _processor() -> str:
    """The processor's name as Linux has it, or what Python knows of it elsewhere."""
    try:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _row(title: str, name: str, paper: tuple[str, str, str], cost: Cost) -> tuple:
    record = find_network(name)
    seen = record.seen("both" if record.joint else "rgb")
    frames = ", ".join(f"{one.frames} {stream}" for stream, one in seen.items())
    seconds = max(one.reach / one.preprocessing.fps for one in seen.values())
    return (
        title,
        f"{cost.parameters:,}",
        paper[0],
        frames,
        paper[1],
        f"{seconds:.2f}",
        paper[2],
        f"{cost.gflops:.1f}",
        f"{cost.seconds:.2f}",
    )


TABLE = Table(
    name="table_1",
    title="Table 1: what each sees and costs",
    asks="Parameters and the clip of a training, beside the paper's; what it computes and takes.",
    measure=measure,
)
