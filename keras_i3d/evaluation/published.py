"""The papers' figures, to stand beside what a run comes to."""

from collections.abc import Iterator
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
TABLE_2_KINETICS = "“Quo Vadis”, table 2: Kinetics-400's held-out test set"
TABLE_3 = "“Quo Vadis”, table 3: Kinetics-400's held-out test set"
TABLE_4 = "“Quo Vadis”, table 4: split 1"
TABLE_5 = "“Quo Vadis”, table 5: mean of the three splits"
# README of kylemin/S3D, which quotes Xie et al., arXiv:1712.04851.
S3D = "README of kylemin/S3D, after its paper: Kinetics-400's validation set"
BOTH = "imagenet+kinetics"

# The networks whose weights DeepMind published are those of table 3.
FILES = {"kinetics": None, "imagenet+kinetics": "imagenet"}
# The columns of table 4, each of UCF-101 and of HMDB-51.
TRANSFERS = (
    ("original", "imagenet"),
    ("original", None),
    ("fixed", BOTH),
    ("fixed", "kinetics"),
    ("full", BOTH),
    ("full", "kinetics"),
)
# Networks of both streams whose rows stand under the name of each stream's.
ONE_STREAM = {"two_stream_i3d": "i3d", "two_stream": "convnet_2d"}


def _table_4(network: str, stream: str, **data: tuple[float | None, ...]) -> Iterator[Row]:
    """Yield a network's rows of table 4: {data set: a figure for each of TRANSFERS}."""
    for name, figures in data.items():
        for (transfer, start), top_1 in zip(TRANSFERS, figures, strict=True):
            if top_1 is not None:
                by_stream = tuple(top_1 if one == stream else None for one in STREAMS)
                data_set = {"ucf": "UCF-101", "hmdb": "HMDB-51"}[name]
                yield Row(network, data_set, transfer, start, TABLE_4, by_stream)


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
    *_table_4("convnet_lstm", "rgb",
              ucf=(81.0, 54.2, 88.1, 82.6, 91.0, 86.8),
              hmdb=(36.0, 18.3, 50.8, 47.1, 53.4, 49.7)),
    Row("convnet_lstm", "Kinetics-400", "original", "imagenet", TABLE_2_KINETICS,
        (63.6, None, None)),
    Row("convnet_lstm", "Kinetics-400", "original", None, TABLE_3, (53.9, None, None)),
    *_table_4("convnet_3d", "rgb",
              ucf=(None, 51.6, None, 76.0, None, 79.9),
              hmdb=(None, 24.3, None, 47.0, None, 49.4)),
    Row("convnet_3d", "Kinetics-400", "original", None, TABLE_3, (56.1, None, None)),
    Row("convnet_2d", "UCF-101", "original", "imagenet", TABLE_2, (83.6, 85.6, 91.2)),
    Row("convnet_2d", "HMDB-51", "original", "imagenet", TABLE_2, (43.2, 56.3, 58.3)),
    *_table_4("convnet_2d", "rgb + flow",
              ucf=(91.2, 83.6, 93.9, 93.3, 94.2, 93.8),
              hmdb=(58.3, 47.1, 66.6, 65.9, 66.6, 64.3)),
    Row("convnet_2d", "Kinetics-400", "original", "imagenet", TABLE_3, (62.2, 52.4, 65.6)),
    Row("convnet_2d", "Kinetics-400", "original", None, TABLE_3, (57.9, 49.6, 62.8)),
    *_table_4("fused_3d", "rgb + flow",
              ucf=(89.3, 69.5, 94.3, 89.8, 94.2, 91.5),
              hmdb=(56.8, 37.3, 69.9, 64.6, 71.0, 66.5)),
    Row("fused_3d", "Kinetics-400", "original", "imagenet", TABLE_3, (None, None, 67.2)),
    Row("fused_3d", "Kinetics-400", "original", None, TABLE_3, (None, None, 62.7)),
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
    same = (ONE_STREAM.get(trial.model, trial.model), trial.data, trial.transfer, trial.start)
    place = STREAMS.index(trial.stream)
    for row in ROWS:
        if (row.network, row.data, row.transfer, row.start) == same and row.top_1[place]:
            figures = {"top_1": row.top_1[place], "top_5": row.top_5[place]}
            return Published({n: v for n, v in figures.items() if v is not None}, row.source)
    return None
