"""Results of runs that never were, of which every figure is known."""

import csv

import numpy as np

from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments.runs import Result


def scores(right, classes=4, videos=100):
    """Of so many videos, of which the first `right` are told right."""
    labels = np.arange(videos) % classes
    told = np.where(np.arange(videos) < right, labels, (labels + 1) % classes)
    logits = right / 20 * np.eye(classes, dtype=np.float32)[told]  # the better, the surer
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    names = tuple(f"class {n}" for n in range(classes))
    ids = np.array([f"video {n:03d}" for n in range(videos)])
    made = {"recipe": {"steps": 400}}
    return Scores(ids, logits, chances.astype(np.float32), labels, names, {}, made)


def result(right, classes=4):
    """A run's, whose training took a minute."""
    return Result(scores(right, classes), 60.0)


def write_history(folder):
    """A training's, with one validation."""
    folder.mkdir(exist_ok=True)
    with open(folder / "history.csv", "w", newline="") as file:
        rows = csv.DictWriter(file, ["step", "accuracy", "val_accuracy"])
        rows.writeheader()
        rows.writerow({"step": 10, "accuracy": 0.5, "val_accuracy": 0.4})
