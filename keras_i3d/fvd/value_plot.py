"""FVD against the number of videos, drawn in SVG: what more videos would change."""

from collections.abc import Mapping

import numpy as np

from keras_i3d.fvd.results import FVDResult
from keras_i3d.fvd.uncertainty import DEVIATIONS, Extrapolation
from keras_i3d.visualisation.plot import Plot, colour

# Characters of a name that fit beside its dot; of a longer one, such as a path, the end is shown.
LONGEST_NAME = 48


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
    plot = Plot(farthest, highest, height=260, left=52, bottom=40)
    shapes = plot.axes(
        "videos",
        [(x, "∞" if x == 0 else f"{1 / x:.0f}") for x in np.linspace(0, farthest, 5)],
        [(value, f"{value:.4g}") for value in np.linspace(0, highest, 5)],
    )
    for number, (name, result) in enumerate(results.items()):
        shapes += _drawn(plot, points[name], result.figures.extrapolation, colour(number))
        y, text = plot.name(number, _end_of(name), indent=12)
        shapes.append(f'<circle cx="{plot.left}" cy="{y}" r="4" style="fill:{colour(number)}"/>')
        shapes.append(text)
    return plot.svg(shapes, len(results), "FVD by the number of videos")


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


def _drawn(plot: Plot, points, line: Extrapolation | None, ink: str) -> list[str]:
    shapes = []
    if line is not None:
        at_last = line.value + line.slope * plot.farthest / points[0][0]
        (x, y), (x2, y2) = plot.place(0.0, line.value), plot.place(plot.farthest, at_last)
        shapes.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-dasharray="4 3" '
            f'style="stroke:{ink}"/>'
        )
    for inverse, value, low, high in points:
        x, y = plot.place(inverse, value)
        top, end = (plot.place(inverse, v)[1] for v in (high, low))
        fill = "none" if inverse == 0 else ink
        shapes.append(
            f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{end:.1f}" '
            f'style="stroke:{ink}"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" style="fill:{fill};stroke:{ink}"/>'
        )
    return shapes
