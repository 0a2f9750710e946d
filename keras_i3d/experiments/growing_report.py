"""A report in two formats, written part by part."""

from collections.abc import Sequence
from pathlib import Path

from keras_i3d.evaluation import charts
from keras_i3d.evaluation import report_page as page
from keras_i3d.evaluation.markdown import escaped, markdown_table
from keras_i3d.experiments.curves import standing_alone
from keras_i3d.files.whole import write_whole


class Report:
    """A page in Markdown and in HTML that grow together.

    Pictures and charts are in the page, and for Markdown files beside it.
    """

    def __init__(self, folder: Path, title: str):
        self.folder, self._title = folder, title
        self._markdown, self._body = [f"# {title}\n"], []

    def title(self, title: str, level: int) -> None:
        """Write a heading."""
        self._markdown.append(f"{'#' * level} {escaped(title)}\n")
        self._body.append(page.heading(title, level))

    def text(self, text: str) -> None:
        """Write a paragraph."""
        self._markdown.append(f"{escaped(text)}\n")
        self._body.append(page.faint(text))

    def table(self, header: Sequence[str], rows: Sequence[tuple]) -> None:
        """Write a table."""
        self._markdown.append(markdown_table(header, rows).lstrip("\n"))
        self._body.append(charts.table(header, rows))

    def chart(self, name: str, svg: str, caption: str) -> None:
        """Draw a chart, which Markdown has beside it."""
        write_whole(self.folder / name, standing_alone(svg))
        self._markdown.append(f"![{escaped(caption)}]({name})\n")
        self._body.append(svg)

    def picture(self, name: str, png: bytes, caption: str) -> None:
        """Show a picture, which Markdown has beside it."""
        write_whole(self.folder / name, png)
        self._markdown.append(f"![{escaped(caption)}]({name})\n")
        self._body.append(page.image(png, caption))

    def write(self) -> Path:
        """Write report.md and report.html; return the page's path."""
        write_whole(self.folder / "report.md", "\n".join(self._markdown))
        write_whole(self.folder / "report.html", page.whole(self._title, self._body))
        return self.folder / "report.html"
