"""Several score files as one table: a row for each stream and transfer, a column for each division.

data set   stream   transfer   start               1      2      3   mean   published
UCF-101    rgb      full       imagenet+kinetics   ...                      95.6
"""

import html
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from keras_i3d.evaluation import charts
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.markdown import escaped, markdown_table
from keras_i3d.evaluation.published import published_for
from keras_i3d.evaluation.report import NAMES, whole_folder
from keras_i3d.evaluation.scores import Scores, ScoresError, summary
from keras_i3d.evaluation.trials import STREAMS, Trial, trial_of


@dataclass(frozen=True)
class Row:
    """One network's figures on the divisions of one data set.

    trial: of division 0; None if a score file does not say what it is about.
    name: the file's, if there is no trial.
    values: {division: percent}.
    """

    trial: Trial | None
    name: str
    values: dict[int, float]

    @property
    def mean(self) -> float:
        """Return the mean over the divisions that were scored."""
        return sum(self.values.values()) / len(self.values)


def compare(scores: Mapping[str, Scores], figure: str = "top_1") -> list[Row]:
    """Return the rows of {name: scores}, those of a data set together, in the order of streams.

    Raises:
        ScoresError: when two are of the same network and division, or one has no such figure.
    """
    rows: dict[object, Row] = {}
    names: dict[tuple, str] = {}
    for name, one in scores.items():
        figures = summary(one)
        if figure not in figures:
            has = ", ".join(figures) or "no video"
            raise ScoresError(f"{name}: there is no {figure}; it has {has}")
        trial = trial_of(one.made, len(one.classes))
        division = trial.division if trial else 0
        whole = replace(trial, division=0) if trial else None
        key = whole or name
        if (key, division) in names:
            raise ScoresError(
                f"{names[key, division]} and {name} are of the same network, data set and division"
            )
        names[key, division] = name
        row = rows.setdefault(key, Row(whole, name, {}))
        row.values[division] = figures[figure]
    return sorted(rows.values(), key=_order)


def write_comparison(
    folder: str | os.PathLike, scores: Mapping[str, Scores], title: str, figure: str = "top_1"
) -> Path:
    """Write a folder: report.html and .md, figures.json.

    Args:
        folder: replaced if it is a report already; refused if it is something else.
        scores: {name, such as the file's: its scores}.
        title: of the report.
        figure: of `scores.summary`.

    Returns:
        The path of report.html.

    Raises:
        FileExistsError: when the folder holds something that is not a report.
        ScoresError: as `compare`.
    """
    rows = compare(scores, figure)
    header, cells, sources = _cells(rows, figure)
    notes = [f"{NAMES[figure]}, as measured here.", *sources, *_incomplete(scores)]
    with whole_folder(folder) as made:
        text = f"# {escaped(title)}\n" + markdown_table(header, cells)
        text += "".join(f"\n{escaped(note)}\n" for note in notes)
        (made / "report.md").write_text(text, encoding="utf-8")
        body = [charts.table(header, cells), *map(page.faint, notes)]
        (made / "report.html").write_text(page.whole(title, body), encoding="utf-8")
        kept = [dict(zip(header, row, strict=True)) for row in cells]
        figures = {"figure": figure, "rows": kept, "notes": notes}
        (made / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return Path(folder) / "report.html"


def table(scores: Mapping[str, Scores], figure: str = "top_1") -> str:
    """Return the same table in Markdown, for a terminal."""
    header, cells, _ = _cells(compare(scores, figure), figure)
    return html.unescape(markdown_table(header, cells)).strip()  # a terminal shows no HTML


def _order(row: Row) -> tuple:
    if row.trial is None:
        return ("~", row.name)
    place = STREAMS.index(row.trial.stream) if row.trial.stream in STREAMS else len(STREAMS)
    return (row.trial.data, row.trial.model, row.trial.transfer, place, row.trial.start or "")


def _cells(rows: list[Row], figure: str) -> tuple[list[str], list[list[str]], list[str]]:
    """(header, rows of text, sources of the published figures)."""
    divisions = sorted({division for row in rows for division in row.values if division})
    header = ["data", "stream", "transfer", "start", "model", "views"]
    header += [f"split {division}" for division in divisions] + ["mean", "published"]
    cells, sources = [], {}
    for row in rows:
        t = row.trial
        what = (
            [t.data, t.stream, t.transfer, t.start or "none", t.model, t.views] if t else [row.name]
        )
        values = [f"{row.values[d]:.1f}" if d in row.values else "" for d in divisions]
        beside = published_for(t)
        shown = ""
        if beside and figure in beside.figures:
            mark = sources.setdefault(beside.source, len(sources) + 1)
            shown = f"{beside.figures[figure]:.1f} [{mark}]"
        what += [""] * (6 - len(what))
        cells.append([*what, *values, f"{row.mean:.1f}", shown])
    return header, cells, [f"[{mark}] {source}." for source, mark in sources.items()]


def _incomplete(scores: Mapping[str, Scores]) -> list[str]:
    return [
        f"{name}: {len(one.failed)} of {one.listed} listed videos could not be scored."
        for name, one in scores.items()
        if one.failed
    ]
