"""Table 4: what was learnt in table 2, on a second task of few videos."""

from keras_i3d.experiments.architectures import CONVNET_3D, CONVNET_LSTM, FIVE, STREAMS, rows_on
from keras_i3d.experiments.expectations import Beats
from keras_i3d.experiments.papers_figures import HMDB, percent
from keras_i3d.experiments.runs import Row
from keras_i3d.experiments.table import Grid, Line, Table
from keras_i3d.experiments.table_2 import ON_JOINT
from keras_i3d.experiments.tasks import SECOND

STEPS = 60
# Of the two the paper has RGB alone.
RGB_ALONE = (CONVNET_LSTM, CONVNET_3D)
HOW = {
    "original": ("random weights", {}),
    "fixed": ("a new head", {"transfer": "fixed", "learning_rate": 0.01}),
    "full": ("all learns", {"transfer": "full"}),
}


def _stream(architecture) -> str:
    return "rgb" if architecture in RGB_ALONE else "both"


def _row(architecture, how: str) -> Row:
    label, changes = HOW[how]
    start = None if how == "original" else ON_JOINT[architecture.name]
    given = rows_on(SECOND, architecture, start, suffix=how, label=label, steps=STEPS, **changes)
    return given[_stream(architecture)]


ROWS = {one.name: {how: _row(one, how) for how in HOW} for one in FIVE}


def _paper(architecture) -> tuple[str, ...]:
    starts = {"original": None, "fixed": "kinetics", "full": "kinetics"}
    return tuple(
        percent(architecture.whole, _stream(architecture), HMDB, h, s, 4) for h, s in starts.items()
    )


def _expected():
    for how in ("full", "fixed"):
        for row in ROWS.values():
            yield Beats(row[how], row["original"], "the paper: for every architecture")


TABLE = Table(
    name="table_4",
    title="Table 4: a second task, from what the first has taught",
    asks="Original: random weights. Fixed: a new head alone learns, on the trunk that table 2's "
    "joint task has taught. Full-FT: all of it learns.",
    grids=(
        Grid(
            SECOND.name,
            SECOND.title,
            SECOND.asks,
            ("Original", "Fixed", "Full-FT"),
            tuple(
                Line(
                    f"{one.title}, {STREAMS[_stream(one)]}",
                    tuple(ROWS[one.name].values()),
                    _paper(one),
                )
                for one in FIVE
            ),
            ("HMDB-51, Original", "Fixed", "Full-FT"),
        ),
    ),
    expects=tuple(_expected()),
)
