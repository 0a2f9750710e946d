"""What a table is expected to show, said before it is run, and what came of it.

An expectation is met, or not, only where the whole 95 % interval says so; else it is not shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.intervals import paired_difference, wilson
from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments.runs import Row

YES, NO, NOT_SHOWN = "yes", "no", "not shown"


@dataclass(frozen=True)
class Finding:
    """What came of one expectation.

    expected: in words.
    value, low, high: the figure and its 95 % interval.
    unit: "%", or "points" of percent for a difference.
    verdict: YES, NO or NOT_SHOWN.
    """

    expected: str
    value: float
    low: float
    high: float
    unit: str
    verdict: str


class Expectation(Protocol):
    """The interface of an expectation.

    rows: what it is about.
    """

    rows: tuple[Row, ...]

    def judge(self, scores: Mapping[str, Scores]) -> Finding:
        """Compare with {name of a row: its scores}."""


@dataclass(frozen=True)
class Reaches:
    """A network is right in more than so many percent of the videos."""

    row: Row
    percent: float

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the network's row."""
        return (self.row,)

    def judge(self, scores: Mapping[str, Scores]) -> Finding:
        """Compare Wilson's interval with the percentage."""
        value, low, high = accuracy(scores[self.row.name])
        expected = f"{self.row.what}: above {self.percent:.0f} %"
        return Finding(expected, value, low, high, "%", _above(self.percent, low, high))


@dataclass(frozen=True)
class StaysNearChance:
    """A network is right in less than so many points of percent above chance."""

    row: Row
    points: float

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the network's row."""
        return (self.row,)

    def judge(self, scores: Mapping[str, Scores]) -> Finding:
        """Compare Wilson's interval with chance and the points."""
        value, low, high = accuracy(scores[self.row.name])
        limit = 100 / len(scores[self.row.name].classes) + self.points
        expected = f"{self.row.what}: below {limit:.1f} %, chance + {self.points:.0f} points"
        return Finding(expected, value, low, high, "%", _above(-limit, -high, -low))


@dataclass(frozen=True)
class Beats:
    """A network is right more often than another, on the same videos."""

    better: Row
    worse: Row

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return both networks' rows."""
        return (self.better, self.worse)

    def judge(self, scores: Mapping[str, Scores]) -> Finding:
        """Compare McNemar's interval of the difference with zero; of the videos that both have."""
        first, second = scores[self.better.name], scores[self.worse.name]
        _, ours, theirs = np.intersect1d(first.ids, second.ids, return_indices=True)
        ends = paired_difference(_right(first)[ours], _right(second)[theirs])
        value, low, high = (100 * end for end in ends)
        expected = f"{self.better.what}: above {self.worse.what}"
        return Finding(expected, value, low, high, "points", _above(0, low, high))


def accuracy(scores: Scores) -> tuple[float, float, float]:
    """Return (percent, low, high): top-1 accuracy with Wilson's 95 % interval."""
    right = _right(scores)
    ends = right.mean(), *wilson(int(right.sum()), len(right))
    return tuple(100 * float(end) for end in ends)


def _right(scores: Scores) -> np.ndarray:
    return metrics.top_k(scores.probabilities, scores.labels)


def _above(limit: float, low: float, high: float) -> str:
    if low > limit:
        return YES
    return NO if high < limit else NOT_SHOWN
