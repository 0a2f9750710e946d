"""Charts as HTML without a script: a table, and bars drawn in SVG."""

import html
from collections.abc import Iterable, Sequence

import numpy as np

from keras_i3d.visualisation.lettering import lettering

# Pixels. A bar stands below its name, so that the whole is as narrow as a phone: there the text
# keeps 12 of its 14 pixels.
ROW, WIDTH, NAMES_WIDTH, FONT = 36, 400, 300, 14
# Characters of a name that have room; the rest of a longer one is left out.
LONGEST_NAME = 42
# Of fewer videos than this a percentage says little, so their number stands beside it.
FEW = 20


def table(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    """Return an HTML table in a box that scrolls where it is too wide; all text is escaped."""
    lines = ["".join(f"<th>{html.escape(str(cell))}</th>" for cell in header)]
    lines += ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    inside = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="wide"><table>{inside}</table></div>'


def bars(names: Iterable[str], values: Sequence[float], counts: Sequence[int] | None = None) -> str:
    """Draw one horizontal bar for each name, the largest value first.

    Values without a number (a class without a video) come last and have no bar. Where any is
    negative, zero is in the middle.

    Args:
        names: what the bars are of.
        values: shares of 1, or differences of such.
        counts: of how many videos each value is; shown if they are few.
    """
    counts = [FEW] * len(values) if counts is None else counts
    rows = sorted(zip(names, map(float, values), counts, strict=True), key=_largest_first)
    signed = any(value < 0 for _, value, _ in rows)
    most = max((abs(value) for _, value, _ in rows if not np.isnan(value)), default=0) or 1
    unit = WIDTH / (2 * most if signed else max(most, 1))
    zero = WIDTH / 2 if signed else 0
    shapes = []
    for number, (name, value, count) in enumerate(rows):
        y = number * ROW
        shapes.append(f'<text y="{y + 14}"{_squeezed(name)}>{_fitted(name)}</text>')
        if np.isnan(value):
            continue
        length = abs(value) * unit
        x, kind = (zero - length, ' class="minus"') if value < 0 else (zero, "")
        shapes.append(f'<rect x="{x:.1f}" y="{y + 19}" width="{length:.1f}" height="12"{kind}/>')
        sign = "+" if signed and value > 0 else ""
        text = f"{sign}{100 * value:.1f}" + (f" of {count}" if count < FEW else "")
        shapes.append(f'<text x="{WIDTH}" y="{y + 14}" text-anchor="end">{text}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {ROW * len(rows)}" font-size="{FONT}" role="img" '
        f'aria-label="percent by class">{"".join(shapes)}</svg>'
    )


def _fitted(name: str) -> str:
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return html.escape(short)


def _squeezed(name: str) -> str:
    """What narrows the letters of a name of many wide ones; a browser's font is about as wide."""
    wide = lettering(FONT).getlength(name[:LONGEST_NAME]) > NAMES_WIDTH
    return f' textLength="{NAMES_WIDTH}" lengthAdjust="spacingAndGlyphs"' if wide else ""


def _largest_first(row: tuple[str, float, int]) -> tuple[bool, float]:
    return (bool(np.isnan(row[1])), -row[1])
