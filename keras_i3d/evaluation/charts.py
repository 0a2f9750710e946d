"""Charts as HTML without a script: a table, and bars drawn in SVG."""

import html
from collections.abc import Iterable

import numpy as np

ROW = 18
WIDTH, NAMES_WIDTH, VALUES_WIDTH = 720, 260, 60


def table(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    """An HTML table; all text is escaped."""
    lines = ["".join(f"<th>{html.escape(str(cell))}</th>" for cell in header)]
    lines += ["".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def bars(names: Iterable[str], values: np.ndarray) -> str:
    """One horizontal bar for each name, the largest value first; shares of 1, or differences.

    Values without a number (a class without a video) come last and have no bar. Where any is
    negative, zero is in the middle.
    """
    pairs = sorted(zip(names, map(float, values), strict=True), key=_largest_first)
    signed = any(value < 0 for _, value in pairs)
    room = WIDTH - NAMES_WIDTH - VALUES_WIDTH
    most = max((abs(value) for _, value in pairs if not np.isnan(value)), default=0) or 1
    unit = room / (2 * most if signed else max(most, 1))
    zero = NAMES_WIDTH + (room / 2 if signed else 0)
    shapes = []
    for number, (name, value) in enumerate(pairs):
        y = number * ROW
        shapes.append(
            f'<text x="{NAMES_WIDTH - 8}" y="{y + 13}" text-anchor="end">{html.escape(name)}</text>'
        )
        if np.isnan(value):
            continue
        length = abs(value) * unit
        x = zero - length if value < 0 else zero
        colour = "#b2182b" if value < 0 else "#2166ac"
        shapes.append(
            f'<rect x="{x:.1f}" y="{y + 3}" width="{length:.1f}" height="12" fill="{colour}"/>'
        )
        sign = "+" if signed and value > 0 else ""
        text = f"{sign}{100 * value:.1f}"
        shapes.append(f'<text x="{WIDTH - VALUES_WIDTH + 6}" y="{y + 13}">{text}</text>')
    height = ROW * len(pairs)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" font-size="12" '
        f'role="img" aria-label="percent by class">{"".join(shapes)}</svg>'
    )


def _largest_first(pair: tuple[str, float]) -> tuple[bool, float]:
    return (bool(np.isnan(pair[1])), -pair[1])
