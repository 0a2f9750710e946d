"""A score file: what one network said of every video of a split."""

import json
import os
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keras_i3d.evaluation import metrics
from keras_i3d.files.whole import whole_file

VERSION = 1
# A score file larger than this is taken for something else.
MOST_BYTES = 4 << 30
# The least mean probability, so that its logarithm is finite.
LEAST = np.finfo(np.float32).tiny
ARRAYS = ("ids", "logits", "probabilities", "labels")


class ScoresError(ValueError):
    """A score file that cannot be used, or does not go with another; the message says why."""


@dataclass(frozen=True)
class Scores:
    """Scores of a split's videos, one row each.

    ids: (videos,) the data set's names of the videos, each once.
    logits: (videos, classes) float32, the mean over a video's views.
    probabilities: (videos, classes) float32, the mean of the views' probabilities.
    labels: (videos,) class numbers; for multi-label data (videos, classes) of 0 and 1.
    classes: names, in the order of the columns.
    failed: {id: cause} of listed videos that could not be scored.
    made: what the scores rest on: weights' hash, preprocessing, stream, views.
    """

    ids: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    failed: dict[str, str] = field(default_factory=dict)
    made: dict = field(default_factory=dict)

    def __post_init__(self):
        rows = {len(self.ids), len(self.logits), len(self.probabilities), len(self.labels)}
        shapes = {self.logits.shape[1:], self.probabilities.shape[1:], (len(self.classes),)}
        if len(rows) != 1 or len(shapes) != 1:
            raise ScoresError(
                f"{len(self.ids)} videos and {len(self.classes)} classes do not fit logits "
                f"{self.logits.shape}, probabilities {self.probabilities.shape}, labels "
                f"{self.labels.shape}"
            )
        if len(set(self.ids.tolist())) != len(self.ids):
            raise ScoresError("a video is in it twice")
        if not (np.isfinite(self.logits).all() and np.isfinite(self.probabilities).all()):
            raise ScoresError("a logit or probability is not a finite number")
        least, most = (0, 1) if self.multi_label else (0, len(self.classes) - 1)
        if self.labels.dtype.kind not in "iub" or not (
            np.all(least <= self.labels) and np.all(self.labels <= most)
        ):
            raise ScoresError(f"a label is not a whole number from {least} to {most}")
        names = [*self.classes, *self.failed, *self.failed.values()]
        if not all(isinstance(name, str) for name in names):
            raise ScoresError("the name of a class or of a failed video is not text")

    @property
    def multi_label(self) -> bool:
        """Tell whether a video may show several classes."""
        return self.labels.ndim == 2

    @property
    def listed(self) -> int:
        """Return how many videos there were to score."""
        return len(self.ids) + len(self.failed)


def save_scores(path: str | os.PathLike, scores: Scores) -> None:
    """Write a .npz file, whole or not at all."""
    path = Path(path)
    said = {
        "version": VERSION,
        "classes": list(scores.classes),
        "failed": scores.failed,
        "made": scores.made,
    }
    arrays = {name: getattr(scores, name) for name in ARRAYS}
    arrays["ids"] = arrays["ids"].astype(str)
    with whole_file(path) as file:
        np.savez_compressed(file, said=np.array(json.dumps(said)), **arrays)


