"""A table: questions to networks, the networks that answer, and what is expected beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.experiments.expectations import Beats, Expectation
from keras_i3d.experiments.runs import Row, Run


@dataclass(frozen=True)
class Line:
    """One line of a grid.

    title: of the line.
    cells: networks whose accuracies stand in it; None for an empty place.
    paper: what the paper has, for the columns of the grid's `paper`.
    """

    title: str
    cells: tuple[Row | None, ...]
    paper: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Accuracies laid out as in the paper.

    name: the task's, for files. title, asks: of this part of the table.
    columns, paper: heads of the lines' cells, and of the paper's figures.
    """

    name: str
    title: str
    asks: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    paper: tuple[str, ...] = ()

    @property
    def rows(self) -> list[Row]:
        """Return the networks in it, once each, in the order of the lines."""
        found = {cell.name: cell for line in self.lines for cell in line.cells if cell}
        return list(found.values())


@dataclass(frozen=True)
class Measured:
    """A part of a report that is no accuracy.

    text: what it says.
    header, rows: its table.
    picture, caption: a PNG, and what is seen.
    """

    text: str
    header: tuple[str, ...]
    rows: Sequence[tuple]
    picture: bytes | None = None
    caption: str = ""


@dataclass(frozen=True)
class Table:
    """One table; each has a file of its own in this room.

    name: what --only takes.
    title, asks: of its part of the report.
    grids: networks that are trained and tested.
    expects: said before anything is trained.
    needs: runs that `measure` looks at besides.
    measure: from the experiments' folder and those of the repetitions to what else is told.
    """

    name: str
    title: str
    asks: str
    grids: tuple[Grid, ...] = ()
    expects: tuple[Expectation, ...] = ()
    needs: tuple[Run, ...] = ()
    measure: Callable[[Path, Sequence[Path]], Measured] | None = None

    @property
    def rows(self) -> list[Row]:
        """Return all that is trained for it, fusions of it among them."""
        found = {row.name: row for grid in self.grids for row in grid.rows}
        return [*found.values(), *self.needs]

    @property
    def repeated(self) -> list[Row]:
        """Return those of which a difference is claimed: repetitions show how much is chance."""
        claims = [one for one in self.expects if isinstance(one, Beats)]
        found = {row.name: row for one in claims for row in one.rows}
        return [*found.values(), *self.needs]
