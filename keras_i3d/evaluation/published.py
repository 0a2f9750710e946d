"""The papers' figures, to stand beside what a run comes to."""

from dataclasses import dataclass, field, replace

from keras_i3d.evaluation.trials import AS_IT_IS, STREAMS, Trial


@dataclass(frozen=True)
class Published:
    """Figures of others.

    figures: {name as in `scores.summary`: percent}.
    source: the paper and its table, and on what it was measured.
    """

    figures: dict[str, float] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a paper's table.

    network: its name in the catalogue.
    data, transfer, start: as of a `Trial`.
    source: the table.
    top_1, top_5: percent by stream, (rgb, flow, both); None where the paper does not say.
    """

    network: str
    data: str
    transfer: str
    start: str | None
    source: str
    top_1: tuple[float | None, float | None, float | None]
    top_5: tuple[float | None, float | None, float | None] = (None, None, None)


# "Quo Vadis, Action Recognition?", Carreira and Zisserman, arXiv:1705.07750v3: I3D.
TABLE_2 = "“Quo Vadis”, table 2: split 1"
TABLE_3 = "“Quo Vadis”, table 3: Kinetics-400's held-out test set"
TABLE_4 = "“Quo Vadis”, table 4: split 1"
TABLE_5 = "“Quo Vadis”, table 5: mean of the three splits"
# README of kylemin/S3D, which quotes Xie et al., arXiv:1712.04851.
S3D = "README of kylemin/S3D, after its paper: Kinetics-400's validation set"
BOTH = "imagenet+kinetics"

# The networks whose weights DeepMind published are those of table 3.
FILES = {"kinetics": None, "imagenet+kinetics": "imagenet"}

# fmt: off
ROWS = (
    Row("i3d", "UCF-101", "original", "imagenet", TABLE_2, (84.5, 90.6, 93.4)),
    Row("i3d", "UCF-101", "original", None,       TABLE_4, (None, None, 88.8)),
    Row("i3d", "UCF-101", "fixed",    BOTH,       TABLE_4, (None, None, 97.7)),
    Row("i3d", "UCF-101", "fixed",    "kinetics", TABLE_4, (None, None, 97.4)),
    Row("i3d", "UCF-101", "full",     BOTH,       TABLE_5, (95.6, 96.7, 98.0)),
    Row("i3d", "UCF-101", "full",     "kinetics", TABLE_5, (95.1, 96.5, 97.8)),
    Row("i3d", "HMDB-51", "original", "imagenet", TABLE_2, (49.8, 61.9, 66.4)),
    Row("i3d", "HMDB-51", "original", None,       TABLE_4, (None, None, 62.2)),
    Row("i3d", "HMDB-51", "fixed",    BOTH,       TABLE_4, (None, None, 79.7)),
    Row("i3d", "HMDB-51", "fixed",    "kinetics", TABLE_4, (None, None, 78.6)),
    Row("i3d", "HMDB-51", "full",     BOTH,       TABLE_5, (74.8, 77.1, 80.7)),
    Row("i3d", "HMDB-51", "full",     "kinetics", TABLE_5, (74.3, 77.3, 80.9)),
    Row("i3d", "Kinetics-400", "original", "imagenet", TABLE_3,
        (71.1, 63.4, 74.2), (89.3, 84.9, 91.3)),
    Row("i3d", "Kinetics-400", "original", None, TABLE_3,
        (68.4, 61.5, 71.6), (88.0, 83.4, 90.0)),
    Row("s3d", "Kinetics-400", "original", "imagenet", S3D,
        (72.2, None, None), (90.6, None, None)),
)
# fmt: on


def published_for(trial: Trial | None) -> Published | None:
    """Return the papers' figures for this network, stream, start and data set, or None."""
    if trial is None or trial.stream not in STREAMS or trial.split == "train":
        return None
    if trial.transfer == AS_IT_IS:
        if trial.start not in FILES:
            return None
        trial = replace(trial, transfer="original", start=FILES[trial.start])
    same = (trial.model.removeprefix("two_stream_"), trial.data, trial.transfer, trial.start)
    place = STREAMS.index(trial.stream)
    for row in ROWS:
        if (row.network, row.data, row.transfer, row.start) == same and row.top_1[place]:
            figures = {"top_1": row.top_1[place], "top_5": row.top_5[place]}
            return Published({n: v for n, v in figures.items() if v is not None}, row.source)
    return None
