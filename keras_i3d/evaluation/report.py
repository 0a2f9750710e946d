"""The report of an evaluation: Markdown, one HTML page, tables, pictures."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from keras_i3d.evaluation import charts, metrics
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.baseline import Difference
from keras_i3d.evaluation.markdown import escaped, markdown_table
from keras_i3d.evaluation.published import Published
from keras_i3d.evaluation.scores import Scores, summary
from keras_i3d.files.spreadsheets import csv_lines
from keras_i3d.files.whole import whole_path
from keras_i3d.visualisation.confusion import MOST_NAMED, draw_confusion
from keras_i3d.visualisation.png import png

WORST = 12
CONFUSION = "Each row is a true class, each column what it was taken for."
COUNTED = "Numbers are videos."
NAMES = {
    "top_1": "top-1 accuracy, %",
    "top_5": "top-5 accuracy, %",
    "mean_class": "mean accuracy per class, %",
    "expected_calibration_error": "expected calibration error",
    "mean_average_precision": "mean average precision, %",
}


def write_report(
    folder: str | os.PathLike,
    scores: Scores,
    title: str,
    published: Published | None = None,
    baseline: Difference | None = None,
    filmstrip: Callable[[str], Image.Image] | None = None,
) -> Path:
    """Write a folder: report.html and .md, figures.json, classes.csv, confusion.csv and .png.

    Args:
        folder: replaced if it is a report already; refused if it is something else.
        scores: what is reported.
        title: of the report.
        published: the figures to stand beside, and whose they are.
        baseline: the difference to another run, which is told and, by class, drawn.
        filmstrip: gives a picture of the video with an id, for the worst mistakes.

    Returns:
        The path of report.html.

    Raises:
        FileExistsError: when the folder holds something that is not a report.
    """
    with whole_folder(folder) as made:
        parts = _write_tables(made, scores, published or Published(), baseline)
        parts["mistakes"] = worst_mistakes(scores)
        parts["strips"] = _strips(parts["mistakes"], filmstrip)
        (made / "report.md").write_text(_markdown(title, scores, parts), encoding="utf-8")
        (made / "report.html").write_text(_page(title, scores, parts, made), encoding="utf-8")
    return Path(folder) / "report.html"


def check_folder(folder: str | os.PathLike) -> None:
    """Raise FileExistsError for a folder that holds something other than a report."""
    folder = Path(folder)
    if folder.exists() and (
        not folder.is_dir() or (any(folder.iterdir()) and not (folder / "figures.json").exists())
    ):
        raise FileExistsError(f"{folder} exists and is not a report: give another folder")


@contextlib.contextmanager
def whole_folder(folder: str | os.PathLike) -> Iterator[Path]:
    """Yield a folder to write into; at the end it takes its name, and an older report's place.

    Raises:
        FileExistsError: when the folder holds something that is not a report.
    """
    folder = Path(folder)
    check_folder(folder)
    with whole_path(folder) as made:
        made.mkdir()
        yield made


def worst_mistakes(scores: Scores) -> list[tuple[str, str, str, float]]:
    """Return (video, true class, predicted class, its probability), the surest mistakes first.

    Empty where a video may show several classes.
    """
    if scores.multi_label or not len(scores.ids):
        return []
    best = scores.probabilities.argmax(1)
    wrong = np.flatnonzero(best != scores.labels)
    sure = scores.probabilities[wrong, best[wrong]]
    return [
        (
            str(scores.ids[i]),
            scores.classes[scores.labels[i]],
            scores.classes[best[i]],
            float(scores.probabilities[i, best[i]]),
        )
        for i in wrong[np.argsort(-sure, kind="stable")][:WORST]
    ]


def by_class(scores: Scores) -> np.ndarray:
    """Return (classes,): the accuracy of each, or average precision; NaN without a video."""
    if scores.multi_label:
        return metrics.average_precisions(scores.logits, scores.labels)
    return metrics.class_accuracies(metrics.confusion_matrix(scores.probabilities, scores.labels))


# === Files ===


def _write_tables(
    folder: Path, scores: Scores, published: Published, baseline: Difference | None
) -> dict:
    figures = summary(scores)
    counted = {"videos": len(scores.ids), "failed": len(scores.failed), "listed": scores.listed}
    text = {**counted, **figures, "published": dataclasses.asdict(published), "made": scores.made}
    if baseline is not None:
        ends = {end: getattr(baseline, end) for end in ("points", "low", "high", "p")}
        text["baseline"] = {"name": baseline.name, "videos": len(baseline.own.ids), **ends}
    (folder / "figures.json").write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
    own = by_class(scores)
    shown = (
        scores.labels.sum(0)
        if scores.multi_label
        else np.bincount(scores.labels, minlength=len(own))
    )
    _table(
        folder / "classes.csv",
        ("class", "videos", "average_precision" if scores.multi_label else "accuracy"),
        zip(scores.classes, shown.tolist(), (f"{v:.4f}" for v in own), strict=True),
    )
    if scores.failed:
        _table(folder / "failed.csv", ("video", "cause"), scores.failed.items())
    parts = {"figures": figures, "published": published, "by_class": own, "shown": shown}
    if baseline is not None:
        parts["beside"] = baseline.sentence()
        parts["difference"] = by_class(baseline.own) - by_class(baseline.other)
    if not scores.multi_label:
        confusion = metrics.confusion_matrix(scores.probabilities, scores.labels)
        rows = ([name, *row] for name, row in zip(scores.classes, confusion.tolist(), strict=True))
        _table(folder / "confusion.csv", ("true \\ predicted", *scores.classes), rows)
        draw_confusion(confusion, scores.classes).save(folder / "confusion.png")
    return parts


def _table(path: Path, header, rows) -> None:
    with open(path, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        file.write(csv_lines([header, *rows]))


def _strips(mistakes: list, filmstrip) -> dict[str, bytes]:
    """{video: PNG}; the frames of a video that can no longer be read are left out."""
    found = {}
    for video, *_ in mistakes if filmstrip else ():
        try:
            picture = filmstrip(video)
        except (OSError, ValueError):
            continue
        found[video] = png(picture)
    return found


def _rows(parts: dict) -> list[tuple[str, str, str]]:
    rows = []
    for name, value in parts["figures"].items():
        beside = parts["published"].figures.get(name)
        digits = 3 if name == "expected_calibration_error" else 1
        rows.append((NAMES[name], f"{value:.{digits}f}", "" if beside is None else f"{beside:.1f}"))
    return rows


def _counts(scores: Scores) -> str:
    text = f"{len(scores.ids)} of {scores.listed} listed videos were scored"
    return text + (f", {len(scores.failed)} failed." if scores.failed else ".")


def _markdown(title: str, scores: Scores, parts: dict) -> str:
    text = f"# {escaped(title)}\n\n{_counts(scores)}\n"
    text += markdown_table(("figure", "here", "published"), _rows(parts))
    if "beside" in parts:
        text += f"\nHere {escaped(parts['beside'])}.\n"
    if parts["published"].source:
        text += f"\nPublished: {escaped(parts['published'].source)}.\n"
    if parts["mistakes"]:
        rows = [(*words, f"{sure:.3f}") for *words, sure in parts["mistakes"]]
        text += markdown_table(("surest mistakes", "true", "predicted", "probability"), rows)
    if scores.failed:
        text += markdown_table(("not scored", "cause"), scores.failed.items())
    if scores.made:
        text += markdown_table(("made from", ""), _made_rows(scores.made))
    return text


def _made_rows(made: dict, before: str = "") -> list[tuple[str, str]]:
    """A record as (name, value); of records in it the names are 'recipe: steps'."""
    rows = []
    for name, value in made.items():
        if isinstance(value, dict):
            rows += _made_rows(value, f"{before}{name}: ")
            continue
        if isinstance(value, (list, tuple)):
            value = ", ".join(map(str, value))
        rows.append((before + name, "none" if value in (None, "") else str(value)))
    return rows


def _page(title: str, scores: Scores, parts: dict, folder: Path) -> str:
    body = [page.faint(_counts(scores)), page.tiles(_rows(parts))]
    if parts["published"].source:
        body.append(page.faint(f"Published: {parts['published'].source}."))
    if scores.failed:
        body.append(page.failures(scores.failed))
    if parts["mistakes"]:
        body.append(
            page.section("Surest mistakes", page.mistakes(parts["mistakes"], parts["strips"]))
        )
    if (folder / "confusion.png").exists():
        png = (folder / "confusion.png").read_bytes()
        counted = f" {COUNTED}" if len(scores.classes) <= MOST_NAMED else ""
        picture = page.image(png, CONFUSION + counted, drawn=True)
        body.append(page.section("Confusion matrix", picture))
    what = "average precision" if scores.multi_label else "recognised"
    bars = charts.bars(scores.classes, parts["by_class"], parts["shown"])
    note = f"Percent {what}, and of how many videos if they are fewer than {charts.FEW}."
    body.append(page.section("By class", page.faint(note), bars))
    if "difference" in parts:
        note = page.faint(
            f"Here {parts['beside']}. By class: points above (blue, +) or below (red, -)."
        )
        bars = charts.bars(scores.classes, parts["difference"])
        body.append(page.section("Difference to the other run", note, bars))
    if scores.made:
        body.append(page.made_from(_made_rows(scores.made)))
    return page.whole(title, body)
