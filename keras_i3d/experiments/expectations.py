"""What a table is expected to show, and why, said before it is run; and what came of it.

What came agrees with an expectation, or disagrees, only where the whole 95 % interval says so (of a
difference McNemar's test, at 5 %), and every repetition is on the same side; else it is not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.intervals import mcnemar, paired_difference, wilson
from keras_i3d.evaluation.scores import Scores
from keras_i3d.experiments.runs import Row

AGREES, DISAGREES, NOT_SHOWN = "agrees", "disagrees", "not shown"
# A difference is one where McNemar's p is below.
SIGNIFICANT = 0.05
# {name of a row: its scores, of each repetition}.
OfRows = Mapping[str, Sequence[Scores]]


@dataclass(frozen=True)
class Finding:
    """What came of one expectation.

    expected, why: in words.
    value, low, high: the figure and its 95 % interval, of all repetitions' videos together.
    unit: "%", or "points" of percent for a difference.
    verdict: AGREES, DISAGREES or NOT_SHOWN.
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
        value, low, high = accuracy(scores[self.row.name])
        each = each_accuracy(scores[self.row.name])
        verdict = _verdict(min(low, *each) > self.percent, max(high, *each) < self.percent)
        expected = f"{self.row.what}: above {self.percent:.0f} %"
        return Finding(expected, self.why, value, low, high, "%", verdict)


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
        value, low, high = accuracy(scores[self.row.name])
        each = each_accuracy(scores[self.row.name])
        verdict = _verdict(max(high, *each) < self.percent, min(low, *each) > self.percent)
        expected = f"{self.row.what}: below {self.percent:.0f} %"
        return Finding(expected, self.why, value, low, high, "%", verdict)


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
        """Test whether the two differ, on the videos that both have."""
        better, worse = scores[self.better.name], scores[self.worse.name]
        value, low, high = difference(better, worse)
        each = [difference([one], [other])[0] for one, other in zip(better, worse, strict=True)]
        differ = mcnemar(*_right_in_both(better, worse)) < SIGNIFICANT
        verdict = _verdict(differ and min(each) > 0, differ and max(each) < 0)
        expected = f"{self.better.what}: above {self.worse.what}"
        return Finding(expected, self.why, value, low, high, "points", verdict)


def accuracy(scores: Sequence[Scores]) -> tuple[float, float, float]:
    """Return (percent, low, high): top-1 accuracy of all, with Wilson's 95 % interval."""
    right = np.concatenate([_right(one) for one in scores])
    ends = right.mean(), *wilson(int(right.sum()), len(right))
    return tuple(100 * float(end) for end in ends)


def each_accuracy(scores: Sequence[Scores]) -> list[float]:
    """Return the percent of each repetition."""
    return [100 * float(_right(one).mean()) for one in scores]


def difference(first: Sequence[Scores], second: Sequence[Scores]) -> tuple[float, float, float]:
    """Return (points, low, high): how much more the first is right, with Newcombe's 95 % interval.

    Of each repetition those videos are taken that both have.
    """
    return tuple(100 * end for end in paired_difference(*_right_in_both(first, second)))


def _right(scores: Scores) -> np.ndarray:
    return metrics.top_k(scores.probabilities, scores.labels)


def _right_in_both(
    first: Sequence[Scores], second: Sequence[Scores]
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each is right, of the videos that both have: those of all repetitions in a row."""
    ours, theirs = [], []
    for one, other in zip(first, second, strict=True):
        _, places, others = np.intersect1d(one.ids, other.ids, return_indices=True)
        ours.append(_right(one)[places])
        theirs.append(_right(other)[others])
    return np.concatenate(ours), np.concatenate(theirs)


def _verdict(agrees: bool, disagrees: bool) -> str:
    if agrees:
        return AGREES
    return DISAGREES if disagrees else NOT_SHOWN
