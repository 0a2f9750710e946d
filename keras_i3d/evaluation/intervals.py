"""How sure a figure is: 95 % intervals of a share, and of the difference of two networks."""

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

    Only the videos that one network alone gets right tell the two apart. Their number is taken as
    given; how many of them the first network wins is binomial, with Clopper and Pearson's interval.
    So zero is outside [low, high] exactly where McNemar's exact test rejects it at 5 %.

    Args:
        first, second: (videos,) bool, whether each network is right; in the same order.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated
    proportions", 1947; Clopper and Pearson, "The use of confidence or fiducial limits", 1934.
    """
    count = len(first)
    won, lost = int((first & ~second).sum()), int((second & ~first).sum())
    if won + lost == 0:
        return 0.0, 0.0, 0.0
    share = binomtest(won, won + lost).proportion_ci(CONFIDENCE, method="exact")
    low, high = (float(2 * end - 1) * (won + lost) / count for end in (share.low, share.high))
    return (won - lost) / count, low, high
