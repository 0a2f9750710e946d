"""Predictions as a table: CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Sequence

from keras_i3d.files.whole import write_whole

COLUMNS = ("video", "start", "end", "rank", "label", "probability", "error")
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class PredictionTable:
    """Rows of a CSV file: one for each video and class, best first, or for a failure its cause.

    A cell of text that a spreadsheet would compute begins with an apostrophe.
    """

    def __init__(self):
        self._text = io.StringIO()
        self._rows = csv.writer(self._text, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def add(
        self, video: str, start: float, end: float, classes: Sequence[tuple[str, float]]
    ) -> None:
        """Add the best classes of a video, or of one window of it."""
        for rank, (label, probability) in enumerate(classes, start=1):
            row = (video, f"{start:.2f}", f"{end:.2f}", rank, label, f"{probability:.6f}", "")
            self._rows.writerow(map(_cell, row))

    def add_failure(self, video: str, cause: str) -> None:
        """Add a video that was not classified."""
        self._rows.writerow(map(_cell, (video, "", "", "", "", "", cause)))

    def text(self) -> str:
        """Return the whole table."""
        return self._text.getvalue()

    def write(self, path: str) -> None:
        """Write the whole table, over what was there."""
        write_whole(path, self.text())


def _cell(value: str | int) -> str:
    return f"'{value}" if str(value).startswith(FORMULA) else str(value)
