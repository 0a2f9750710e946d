"""How trainings went, drawn in SVG: the share of right answers by step."""

import html
from collections.abc import Mapping, Sequence

from keras_i3d.visualisation.stylesheet import stylesheet

# Pixels; the whole is as narrow as a phone. Below the plot a row for each name.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, ROW = 400, 240, 44, 12, 12, 36, 20
COLOURS = ("--bar", "--minus", "--warn", "--ink", "--faint")
# The first five names are drawn whole, the next five dashed.
DASHES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 2"')


def learning_curves(courses: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Return a plot of percent by step, a line for each name.

    Args:
        courses: {name: (step, percent) in the order of the steps}.
    """
    farthest = max((step for course in courses.values() for step, _ in course), default=1)
    shapes = _axes(farthest)
    for number, (name, course) in enumerate(courses.items()):
        style = f'style="stroke:var({COLOURS[number % len(COLOURS)]});fill:none"'
        style += DASHES[number // len(COLOURS) % len(DASHES)]
        points = " ".join("{:.1f},{:.1f}".format(*_place(*one, farthest)) for one in course)
        y = HEIGHT + ROW * number + 14
        shapes.append(f'<polyline points="{points}" {style}/>')
        shapes.append(f'<line x1="{LEFT}" y1="{y - 4}" x2="{LEFT + 24}" y2="{y - 4}" {style}/>')
        shapes.append(f'<text x="{LEFT + 32}" y="{y}">{html.escape(name)}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + ROW * len(courses) + 8}" font-size="12" role="img" '
        f'aria-label="percent right in training by step">{"".join(shapes)}</svg>'
    )


def standing_alone(svg: str) -> str:
    """Return the plot as a file of its own, dark on white, in the stylesheet's light colours."""
    light = stylesheet().split(":root {", 1)[1].split("}", 1)[0]
    opening, rest = svg.split(">", 1)
    opening = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="560" ', 1)
    return (
        f"{opening}><style>:root {{{light}}} text {{ fill: var(--ink); }}</style>"
        f'<rect width="100%" height="100%" style="fill:var(--paper)"/>{rest}\n'
    )


def _place(step: float, percent: float, farthest: int) -> tuple[float, float]:
    across = LEFT + (WIDTH - LEFT - RIGHT) * step / farthest
    return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * percent / 100


def _axes(farthest: int) -> list[str]:
    bottom = HEIGHT - BOTTOM
    shapes = [
        f'<line x1="{LEFT}" y1="{bottom}" x2="{WIDTH - RIGHT}" y2="{bottom}" '
        f'style="stroke:var(--line)"/>',
        f'<text x="{(WIDTH + LEFT) // 2}" y="{HEIGHT - 4}" text-anchor="middle">'
        f"steps; right in training, %</text>",
    ]
    for percent in (0, 25, 50, 75, 100):
        _, y = _place(0, percent, farthest)
        shapes.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent}</text>')
    for step in (0, farthest // 2, farthest):
        x, _ = _place(step, 0, farthest)
        shapes.append(f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{step}</text>')
    return shapes
