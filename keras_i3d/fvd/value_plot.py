"""FVD against the number of videos, drawn in SVG: what more videos would change."""

import html
from collections.abc import Mapping

import numpy as np

from keras_i3d.fvd.results import FVDResult
from keras_i3d.fvd.uncertainty import DEVIATIONS, Extrapolation

# Pixels; the whole is as narrow as a phone. Below the plot a row for each name.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, ROW = 400, 260, 52, 12, 12, 40, 20
# Characters of a name that fit beside its dot; of a longer one, such as a path, the end is shown.
LONGEST_NAME = 48
COLOURS = ("--bar", "--minus", "--warn", "--ink", "--faint")


def value_plot(results: Mapping[str, FVDResult]) -> str:
    """Return a plot of each result's values with intervals against 1 / n, so that a line is fitted.

    The dashed line is the fit; where it meets the left edge is the value for infinitely many
    videos.

    Args:
        results: by the names that the legend shows.
    """
    points = {name: _points(result) for name, result in results.items()}
    every = [point for one in points.values() for point in one]
    farthest = max(x for x, *_ in every)
    highest = max(high for *_, high in every) or 1.0
    shapes = [*_axes(farthest, highest)]
    for number, (name, result) in enumerate(results.items()):
        colour = f"var({COLOURS[number % len(COLOURS)]})"
        shapes += _drawn(points[name], result.figures.extrapolation, farthest, highest, colour)
        y = HEIGHT + ROW * number + 14
        shapes.append(
            f'<circle cx="{LEFT}" cy="{y - 4}" r="4" style="fill:{colour}"/>'
            f'<text x="{LEFT + 12}" y="{y}">{html.escape(_end_of(name))}</text>'
        )
    height = HEIGHT + ROW * len(results) + 8
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" font-size="12" role="img" '
        f'aria-label="FVD by the number of videos">{"".join(shapes)}</svg>'
    )


def _end_of(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]


def _points(result: FVDResult) -> list[tuple[float, float, float, float]]:
    """(1 / n, value, low, high) of each size, all videos first, infinitely many last."""
    low, high = result.interval or (result.value, result.value)
    line = result.figures.extrapolation
    least = min(result.real.videos, result.fake.videos)
    points = [(1 / least, result.value, low, high)]
    if line is not None:
        reach = DEVIATIONS * line.error
        points += [
            (1 / min(p.real, p.fake), p.mean, *_around(p.mean, DEVIATIONS * p.deviation))
            for p in line.points[1:]
        ]
        points.append((0.0, line.value, *_around(line.value, reach)))
    return points


def _around(value: float, reach: float) -> tuple[float, float]:
    return max(value - reach, 0.0), value + reach


def _drawn(points, line: Extrapolation | None, farthest, highest, colour: str) -> list[str]:
    shapes = []
    if line is not None:
        at_last = line.value + line.slope * farthest / points[0][0]
        (x, y), (x2, y2) = (_place(f, v, farthest, highest) for f, v in
                            ((0.0, line.value), (farthest, at_last)))  # fmt: skip
        shapes.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-dasharray="4 3" '
            f'style="stroke:{colour}"/>'
        )
    for inverse, value, low, high in points:
        x, y = _place(inverse, value, farthest, highest)
        top, end = (_place(inverse, v, farthest, highest)[1] for v in (high, low))
        fill = "none" if inverse == 0 else colour
        shapes.append(
            f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{end:.1f}" '
            f'style="stroke:{colour}"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" style="fill:{fill};stroke:{colour}"/>'
        )
    return shapes


def _place(inverse: float, value: float, farthest: float, highest: float) -> tuple[float, float]:
    across = LEFT + (WIDTH - LEFT - RIGHT) * inverse / farthest
    return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / highest


def _axes(farthest: float, highest: float) -> list[str]:
    bottom = HEIGHT - BOTTOM
    shapes = [
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" '
        f'style="stroke:var(--line)"/>',
        f'<text x="{(WIDTH + LEFT) // 2}" y="{HEIGHT - 6}" text-anchor="middle">videos</text>',
    ]
    for value in np.linspace(0, highest, 5):
        _, y = _place(0, value, farthest, highest)
        shapes.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>')
    for inverse in np.linspace(0, farthest, 5):
        x, _ = _place(inverse, 0, farthest, highest)
        label = "∞" if inverse == 0 else f"{1 / inverse:.0f}"
        shapes.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{label}</text>')
    return shapes
