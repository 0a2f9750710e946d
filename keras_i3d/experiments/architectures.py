"""The paper's five architectures in small, and the one way in which a task is given to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from keras_i3d.experiments.runs import Fusion, Row, Run, small_recipe
from keras_i3d.experiments.tasks import Task

STREAMS = {"rgb": "RGB", "flow": "flow", "both": "both"}
# Of all channels; the depth, the clips and what is joined where stay the paper's.
WIDTH = 0.25
STEPS, RATE = 200, 2e-3
# While nothing moves, flow is alike in all clips, and ConvNet+LSTM's batch norm divides by how much
# they differ: averages kept in training, of other weights, made it say one order of every video.
STATISTICS = 20


@dataclass(frozen=True)
class Architecture:
    """One of figure 2's.

    name: part of its runs' names. title: the paper's name.
    whole: the network that table 1 and the paper's figures are about.
    models: {stream: the network that is trained for it}; of two such the scores are fused.
    average: whether fusion averages probabilities; else logits are added.
    short: frames of a clip where a short motion will do; None for the record's.
    """

    name: str
    title: str
    whole: str
    models: Mapping[str, str]
    average: bool = False
    short: int | None = None


def _apart(model: str) -> dict[str, str]:
    return {"rgb": model, "flow": model}


CONVNET_LSTM = Architecture("lstm", "ConvNet+LSTM", "convnet_lstm", _apart("convnet_lstm"))
CONVNET_3D = Architecture("c3d", "3D-ConvNet", "convnet_3d", _apart("convnet_3d"))
TWO_STREAM = Architecture("2d", "Two-Stream", "two_stream", _apart("convnet_2d"), average=True)
FUSED_3D = Architecture("fused", "3D-Fused", "fused_3d", {"both": "fused_3d"})
I3D = Architecture("i3d", "Two-Stream I3D", "two_stream_i3d", _apart("i3d"), short=16)
FIVE = (CONVNET_LSTM, CONVNET_3D, TWO_STREAM, FUSED_3D, I3D)


def rows_on(
    task: Task,
    architecture: Architecture,
    start: Mapping[str, Run] | None = None,
    *,
    suffix: str = "",
    label: str = "",
    steps: int = STEPS,
    **changes,
) -> dict[str, Row]:
    """Return {stream: the row} of an architecture that learns a task: rgb, flow, both.

    Args:
        task: what it learns.
        architecture: which of the five.
        start: {stream: the run whose network it starts from}; None for random weights.
        suffix, label: what tells the runs from others of the same task: in their names, in the
            report.
        steps: of each training.
        changes: fields of the recipe.
    """
    frames = None if task.long else architecture.short
    # Nothing is chosen by a validation: every clip that is learnt from is new, so that how many are
    # told right in training is as good.
    sizes = {"width": WIDTH, "num_frames": frames, "learning_rate": RATE}
    sizes |= {"validation_split": None, "validate_every": max(1, steps // 5)}
    sizes |= {"batch_norm_batches": STATISTICS}
    found: dict[str, Row] = {}
    for stream, model in architecture.models.items():
        recipe = small_recipe(
            steps, model=model, stream=stream, **{**sizes, **task.data, **changes}
        )
        name = "_".join(filter(None, (task.name, architecture.name, stream, suffix)))
        what = ", ".join(filter(None, (architecture.title, STREAMS[stream], label)))
        found[stream] = Run(
            name, what, recipe, start=start[stream] if start else None, clips=task.clips
        )
    if len(found) > 1:
        name = "_".join(filter(None, (task.name, architecture.name, "both", suffix)))
        what = ", ".join(filter(None, (architecture.title, "both", label)))
        found["both"] = Fusion(name, what, tuple(found.values()), architecture.average)
    return found
