"""A plot of lines or points in SVG, as narrow as a phone, with a row for each name below it."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Pixels.
WIDTH, RIGHT, TOP, ROW = 400, 12, 12, 20
COLOURS = ("--bar", "--minus", "--warn", "--ink", "--faint")


@dataclass(frozen=True)
class Plot:
    """Where things stand in a plot whose axes begin at zero.

    farthest, highest: values at the right edge and at the top.
    height, left, bottom: pixels of all but the names, and those that ticks and labels take.
    """

    farthest: float
    highest: float
    height: int
    left: int
    bottom: int

    def place(self, across: float, up: float) -> tuple[float, float]:
        """Return a point's place in pixels."""
        foot = self.height - self.bottom
        return (
            self.left + (WIDTH - self.left - RIGHT) * across / self.farthest,
            foot - (foot - TOP) * up / self.highest,
        )

    def axes(
        self,
        label: str,
        across: Iterable[tuple[float, str]],
        up: Iterable[tuple[float, str]],
    ) -> list[str]:
        """Draw the axis across, the label below it, and ticks: (value, text)."""
        foot, right = self.height - self.bottom, WIDTH - RIGHT
        shapes = [
            f'<line x1="{self.left}" y1="{foot}" x2="{right}" y2="{foot}" '
            f'style="stroke:var(--line)"/>',
            f'<text x="{(WIDTH + self.left) // 2}" y="{self.height - self.bottom // 2 + 14}" '
            f'text-anchor="middle">{label}</text>',
        ]
        for value, text in up:
            _, y = self.place(0, value)
            shapes.append(
                f'<text x="{self.left - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
            )
        for value, text in across:
            x, _ = self.place(value, 0)
            shapes.append(f'<text x="{x:.1f}" y="{foot + 16}" text-anchor="middle">{text}</text>')
        return shapes

    def name(self, number: int, name: str, indent: int) -> tuple[int, str]:
        """Write a name below the plot; return the height of its sign, left of it, and the text."""
        y = self.height + ROW * number + 14
        return y - 4, f'<text x="{self.left + indent}" y="{y}">{html.escape(name)}</text>'

    def svg(self, shapes: Sequence[str], names: int, says: str) -> str:
        """Return the whole, for so many names; `says` is for those who cannot see it."""
        return (
            f'<svg viewBox="0 0 {WIDTH} {self.height + ROW * names + 8}" font-size="12" role="img" '
            f'aria-label="{says}">{"".join(shapes)}</svg>'
        )


def colour(number: int) -> str:
    """Return the colour of a name, of those that the stylesheet has."""
    return f"var({COLOURS[number % len(COLOURS)]})"
