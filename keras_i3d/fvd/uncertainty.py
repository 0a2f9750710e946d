"""How sure a distance of two sets is: bootstrap intervals, and what more videos would give."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import linregress

CONFIDENCE, DEVIATIONS = 0.95, 1.96
REPLICATES = 100
# The sizes that the line is fitted to: from all videos down to a quarter, evenly spaced in 1 / n,
# each drawn several times without repetition.
SIZES, SMALLEST, DRAWS = 8, 0.25, 8
LEAST_TO_EXTRAPOLATE = 64


class Figure(NamedTuple):
    """A figure and its 95 % interval; None where it is not known.

    The interval is for repeating the measurement with other videos of the same number.
    """

    value: float | None
    interval: tuple[float, float] | None


class Point(NamedTuple):
    """The mean of a distance over draws of so many videos of each side, and its deviation."""

    real: int
    fake: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Extrapolation:
    """A straight line through distances of subsets, in the reciprocal of their size.

    value: where it meets infinitely many videos; 0 where that would be below.
    error: that point's standard error, of the fit alone.
    slope: value + slope / share is the line, with 1 for all videos.
    points: what it was fitted to, all videos first.
    """

    value: float
    error: float
    slope: float
    points: tuple[Point, ...]


def draws_with_repetition(
    count: int, rng: np.random.Generator, replicates: int = REPLICATES
) -> np.ndarray:
    """Return (count, replicates): how often each draw of `count` videos has each video."""
    return rng.multinomial(count, np.full(count, 1 / count), size=replicates).T


def interval(
    value: float, replicates: np.ndarray, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float]:
    """Return the 95 % interval around a value whose bootstrap replicates deviate as these do.

    Draws with repetition hold fewer different videos, so a biased distance is larger for them: it
    is their deviation that is taken, not their place. Of sets smaller than their dimensions the
    deviation is overestimated, up to 1.5 times: the interval is then on the safe side.
    """
    reach = DEVIATIONS * float(np.std(replicates, ddof=1))
    return max(float(value) - reach, least), min(float(value) + reach, most)


def figure_of_mean(values: np.ndarray, counts: np.ndarray, most: float = np.inf) -> Figure:
    """Return the mean of values, one for each video, with its interval within [0, most].

    Args:
        values: (videos,).
        counts: (videos, replicates), from `draws_with_repetition`.
    """
    mean = float(values.mean())
    replicates = values @ counts / len(values)
    return Figure(mean, interval(mean, replicates, least=0.0, most=most))


def extrapolated(
    distance: Callable[[np.ndarray, np.ndarray], float],
    real: np.ndarray,
    fake: np.ndarray,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> Extrapolation | None:
    """Return a distance for infinitely many videos; None where there are too few to say.

    The Fréchet distance of samples exceeds that of their distributions by about a constant over
    their number. Where there are fewer videos than dimensions it grows more slowly, and the line
    meets infinity too high.

    Args:
        distance: of two sets of features.
        real, fake: (videos, dimensions).
        rngs: draw the subsets, of each set its own.

    Source: Chong and Forsyth, "Effectively Unbiased FID and Inception Score and Where to Find
    Them", 2020.
    """
    if min(len(real), len(fake)) < LEAST_TO_EXTRAPOLATE:
        return None
    shares = 1 / np.linspace(1, 1 / SMALLEST, SIZES)
    points = [_point(distance, real, fake, share, rngs) for share in shares]
    # The share that the rounded numbers of videos really are; both sides count alike.
    inverse = [(len(real) / p.real + len(fake) / p.fake) / 2 for p in points]
    fit = linregress(inverse, [p.mean for p in points])
    return Extrapolation(
        max(float(fit.intercept), 0.0), float(fit.intercept_stderr), float(fit.slope), tuple(points)
    )


def _point(distance, real, fake, share: float, rngs) -> Point:
    sizes = round(share * len(real)), round(share * len(fake))
    if share == 1:
        return Point(*sizes, distance(real, fake), 0.0)
    found = [
        distance(
            *(
                one[rng.choice(len(one), size, replace=False)]
                for one, size, rng in zip((real, fake), sizes, rngs, strict=True)
            )
        )
        for _ in range(DRAWS)
    ]
    return Point(*sizes, float(np.mean(found)), float(np.std(found, ddof=1)))
