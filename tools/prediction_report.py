"""Predictions as they are made: text for people, JSON and a table for programs."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from keras_i3d.classes import Stretch, bar, best_classes, timeline
from keras_i3d.tools.prediction_table import PredictionTable

if TYPE_CHECKING:  # that module brings Keras
    from keras_i3d.prediction import Prediction, Window


class PredictionReport:
    """Prints each prediction, or failure, as it comes, and keeps a table of them.

    Attributes:
        done, failed: how many videos were classified, and how many were not.
        table: of all of them.

    Args:
        top: how many classes of each.
        json_lines: one JSON object each, instead of text.
    """

    def __init__(self, top: int, json_lines: bool):
        self.labels: Sequence[str] = ()
        self.done = self.failed = 0
        self.table = PredictionTable()
        self._top, self._json = top, json_lines

    def add(self, prediction: "Prediction") -> None:
        """Print a video's prediction."""
        self.done += 1
        first, last = prediction.windows[0], prediction.windows[-1]
        classes = self._best(prediction.scores)
        self.table.add(prediction.path, first.start, last.end, classes)
        self._print(self._as_json(prediction) if self._json else self._as_text(prediction))

    def add_window(self, source: str, window: "Window") -> None:
        """Print what a camera or a stream showed in one window."""
        self.done = 1
        classes = self._best(window.scores)
        self.table.add(source, window.start, window.end, classes)
        if self._json:
            self._print(json.dumps({"video": source, **self._window(window)}))
        else:
            self._print(self._line(self._stretch(window)))

    def add_failure(self, path: str, cause: str, told: bool = False) -> None:
        """Count a video that was not classified, and name it unless that was told before."""
        self.failed += 1
        self.table.add_failure(path, cause)
        if not told:
            tqdm.write(f"predict: {path}: {cause}", file=sys.stderr)
        if self._json:
            self._print(json.dumps({"video": path, "error": cause}))

    def _print(self, text: str) -> None:
        tqdm.write(text)  # above the progress bar, where there is one
        sys.stdout.flush()

    def _as_json(self, prediction: "Prediction") -> str:
        return json.dumps(
            {
                "video": prediction.path,
                "frames": prediction.frames,
                "fps": prediction.fps,
                "source": prediction.source,
                "predictions": self._named(prediction.scores),
                "windows": list(map(self._window, prediction.windows)),
                "notes": prediction.notes,
            }
        )

    def _window(self, window: "Window") -> dict:
        times = {"start": round(window.start, 3), "end": round(window.end, 3)}
        return times | {"predictions": self._named(window.scores)}

    def _as_text(self, prediction: "Prediction") -> str:
        """The top classes as bars, notes, and a timeline where there are several windows."""
        frames, fps = prediction.frames, prediction.fps
        lines = [f"{prediction.path}  {frames} frames at {fps} fps, {frames / fps:.1f} s"]
        lines += [f"  note: {note}" for note in prediction.notes]
        for label, probability in self._best(prediction.scores):
            lines.append(f"  {probability:6.4f}  {self._bar(label, probability)}")
        if len(prediction.windows) > 1:
            lines += ["  timeline", *self._timeline(prediction)]
        return "\n".join(lines)

    def _timeline(self, prediction: "Prediction") -> Iterator[str]:
        """One line for each run of windows with the same best class."""
        yield from map(self._line, timeline(map(self._stretch, prediction.windows)))

    def _stretch(self, window: "Window") -> Stretch:
        return Stretch(window.start, window.end, *best_classes(window.scores, self.labels, 1)[0])

    def _line(self, shown: Stretch) -> str:
        times = f"{_clock(shown.start)} - {_clock(shown.end)}"
        return f"  {times}  {shown.probability:.2f}  {self._bar(shown.label, shown.probability)}"

    def _bar(self, label: str, probability: float) -> str:
        widest = min(40, max(map(len, self.labels)))
        return f"{label:<{widest}}  {bar(probability)}".rstrip()

    def _best(self, scores: np.ndarray) -> list[tuple[str, float]]:
        return best_classes(scores, self.labels, self._top)

    def _named(self, scores: np.ndarray) -> list[dict]:
        return [{"label": label, "probability": p} for label, p in self._best(scores)]


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60):3d}:{seconds % 60:04.1f}"
