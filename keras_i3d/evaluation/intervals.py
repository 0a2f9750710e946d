"""How sure a figure is: 95 % intervals of a share and of a difference, and McNemar's test."""

import math

import numpy as np
from scipy.stats import binomtest, t

CONFIDENCE = 0.95


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the interval (low, high) of a share, `right` of `count` independent videos.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    1927, equation 3.
    """
    found = binomtest(right, count).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return (mean, low, high) of independent videos' values, by Student's t; NaN ends of one.

    Of differences on the same videos it is the paired t test's: zero is outside where that rejects
    it at 5 %.
    """
    values = np.asarray(values, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    spread = values.std(ddof=1) / np.sqrt(len(values))
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * spread)
    return mean, mean - half, mean + half


def paired_difference(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """Return (difference, low, high) of two networks' accuracies on the same videos.

    Wilson's intervals of the two accuracies, joined with regard to their correlation. It is
    approximate, so whether two networks differ at all is for `mcnemar` to say.

    Args:
        first, second: (videos,) bool, whether each network is right; in the same order.

    Source: R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", 1998, method 10.
    """
    count, agree = len(first), first == second
    both, neither = int((agree & first).sum()), int((agree & ~first).sum())
    won, lost = _won_and_lost(first, second)
    ends = []
    for right in (both + won, both + lost):
        low, high = wilson(right, count)
        ends.append((right / count - low, high - right / count))
    (below_1, above_1), (below_2, above_2) = ends
    correlation = _correlation(both, won, lost, neither)
    difference = (won - lost) / count
    low = difference - _joined(below_1, above_2, correlation)
    return difference, low, difference + _joined(above_1, below_2, correlation)


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Return p: how probable a difference as large as this is if neither network is better.

    Only the videos that one network alone gets right tell the two apart; if neither is better, each
    wins them as the sides of a fair coin do.

    Args:
        first, second: as `paired_difference` takes them.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions", 1947; the exact test, two-sided.
    """
    won, lost = _won_and_lost(first, second)
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def _won_and_lost(first: np.ndarray, second: np.ndarray) -> tuple[int, int]:
    return int((first & ~second).sum()), int((second & ~first).sum())


def _correlation(both: int, won: int, lost: int, neither: int) -> float:
    """Pearson's of the two networks, with a continuity correction where it is above 0."""
    more = both * neither - won * lost
    if more > 0:
        more = max(0, more - (both + won + lost + neither) / 2)
    product = (both + won) * (lost + neither) * (both + lost) * (won + neither)
    return more / math.sqrt(product) if product else 0.0


def _joined(one: float, other: float, correlation: float) -> float:
    return math.sqrt(one**2 - 2 * correlation * one * other + other**2)
