"""The papers' figures, to stand beside what a run comes to."""

from dataclasses import dataclass, field, replace

from keras_i3d.evaluation.trials import AS_IT_IS, STREAMS, Trial
from keras_i3d.models.published_figures import PUBLISHED


@dataclass(frozen=True)
class Published:
    """Figures of others.

    figures: {name as in `scores.summary`: percent}.
    source: the paper and its table, and on what it was measured.
    """

    figures: dict[str, float] = field(default_factory=dict)
    source: str = ""


# The networks whose weights DeepMind published are those of table 3.
FILES = {"kinetics": None, "imagenet+kinetics": "imagenet"}


def published_for(trial: Trial | None) -> Published | None:
    """Return the papers' figures for this network, stream, start and data set, or None."""
    if trial is None or trial.stream not in STREAMS or trial.split == "train":
        return None
    if trial.transfer == AS_IT_IS:
        if trial.start not in FILES:
            return None
        trial = replace(trial, transfer="original", start=FILES[trial.start])
    same, place = (trial.data, trial.transfer, trial.start), STREAMS.index(trial.stream)
    for row in PUBLISHED.get(trial.model, ()):
        if (row.data, row.transfer, row.start) == same and row.top_1[place]:
            figures = {"top_1": row.top_1[place], "top_5": row.top_5[place]}
            return Published({n: v for n, v in figures.items() if v is not None}, row.source)
    return None
