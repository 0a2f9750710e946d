"""What came of the experiments: the figures, and whether they are what was hoped for."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.evaluation import charts
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.report import markdown_table
from keras_i3d.evaluation.scores import Scores, fuse, summary
from keras_i3d.tools.experiments_table import Experiment
from keras_i3d.training.checkpoints import write_whole

# Hoped of clips; and of single frames, that they stay as close to chance as this.
HOPED, NEAR = 95.0, 10.0
HEADER = ("", "top-1, %", "95 % interval", "chance, %", "steps", "seconds")


@dataclass(frozen=True)
class Result:
    """scores: of the test. seconds: of the training, NaN where it was broken off in between."""

    scores: Scores
    seconds: float


@dataclass(frozen=True)
class Part:
    """One question: rows of the table, and what they say."""

    title: str
    rows: list[tuple]
    verdict: str


def write_report(
    folder: Path, planned: Sequence[Experiment], results: Mapping[str, Result]
) -> Path:
    """Write report.md and report.html into the folder; the page's path."""
    parts = _parts(folder, {one.name: one for one in planned}, results)
    total = sum(result.seconds for result in results.values())
    about = (
        f"Videos made by rule, seed {planned[0].recipe.seed}; each test has "
        f"{next(iter(results.values())).scores.listed} videos that show no pixel of what was "
        f"learnt from. Trainings: {total:.0f} s in all."
    )
    markdown, body = [f"# Experiments\n\n{about}\n"], [page.faint(about)]
    for part in parts:
        markdown.append(f"## {part.title}\n{markdown_table(HEADER, part.rows)}\n{part.verdict}\n")
        names, shares = [row[0] for row in part.rows], [float(row[1]) / 100 for row in part.rows]
        table, bars = charts.table(HEADER, part.rows), charts.bars(names, shares)
        body.append(page.section(part.title, table, bars, page.faint(part.verdict)))
    texts = {"report.md": "\n".join(markdown), "report.html": page.whole("Experiments", body)}
    for name, text in texts.items():
        write_whole(folder / name, lambda file, text=text: file.write(text.encode()))
    return folder / "report.html"


def _parts(folder: Path, planned: Mapping[str, Experiment], results: Mapping) -> list[Part]:
    def row(name: str) -> tuple:
        one, result = planned[name], results[name]
        return _row(one.what, result.scores, one.recipe.steps, f"{result.seconds:.0f}")

    def top_1(name: str) -> float:
        return summary(results[name].scores)["top_1"]

    clips, frames = top_1("motion_rgb"), top_1("motion_frames")
    chance = 100 / len(results["motion_frames"].scores.classes)
    motion = _verdict(
        {
            f"clips reach {HOPED:.0f} %": clips >= HOPED,
            f"single frames stay within {NEAR:.0f} points of chance": frames <= chance + NEAR,
        },
        _course(folder / "motion_rgb"),
    )
    both = fuse({name: results[name].scores for name in ("joint_rgb", "joint_flow")})
    together = summary(both)["top_1"]
    fusion = _verdict(
        {
            "both together are at least as good as each": together
            >= max(top_1("joint_rgb"), top_1("joint_flow"))
        },
        _course(folder / "joint_rgb"),
    )
    original, fixed, full = (top_1(f"new_{name}") for name in ("original", "fixed", "full"))
    transfer = _verdict(
        {
            "a new head beats random weights": fixed > original,
            "all of the trained network beats random weights": full > original,
        },
        _course(folder / "new_full"),
    )
    few = planned["new_full"].recipe.training_videos
    return [
        Part("Motion needs time", [row("motion_rgb"), row("motion_frames")], motion),
        Part(
            "Appearance and motion together: RGB, flow, both",
            [row("joint_rgb"), row("joint_flow"), _row("both, logits added", both, "", "")],
            fusion,
        ),
        Part(
            f"A new task of {few} videos: {', '.join(planned['new_full'].recipe.motions)}",
            [row("new_original"), row("new_fixed"), row("new_full")],
            transfer,
        ),
    ]


def _row(what: str, scores: Scores, steps, seconds: str) -> tuple:
    right, count = summary(scores)["top_1"] / 100, len(scores.ids)
    low, high = wilson(right, count)
    chance = 100 / len(scores.classes)
    return (
        what,
        f"{100 * right:.1f}",
        f"{100 * low:.1f} to {100 * high:.1f}",
        f"{chance:.1f}",
        steps,
        seconds,
    )


def _verdict(hopes: Mapping[str, bool], course: str) -> str:
    said = [f"{'Yes' if held else 'No'}: {hope}." for hope, held in hopes.items()]
    return " ".join(said if all(hopes.values()) else [*said, course])


def _course(folder: Path) -> str:
    """How the training went, for those who ask why: loss and validation as they came."""
    with open(folder / "history.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("val_accuracy")]
    course = ", ".join(
        f"step {row['step']} {100 * float(row['accuracy']):.0f} % and "
        f"{100 * float(row['val_accuracy']):.0f} %"
        for row in rows
    )
    return (
        f"Right in training and in validation of {folder.name}: {course}. Where validation still "
        f"rises more steps help (--scale=3); where training is far above it, more videos do."
    )


def wilson(share: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of `count` draws.

    Source: E. B. Wilson, "Probable inference", 1927, equation 3.
    """
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)
