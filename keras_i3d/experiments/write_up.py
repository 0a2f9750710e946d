"""The report of the tables: figures, and whether what was expected beforehand came true."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_i3d.evaluation.scores import Scores, fuse
from keras_i3d.experiments.curves import learning_curves
from keras_i3d.experiments.expectations import AGREES, Finding, accuracy, each_accuracy
from keras_i3d.experiments.growing_report import Report
from keras_i3d.experiments.runs import Fusion, Results, Row, Run, in_order, time_taken
from keras_i3d.experiments.table import Grid, Measured, Table

DETAILS = ("", "top-1, %, by seed", "95 % interval", "chance, %", "steps", "seconds")
FINDINGS = ("expected beforehand", "because", "measured", "95 % interval", "result")
NOTE = (
    "Cells are top-1 accuracies in percent, the mean over repetitions and their standard "
    "deviation. Intervals are of 95 %, over the videos of all repetitions: Wilson's of accuracies, "
    "Newcombe's (1998, method 10) of differences, in points of percent on the same videos. An "
    "expectation agrees or disagrees only where the whole interval of the accuracy says so, or "
    "McNemar's exact test of the difference at 5 %, and every repetition is on the same side."
)
ABOUT = "No test video shows a pixel of a training video. {} in all."
TITLE = "The tables of “Quo Vadis” on synthetic videos"


def write_up(folder: Path, tables: Sequence[Table], results: Results) -> Path:
    """Write report.md and report.html into the folder; return the page's path.

    Args:
        folder: of the report.
        tables: in the order of the report. A table begins with the first repetition of which all
            its runs are done, and is left out where there is none; it has those besides of which
            all is done that a difference is claimed of.
        results: what is done.
    """
    report = Report(folder, TITLE)
    every = [one for of in results.values() for one in of.values()]
    if every:
        report.text(f"{ABOUT.format(time_taken(every))} {NOTE}")
    for table in tables:
        whole = _places(table.rows, results)[:1]
        if whole or not table.rows:
            more = [place for place in _places(table.repeated, results) if place not in whole]
            _write_table(report, table, whole + more, results)
    return report.write()


def _places(rows: Sequence[Row], results: Results) -> list[Path]:
    """The repetitions of which all that the rows need is done."""
    found = [set(results.get(run.name, ())) for run in in_order(rows)]
    done = set.intersection(*found) if found else ()
    return sorted(done, key=lambda place: (len(place.name), place.name))  # seed_10 after seed_9


def _write_table(report: Report, table: Table, places: Sequence[Path], results: Results) -> None:
    of_runs = [(run.name, results[run.name]) for run in in_order(table.rows)]
    results = {name: {p: of[p] for p in places if p in of} for name, of in of_runs}
    report.title(table.title, 2)
    report.text(table.asks)
    if places:
        fewer = any(len(of) < len(places) for of in results.values())
        once = " Networks that no table compares were trained once." * fewer
        report.text(f"Repetitions: {', '.join(place.name for place in places)}.{once}")
    scores = _scores(table, results)
    for grid in table.grids:
        report.title(grid.title, 3)
        report.text(grid.asks)
        report.table(("", *grid.columns, *grid.paper), _cells(grid, scores))
        curves = learning_curves(_courses(grid.rows, places[0]))
        file = f"{table.name}_{grid.name}.svg"
        report.chart(file, curves, f"{grid.title}: right in training, %, by step; {places[0].name}")
    if table.expects:
        _write_findings(report, table, places[0], scores)
    if table.grids:
        report.title("Each network", 3)
        rows = {row.name: row for grid in table.grids for row in grid.rows}.values()
        report.table(DETAILS, [_details(row, scores[row.name], results) for row in rows])
    if table.measure:
        _write_measured(report, table.name, table.measure(report.folder, places))


def _write_findings(report: Report, table: Table, place: Path, scores) -> None:
    found = [(one, one.judge(scores)) for one in table.expects]
    report.title("Expected, and what came", 3)
    report.table(FINDINGS, [_finding(finding) for _, finding in found])
    unmet = [row for one, finding in found if finding.verdict != AGREES for row in one.rows]
    for row in {row.name: row for row in unmet if isinstance(row, Run)}.values():
        course = ", ".join(f"step {step}: {right:.0f} %" for step, right in _course(place, row))
        report.text(f"{row.what}, right in training at {course}.")


def _write_measured(report: Report, name: str, measured: Measured) -> None:
    report.text(measured.text)
    report.table(measured.header, measured.rows)
    if measured.picture:
        report.picture(f"{name}.png", measured.picture, measured.caption)


def _scores(table: Table, results: Results) -> dict[str, list[Scores]]:
    """{row's name: scores of each repetition}, fusions too."""
    found = {name: [one.scores for one in of.values()] for name, of in results.items()}
    for row in table.rows:
        if isinstance(row, Fusion):
            parts = {part.name: results[part.name] for part in row.parts}
            shared = set.intersection(*map(set, parts.values()))
            found[row.name] = [
                fuse({name: of[p].scores for name, of in parts.items()}, average=row.average)
                for p in results[row.parts[0].name]
                if p in shared
            ]
    return found


def _cells(grid: Grid, scores: Mapping[str, Sequence[Scores]]) -> list[tuple]:
    return [
        (
            line.title,
            *(_cell(scores[cell.name]) if cell else "–" for cell in line.cells),
            *line.paper,
        )
        for line in grid.lines
    ]


def _cell(scores: Sequence[Scores] | None) -> str:
    if scores is None:
        return "–"
    each = each_accuracy(scores)
    spread = f" ± {np.std(each, ddof=1):.1f}" if len(each) > 1 else ""
    return f"{np.mean(each):.1f}{spread}"


def _details(row: Row, scores: Sequence[Scores], results) -> tuple:
    _, low, high = accuracy(scores)
    steps = seconds = ""
    if isinstance(row, Run):
        steps = scores[0].made["recipe"]["steps"]
        took = [one.seconds for one in results[row.name].values()]
        seconds = ", ".join("not known" if math.isnan(one) else f"{one:.0f}" for one in took)
    return (
        row.what,
        ", ".join(f"{one:.1f}" for one in each_accuracy(scores)),
        f"{low:.1f} to {high:.1f}",
        f"{100 / len(scores[0].classes):.1f}",
        steps,
        seconds,
    )


def _finding(finding: Finding) -> tuple[str, ...]:
    sign = "+" if finding.unit == "points" else ""
    value, low, high = (f"{n:{sign}.1f}" for n in (finding.value, finding.low, finding.high))
    measured = f"{value} {finding.unit}", f"{low} to {high}"
    return finding.expected, finding.why, *measured, finding.verdict


def _courses(rows: Sequence[Row], place: Path) -> dict[str, list[tuple[float, float]]]:
    return {row.what: _course(place, row) for row in rows if isinstance(row, Run)}


def _course(place: Path, run: Run) -> list[tuple[float, float]]:
    """(step, percent right since the step before) in the course of a training."""
    with open(place / run.name / "history.csv", newline="", encoding="utf-8") as file:
        return [(int(row["step"]), 100 * float(row["accuracy"])) for row in csv.DictReader(file)]
