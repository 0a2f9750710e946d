"""How trainings went, drawn in SVG: the share of right answers by step."""

from collections.abc import Mapping, Sequence

from keras_i3d.visualisation.plot import COLOURS, Plot, colour
from keras_i3d.visualisation.stylesheet import stylesheet

# The first five names are drawn whole, the next five dashed.
DASHES = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 2"')


def learning_curves(courses: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Return a plot of percent by step, a line for each name.

    Args:
        courses: {name: (step, percent) in the order of the steps}.
    """
    farthest = max((step for course in courses.values() for step, _ in course), default=1)
    plot = Plot(farthest, 100, height=240, left=44, bottom=36)
    shapes = plot.axes(
        "steps; right in training, %",
        [(step, str(step)) for step in (0, farthest // 2, farthest)],
        [(percent, str(percent)) for percent in (0, 25, 50, 75, 100)],
    )
    for number, (name, course) in enumerate(courses.items()):
        style = f'style="stroke:{colour(number)};fill:none"'
        style += DASHES[number // len(COLOURS) % len(DASHES)]
        points = " ".join("{:.1f},{:.1f}".format(*plot.place(*one)) for one in course)
        y, text = plot.name(number, name, indent=32)
        shapes.append(f'<polyline points="{points}" {style}/>')
        shapes.append(f'<line x1="{plot.left}" y1="{y}" x2="{plot.left + 24}" y2="{y}" {style}/>')
        shapes.append(text)
    return plot.svg(shapes, len(courses), "percent right in training by step")


def standing_alone(svg: str) -> str:
    """Return the plot as a file of its own, dark on white, in the stylesheet's light colours."""
    light = stylesheet().split(":root {", 1)[1].split("}", 1)[0]
    opening, rest = svg.split(">", 1)
    opening = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" width="560" ', 1)
    return (
        f"{opening}><style>:root {{{light}}} text {{ fill: var(--ink); }}</style>"
        f'<rect width="100%" height="100%" style="fill:var(--paper)"/>{rest}\n'
    )
