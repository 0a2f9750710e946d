"""Predictions as a table."""

from collections.abc import Sequence

from keras_i3d.files.spreadsheets import csv_lines
from keras_i3d.files.whole import write_whole

COLUMNS = ("video", "start", "end", "rank", "label", "probability", "error")


class PredictionTable:
    """Rows of a CSV file: one for each video and class, best first, or for a failure its cause."""

    def __init__(self):
        self._rows: list[tuple] = [COLUMNS]

    def add(
        self, video: str, start: float, end: float, classes: Sequence[tuple[str, float]]
    ) -> None:
        """Add the best classes of a video, or of one window of it."""
        for rank, (label, probability) in enumerate(classes, start=1):
            times = f"{start:.2f}", f"{end:.2f}"
            self._rows.append((video, *times, rank, label, f"{probability:.6f}", ""))

    def add_failure(self, video: str, cause: str) -> None:
        """Add a video that was not classified."""
        self._rows.append((video, "", "", "", "", "", cause))

    def text(self) -> str:
        """Return the whole table."""
        return csv_lines(self._rows)

    def write(self, path: str) -> None:
        """Write the whole table, over what was there."""
        write_whole(path, self.text())
