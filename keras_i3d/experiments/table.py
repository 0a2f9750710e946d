"""A table: a question, the networks that answer it, and what is expected beforehand."""

from dataclasses import dataclass

from keras_i3d.experiments.expectations import Expectation
from keras_i3d.experiments.runs import Row


@dataclass(frozen=True)
class Table:
    """One question to trained networks; each has a file of its own in this room.

    name: what --only takes.
    title: of its part of the report.
    asks: the question, and why synthetic videos can answer it.
    rows: networks, in the order of the report.
    expects: said before anything is trained.
    """

    name: str
    title: str
    asks: str
    rows: tuple[Row, ...]
    expects: tuple[Expectation, ...]
