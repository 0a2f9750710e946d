"""What a table is expected to show, and why, said before it is run; and what came of it.

An expectation agrees with what came, or does not, only where the whole 95 % interval says so, and
every repetition is on the same side; else it is not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.intervals import paired_difference, wilson
from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments.runs import Row

AGREES, DIFFERS, NOT_SHOWN = "agrees", "does not", "not shown"
# {name of a row: its scores, of each repetition}.
OfRows = Mapping[str, Sequence[Scores]]


@dataclass(frozen=True)
class Finding:
    """What came of one expectation.

    expected, why: in words.
    value, low, high: the figure and its 95 % interval, of all repetitions' videos together.
    unit: "%", or "points" of percent for a difference.
    verdict: AGREES, DIFFERS or NOT_SHOWN.
    """

    expected: str
    why: str
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

    def judge(self, scores: OfRows) -> Finding:
        """Compare with what came."""


@dataclass(frozen=True)
class Reaches:
    """A network is right in more than so many percent of the videos."""

    row: Row
    percent: float
    why: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the network's row."""
        return (self.row,)

    def judge(self, scores: OfRows) -> Finding:
        """Compare Wilson's interval with the percentage."""
        expected = f"{self.row.what}: above {self.percent:.0f} %"
        return _of_accuracy(self, scores, expected, above=True)


@dataclass(frozen=True)
class StaysBelow:
    """A network is right in less than so many percent of the videos, as chance or its input has."""

    row: Row
    percent: float
    why: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the network's row."""
        return (self.row,)

    def judge(self, scores: OfRows) -> Finding:
        """Compare Wilson's interval with the percentage."""
        expected = f"{self.row.what}: below {self.percent:.0f} %"
        return _of_accuracy(self, scores, expected, above=False)


@dataclass(frozen=True)
class Beats:
    """A network is right more often than another, on the same videos."""

    better: Row
    worse: Row
    why: str

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return both networks' rows."""
        return (self.better, self.worse)

    def judge(self, scores: OfRows) -> Finding:
        """Compare McNemar's interval of the difference with zero; of the videos that both have."""
        better, worse = scores[self.better.name], scores[self.worse.name]
        value, low, high = difference(better, worse)
        differences = [
            difference([ours], [theirs])[0] for ours, theirs in zip(better, worse, strict=True)
        ]
        return Finding(
            f"{self.better.what}: above {self.worse.what}",
            self.why,
            value,
            low,
            high,
            "points",
            _verdict(0, low, high, differences),
        )


def accuracy(scores: Sequence[Scores]) -> tuple[float, float, float]:
    """Return (percent, low, high): top-1 accuracy of all, with Wilson's 95 % interval."""
    right = np.concatenate([_right(one) for one in scores])
    ends = right.mean(), *wilson(int(right.sum()), len(right))
    return tuple(100 * float(end) for end in ends)


def each_accuracy(scores: Sequence[Scores]) -> list[float]:
    """Return the percent of each repetition."""
    return [100 * float(_right(one).mean()) for one in scores]


def difference(first: Sequence[Scores], second: Sequence[Scores]) -> tuple[float, float, float]:
    """Return (points, low, high): how much more the first is right, with McNemar's 95 % interval.

    Of each repetition those videos are taken that both have.
    """
    pairs = [_right_in_both(*pair) for pair in zip(first, second, strict=True)]
    ours, theirs = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return tuple(100 * end for end in paired_difference(ours, theirs))


def _of_accuracy(asked: Reaches | StaysBelow, scores: OfRows, expected: str, above: bool):
    of_row = scores[asked.row.name]
    value, low, high = accuracy(of_row)
    sign = 1 if above else -1
    ends = sorted((sign * low, sign * high))
    verdict = _verdict(sign * asked.percent, *ends, [sign * one for one in each_accuracy(of_row)])
    return Finding(expected, asked.why, value, low, high, "%", verdict)


def _right(scores: Scores) -> np.ndarray:
    return metrics.top_k(scores.probabilities, scores.labels)


def _right_in_both(first: Scores, second: Scores) -> tuple[np.ndarray, np.ndarray]:
    _, ours, theirs = np.intersect1d(first.ids, second.ids, return_indices=True)
    return _right(first)[ours], _right(second)[theirs]


def _verdict(limit: float, low: float, high: float, each: Sequence[float]) -> str:
    if low > limit and min(each) > limit:
        return AGREES
    return DIFFERS if high < limit and max(each) < limit else NOT_SHOWN