def load_scores(path: str | os.PathLike) -> Scores:
    """Read a score file.

    Raises:
        ScoresError: when it is not a score file, or damaged. Nothing in it is ever run.
        OSError: when it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_BYTES:
            raise ScoresError(f"{path}: {size} bytes unpacked are too many for a score file")
        with np.load(path, allow_pickle=False) as file:
            said = json.loads(str(file["said"]))
            if said["version"] != VERSION:
                raise ScoresError(
                    f"{path}: version should be {VERSION}. Received: {said['version']}"
                )
            if not isinstance(said["made"], dict) or not isinstance(said["failed"], dict):
                raise ScoresError(
                    f"{path}: not a score file: its record of how it was made is damaged"
                )
            arrays = {name: file[name] for name in ARRAYS}
        rest = {"classes": tuple(said["classes"]), "failed": said["failed"], "made": said["made"]}
    except ScoresError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, EOFError) as error:
        raise ScoresError(f"{path}: not a score file, or damaged ({error})") from error
    try:
        return Scores(**arrays, **rest)
    except ScoresError as error:
        raise ScoresError(f"{path}: {error}") from error


def fuse(parts: dict[str, Scores], average: bool = False) -> Scores:
    """Add several networks' logits, such as RGB's and flow's: late fusion.

    Args:
        parts: {name for messages, such as the file's: its scores}.
        average: take the mean of their probabilities instead, as Two-Stream does; the logits are
            then those of that mean.

    Raises:
        ScoresError: when they have different videos, labels and classes; says which differ.

    Source: kinetics-i3d, evaluate_sample.py, eval_type joint: logits are added. "Quo Vadis",
    section 2.3: Two-Stream's predictions are averaged.
    """
    (first_name, first), *others = parts.items()
    orders = [np.argsort(first.ids)]
    for name, other in others:
        if other.classes != first.classes:
            raise ScoresError(f"{first_name} and {name} have different classes")
        order = np.argsort(other.ids)
        ours, theirs = set(first.ids.tolist()), set(other.ids.tolist())
        if ours != theirs:
            raise ScoresError(
                f"{first_name} and {name} have different videos: only in the first "
                f"{_some(ours - theirs)}, only in the other {_some(theirs - ours)}"
            )
        same = other.labels[order] == first.labels[orders[0]]
        if not np.all(same):
            wrong = first.ids[orders[0]][~same.reshape(len(order), -1).all(1)]
            raise ScoresError(f"{first_name} and {name} have different labels for {_some(wrong)}")
        orders.append(order)
    ordered = zip(parts.values(), orders, strict=True)
    if average:
        mean = sum(np.float64(p.probabilities[o]) for p, o in ordered) / len(parts)
        logits = np.log(np.maximum(mean, LEAST))
        if first.multi_label:
            logits = logits - np.log(np.maximum(1 - mean, LEAST))
    else:
        logits = sum(p.logits[o] for p, o in ordered)
    activation = metrics.sigmoid if first.multi_label else metrics.softmax
    return Scores(
        first.ids[orders[0]],
        logits.astype(np.float32),
        activation(logits).astype(np.float32),
        first.labels[orders[0]],
        first.classes,
        {name: cause for part in parts.values() for name, cause in part.failed.items()},
        {"fused": {name: part.made for name, part in parts.items()}},
    )


def summary(scores: Scores) -> dict[str, float]:
    """Return the figures for the kind of labels; percent, but for the calibration error.

    One label a video: top_1, top_5 (of more than five classes), mean_class,
    expected_calibration_error.
    Several: mean_average_precision.
    """
    if len(scores.ids) == 0:
        return {}
    if scores.multi_label:
        precisions = metrics.average_precisions(scores.logits, scores.labels)
        return {"mean_average_precision": 100 * float(np.nanmean(precisions))}
    confusion = metrics.confusion_matrix(scores.probabilities, scores.labels)
    top_1 = metrics.top_k(scores.probabilities, scores.labels, 1)
    figures = {"top_1": 100 * float(top_1.mean())}
    if len(scores.classes) > 5:
        top_5 = metrics.top_k(scores.probabilities, scores.labels, 5)
        figures["top_5"] = 100 * float(top_5.mean())
    return {
        **figures,
        "mean_class": 100 * float(np.nanmean(metrics.class_accuracies(confusion))),
        "expected_calibration_error": metrics.expected_calibration_error(
            scores.probabilities, scores.labels
        ),
    }


def summary_line(scores: Scores) -> str:
    """Return 'top_1 71.1, top_5 89.3, ...'"""
    return ", ".join(f"{name} {value:.4g}" for name, value in summary(scores).items())


def _some(ids) -> str:
    ids = sorted(map(str, ids))
    return f"{len(ids)} ({', '.join(ids[:3])}{', …' if len(ids) > 3 else ''})" if ids else "none"
