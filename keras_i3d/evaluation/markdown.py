"""Markdown in which any text can stand: no name of a video or class becomes HTML."""

import html
from collections.abc import Iterable


def escaped(text: object) -> str:
    """Return text for any place within a line: HTML in it is shown as it is, and ends no cell."""
    line = " ".join(str(text).splitlines())
    return html.escape(line, quote=False).replace("|", "\\|")


def markdown_table(header: Iterable, rows: Iterable[Iterable]) -> str:
    """Return a table with a blank line before it; all text is escaped."""
    lines = [[escaped(cell) for cell in row] for row in (header, *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)
