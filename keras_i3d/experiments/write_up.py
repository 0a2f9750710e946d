"""The report of the tables: figures, and whether what was expected beforehand came true."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_i3d.evaluation import charts
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.markdown import escaped, markdown_table
from keras_i3d.evaluation.scores import Scores, fuse
from keras_i3d.experiments.expectations import YES, Finding, accuracy
from keras_i3d.experiments.runs import Fusion, Result, Run
from keras_i3d.experiments.table import Table
from keras_i3d.files.whole import write_whole

ROWS = ("", "top-1, %", "95 % interval", "chance, %", "videos", "steps", "seconds")
FINDINGS = ("expected beforehand", "measured", "95 % interval", "came true")
NOTE = (
    "An expectation came true, or did not, only where its whole interval says so. Accuracies have "
    "Wilson's interval; differences, in points of percent on the same videos, McNemar's. They are "
    "about the videos of the test: training again with another --seed may change more."
)
ADVICE = (
    "Where validation still rises, more steps help (--scale=3); where training is far above it, "
    "more training videos. --videos=1000 narrows the intervals."
)


def write_up(folder: Path, tables: Sequence[Table], results: Mapping[str, Result]) -> Path:
    """Write report.md and report.html into the folder; return the page's path.

    Args:
        folder: with a folder for each run, whose history explains what did not come true.
        tables: in the order of the report.
        results: {run's name: its scores and seconds}, for every run of the tables.
    """
    title = "Experiments on synthetic videos"
    about = _about(results)
    markdown, body = [f"# {title}\n\n{about} {NOTE}\n"], [page.faint(f"{about} {NOTE}")]
    for table in tables:
        rows, findings, notes = _part(folder, table, results)
        markdown.append(
            f"## {escaped(table.title)}\n\n{escaped(table.asks)}\n{markdown_table(ROWS, rows)}"
            f"{markdown_table(FINDINGS, findings)}"
            + "".join(f"\n{escaped(note)}\n" for note in notes)
        )
        body.append(
            page.section(
                table.title,
                page.faint(table.asks),
                charts.table(ROWS, rows),
                charts.bars([row[0] for row in rows], [float(row[1]) / 100 for row in rows]),
                charts.table(FINDINGS, findings),
                *map(page.faint, notes),
            )
        )
    texts = {"report.md": "\n".join(markdown), "report.html": page.whole(title, body)}
    for name, text in texts.items():
        write_whole(folder / name, text)
    return folder / "report.html"


def _about(results: Mapping[str, Result]) -> str:
    took = [result.seconds for result in results.values() if not math.isnan(result.seconds)]
    return (
        f"No test video shows a pixel of a training video. {len(results)} trainings, "
        f"{sum(took):.0f} s in all."
    )


def _part(folder: Path, table: Table, results: Mapping[str, Result]) -> tuple:
    """(cells of the rows, cells of the findings, notes on what did not come true)."""
    scores = {name: result.scores for name, result in results.items()}
    for row in table.rows:
        if isinstance(row, Fusion):
            scores[row.name] = fuse({part.name: scores[part.name] for part in row.parts})
    rows = [
        _row(row.what, scores[row.name], results[row.name].seconds if row.name in results else None)
        for row in table.rows
    ]
    findings = [(one, one.judge(scores)) for one in table.expects]
    unmet = [row for one, finding in findings if finding.verdict != YES for row in one.rows]
    courses = [_course(folder / row.name) for row in dict.fromkeys(unmet) if isinstance(row, Run)]
    notes = [*courses, ADVICE] if courses else []
    return rows, [_cells(finding) for _, finding in findings], notes


def _row(what: str, scores: Scores, seconds: float | None) -> tuple:
    value, low, high = accuracy(scores)
    took = "" if seconds is None else "not known" if math.isnan(seconds) else f"{seconds:.0f}"
    return (
        what,
        f"{value:.1f}",
        f"{low:.1f} to {high:.1f}",
        f"{100 / len(scores.classes):.1f}",
        len(scores.ids),
        "" if seconds is None else scores.made["recipe"]["steps"],
        took,
    )


def _cells(finding: Finding) -> tuple[str, ...]:
    sign = "+" if finding.unit == "points" else ""
    value, low, high = (f"{n:{sign}.1f}" for n in (finding.value, finding.low, finding.high))
    return finding.expected, f"{value} {finding.unit}", f"{low} to {high}", finding.verdict


def _course(folder: Path) -> str:
    """How a training went, for those who ask why: accuracy and validation as they came."""
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("val_accuracy")]
    course = ", ".join(
        f"step {row['step']}: {100 * float(row['accuracy']):.0f} % and "
        f"{100 * float(row['val_accuracy']):.0f} %"
        for row in rows
    )
    return f"{folder.name}, right in training and in validation at {course}."
