"""Table 2: five architectures on RGB, on flow, on both."""

from keras_i3d.experiments.architectures import (
    CONVNET_3D,
    FIVE,
    STREAMS,
    rows_on,
)
from keras_i3d.experiments.expectations import Beats, Reaches, StaysBelow
from keras_i3d.experiments.papers_figures import KINETICS, percent
from keras_i3d.experiments.runs import Row
from keras_i3d.experiments.table import Grid, Line, Table
from keras_i3d.experiments.tasks import JOINT, MOTION, Task


def by_stream(task: Task, rows: dict[str, dict[str, Row]]) -> Grid:
    """Return a line for each architecture, a column for each stream, and the paper's on Kinetics.

    Args:
        task: what was learnt.
        rows: {architecture's name: {stream: row}}.
    """
    lines = []
    for one in FIVE:
        # Nothing to start from is published for 3D-ConvNet.
        start = None if one is CONVNET_3D else "imagenet"
        found = [percent(one.whole, s, KINETICS, "original", start) for s in STREAMS]
        cells = tuple(rows[one.name].get(stream) for stream in STREAMS)
        lines.append(Line(one.title, cells, tuple(found)))
    paper = tuple(f"Kinetics, {name}" for name in STREAMS.values())
    return Grid(task.name, task.title, task.asks, tuple(STREAMS.values()), tuple(lines), paper)


ON_JOINT = {one.name: rows_on(JOINT, one) for one in FIVE}
ON_MOTION = {one.name: rows_on(MOTION, one) for one in FIVE}


def _on_joint() -> tuple:
    lstm, convnet_3d, two, fused, i3d = (ON_JOINT[one.name] for one in FIVE)
    return (
        StaysBelow(two["rgb"], 35, "one frame tells the picture, and of four ways none: 25 %"),
        StaysBelow(two["flow"], 43, "flow tells the way, and of three pictures none: 33 %"),
        StaysBelow(i3d["flow"], 43, "the same, whatever the network"),
        Reaches(two["both"], 60, "what one stream lacks the other has"),
        Beats(two["both"], two["rgb"], "the same"),
        Reaches(fused["both"], 60, "the same, joined before the classes"),
        Reaches(i3d["rgb"], 60, "a clip shows what and how"),
        Beats(i3d["both"], i3d["rgb"], "the paper's streams complement each other"),
        Beats(i3d["rgb"], convnet_3d["rgb"], "the paper: 71.1 against 56.1"),
        Beats(i3d["rgb"], lstm["rgb"], "the LSTM sees frames whose places are averaged away"),
    )


def _on_motion() -> tuple:
    lstm, convnet_3d, two, fused, i3d = (ON_MOTION[one.name] for one in FIVE)
    return (
        StaysBelow(two["rgb"], 35, "a single frame says nothing: chance is 25 %"),
        Reaches(i3d["rgb"], 80, "its first kernels see seven frames"),
        Reaches(convnet_3d["rgb"], 50, "its kernels see three frames, one after the other"),
        Beats(i3d["rgb"], lstm["rgb"], "the LSTM sees frames whose places are averaged away"),
        *(
            Reaches(one["flow"], 90, "every frame of flow says it")
            for one in (lstm, convnet_3d, two, i3d)
        ),
        Reaches(fused["both"], 80, "its flow says it"),
    )


TABLE = Table(
    name="table_2",
    title="Table 2: five architectures on RGB, flow and both",
    asks="Each sees of a video what the paper gives it, from random weights; the paper's figures "
    "are from ImageNet's, but 3D-ConvNet's. 3D-Fused is one network of both streams; the streams "
    "of the others learn apart, Two-Stream's probabilities are averaged, others' logits added.",
    grids=(by_stream(JOINT, ON_JOINT), by_stream(MOTION, ON_MOTION)),
    expects=(*_on_joint(), *_on_motion()),
)
