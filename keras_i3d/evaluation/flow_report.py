"""The report of decoded flow: end-point errors beside those of no motion, and pictures."""

import dataclasses
import html
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from keras_i3d.evaluation import charts
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.intervals import mean_interval
from keras_i3d.evaluation.markdown import escaped, markdown_table
from keras_i3d.evaluation.report import whole_folder
from keras_i3d.training.flow_errors import Example, FlowErrors
from keras_i3d.training.flow_forward import ZEROS
from keras_i3d.training.flow_settings import FlowDecoding
from keras_i3d.visualisation.flow_rows import flow_rows
from keras_i3d.visualisation.png import png

HEADER = (
    "end point",
    "decoder",
    "steps x rows x columns",
    "error, px",
    "95 % interval",
    "below zeros, px",
    "95 % interval",
    "at every pixel, px",
)
NOTE = (
    "Mean end-point error on held-out videos, in pixels of the network's input, against the mean "
    "flow of each cell of the end point, and at every pixel with the decoded flow made finer. "
    "Zeros: nothing moves. Intervals are Student's, over videos; a decoder tells motion where its "
    "whole interval below zeros is above 0."
)
LEGEND = "True flow and decoded flow, each in its own cells; hue is direction, white no motion."


def write_flow_report(
    folder: str | os.PathLike,
    errors: FlowErrors,
    examples: Sequence[Example],
    settings: FlowDecoding,
) -> Path:
    """Write a folder: report.html and .md, figures.json, flow_1.png and so on; return the page.

    Args:
        folder: replaced whole where it is a report already; refused where it is something else.
        errors: of the decoders.
        examples: videos to show, a picture each.
        settings: what the decoders were trained by.

    Raises:
        FileExistsError: when the folder holds something that is not a report.
    """
    rows = table_rows(errors)
    title = f"Flow decoded from {settings.network}"
    about = (
        f"{len(errors.videos)} held-out videos; {settings.steps} steps of {settings.batch_size}."
    )
    if errors.left_out:
        about += f" {len(errors.left_out)} of the listed videos could not be read."
    with whole_folder(folder) as made:
        pictures = []
        for number, one in enumerate(examples, 1):
            drawn = flow_rows(one.true, _without_zeros(one.decoded), one.frame)
            pictures.append((f"flow_{number}.png", one.video, png(Image.fromarray(drawn))))
            (made / pictures[-1][0]).write_bytes(pictures[-1][2])
        text = f"# {escaped(title)}\n\n{about} {NOTE}\n{markdown_table(HEADER, rows)}\n{LEGEND}\n"
        text += "".join(f"\n![{escaped(video)}]({name})\n" for name, video, _ in pictures)
        (made / "report.md").write_text(text, encoding="utf-8")
        body = [page.faint(f"{about} {NOTE}"), charts.table(HEADER, rows)]
        shown = [page.image(png, video) for _, video, png in pictures]
        body.append(page.section("Pictures", page.faint(LEGEND), *shown))
        (made / "report.html").write_text(page.whole(title, body), encoding="utf-8")
        figures = {"videos": len(errors.videos), "rows": figure_rows(errors)}
        figures["made"] = dataclasses.asdict(settings)
        (made / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return Path(folder) / "report.html"


def figure_rows(errors: FlowErrors) -> list[dict]:
    """Return a row for each end point and decoder, zeros first; numbers that are not known, None.

    error, low, high: the mean and its interval. below_zeros: the same of how much less it is than
    the error of no motion, on the same videos. at_every_pixel: the mean.
    """
    rows = []
    for name, kinds in errors.cells.items():
        for kind in sorted(kinds, key=lambda kind: kind != ZEROS):
            error, low, high = map(_known, mean_interval(kinds[kind]))
            low = None if low is None else max(0.0, low)  # a length
            below = [*map(_known, mean_interval(kinds[ZEROS] - kinds[kind]))]
            rows.append(
                {
                    "end_point": name,
                    "decoder": kind,
                    "grid": list(errors.grids[name]),
                    "error": error,
                    "low": low,
                    "high": high,
                    "below_zeros": None if kind == ZEROS else below,
                    "at_every_pixel": float(np.mean(errors.pixels[name][kind])),
                }
            )
    return rows


def table_rows(errors: FlowErrors) -> list[tuple[str, ...]]:
    """Return the rows of the report's table, below HEADER."""
    rows = []
    for row in figure_rows(errors):
        below, *ends = row["below_zeros"] or (None, None, None)
        rows.append(
            (
                row["end_point"],
                row["decoder"],
                " x ".join(map(str, row["grid"])),
                f"{row['error']:.3f}",
                _interval(row["low"], row["high"]),
                "" if below is None else f"{below:+.3f}",
                "" if below is None else _interval(*ends, sign="+"),
                f"{row['at_every_pixel']:.3f}",
            )
        )
    return rows


def flow_table(errors: FlowErrors) -> str:
    """Return the table in Markdown, for a terminal."""
    return html.unescape(markdown_table(HEADER, table_rows(errors))).strip()


def _without_zeros(decoded):
    return {
        name: {kind: flow for kind, flow in kinds.items() if kind != ZEROS}
        for name, kinds in decoded.items()
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(low: float | None, high: float | None, sign: str = "") -> str:
    return "not known" if low is None else f"{low:{sign}.3f} to {high:{sign}.3f}"
