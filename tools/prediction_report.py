"""A prediction as text for people and as JSON for programs."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from keras_i3d.prediction import Prediction
from keras_i3d.weights import decode_predictions

BAR = 30  # columns of a probability of 1


def as_json(prediction: Prediction, labels: Sequence[str], top: int) -> dict:
    """{"video", "frames", "fps", "source", "predictions", "windows", "notes"}."""
    return {
        "video": prediction.path,
        "frames": prediction.frames,
        "fps": prediction.fps,
        "source": prediction.source,
        "predictions": _top(prediction.scores, labels, top),
        "windows": [
            {
                "start": round(window.start, 3),
                "end": round(window.end, 3),
                "predictions": _top(window.scores, labels, top),
            }
            for window in prediction.windows
        ],
        "notes": prediction.notes,
    }


def as_text(prediction: Prediction, labels: Sequence[str], top: int) -> str:
    """The top classes as bars, notes, and a timeline where there are several windows."""
    seconds = prediction.frames / prediction.fps
    lines = [
        f"{prediction.path}  {prediction.frames} frames at {prediction.fps} fps, {seconds:.1f} s"
    ]
    lines += [f"  note: {note}" for note in prediction.notes]
    for label, probability in _best(prediction.scores, labels, top):
        bar = "█" * round(BAR * probability)
        lines.append(f"  {probability:6.4f}  {label:<{_widest(labels)}}  {bar}".rstrip())
    if len(prediction.windows) > 1:
        lines += ["  timeline", *_timeline(prediction, labels)]
    return "\n".join(lines)


def _timeline(prediction: Prediction, labels: Sequence[str]) -> Iterator[str]:
    """One line for each run of windows with the same best class."""
    runs = groupby(prediction.windows, key=lambda window: int(np.argmax(window.scores)))
    for best, run in runs:
        windows = list(run)
        probability = np.mean([window.scores[best] for window in windows])
        times = f"{_clock(windows[0].start)} - {_clock(windows[-1].end)}"
        bar = "█" * round(BAR * probability)
        lines = f"  {times}  {probability:.2f}  {labels[best]:<{_widest(labels)}}  {bar}"
        yield lines.rstrip()


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60):3d}:{seconds % 60:04.1f}"


def _widest(labels: Sequence[str]) -> int:
    return min(40, max(map(len, labels)))


def _best(scores: np.ndarray, labels: Sequence[str], top: int) -> list[tuple[str, float]]:
    return decode_predictions(scores[None], top, labels)[0]


def _top(scores: np.ndarray, labels: Sequence[str], top: int) -> list[dict]:
    return [{"label": label, "probability": p} for label, p in _best(scores, labels, top)]
