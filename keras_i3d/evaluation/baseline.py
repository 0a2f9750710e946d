"""Scores beside those of another run on the same videos: by how much they are better."""

from dataclasses import dataclass, replace

import numpy as np

from keras_i3d.evaluation import metrics
from keras_i3d.evaluation.intervals import mcnemar, paired_difference
from keras_i3d.evaluation.scores import Scores, ScoresError, summary


@dataclass(frozen=True)
class Difference:
    """What the two came to on the videos that both have.

    name: the other run's.
    own, other: the scores of those videos, in the same order.
    points, low, high: top-1 of the one less that of the other, in points of percent, and Newcombe's
        95 % interval. None where a video may show several classes.
    p: McNemar's: how probable so large a difference is if neither is better. None likewise.
    """

    name: str
    own: Scores
    other: Scores
    points: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    def sentence(self) -> str:
        """Return it in words."""
        count = f"{len(self.own.ids)} videos that both have"
        if self.points is None:
            own, other = (summary(s)["mean_average_precision"] for s in (self.own, self.other))
            side = "above" if own >= other else "below"
            return (
                f"mean average precision is {abs(own - other):.1f} points {side} that of "
                f"{self.name} ({other:.1f}), on {count}"
            )
        side = "above" if self.points >= 0 else "below"
        return (
            f"top-1 is {abs(self.points):.1f} points {side} that of {self.name}, on {count}; "
            f"difference {self.points:+.1f}, 95 % interval {self.low:+.1f} to {self.high:+.1f}, "
            f"McNemar's p {self.p:.2g}"
        )


def difference(scores: Scores, baseline: Scores, name: str = "the other run") -> Difference:
    """Compare a network with another, of this name, on the videos that both have scored.

    Raises:
        ScoresError: where they have other classes or labels, or no video in common.
    """
    if scores.classes != baseline.classes:
        raise ScoresError("they have different classes")
    if scores.multi_label != baseline.multi_label:
        raise ScoresError("only one has several labels per video")
    _, mine, theirs = np.intersect1d(scores.ids, baseline.ids, return_indices=True)
    if not len(mine):
        raise ScoresError("they have no video in common")
    own, other = _of(scores, mine), _of(baseline, theirs)
    if not np.array_equal(own.labels, other.labels):
        raise ScoresError("a video of both has different labels")
    if own.multi_label:
        return Difference(name, own, other)
    right = [metrics.top_k(one.probabilities, one.labels) for one in (own, other)]
    figures = (100 * value for value in paired_difference(*right))
    return Difference(name, own, other, *figures, mcnemar(*right))


def _of(scores: Scores, rows: np.ndarray) -> Scores:
    arrays = ("ids", "logits", "probabilities", "labels")
    return replace(scores, **{name: getattr(scores, name)[rows] for name in arrays})
