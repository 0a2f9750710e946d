"""Intervals: numbers known beforehand, how often they are right, and McNemar's test."""

import itertools
import math

import numpy as np
import pytest

from keras_i3d.evaluation.intervals import mcnemar, mean_interval, paired_difference, wilson


def test_wilsons_interval():
    """Of 1 in 10, as published for this method: 0.018 to 0.404."""
    low, high = wilson(1, 10)
    assert (round(low, 3), round(high, 3)) == (0.018, 0.404)
    assert wilson(0, 10)[0] == pytest.approx(0)
    assert wilson(10, 10)[1] == pytest.approx(1)


def test_the_interval_of_a_mean_by_hand():
    """1, 2, 3: deviation 1, and of two degrees of freedom t is 4.303. Of one nothing is known."""
    half = 4.3027 / math.sqrt(3)
    assert mean_interval(np.array([1, 2, 3])) == pytest.approx((2, 2 - half, 2 + half), abs=1e-4)
    mean, low, high = mean_interval(np.array([5.0]))
    assert mean == 5 and math.isnan(low) and math.isnan(high)


def pairs(won, lost, both, neither):
    """Which videos two networks get right."""
    first = [True] * won + [False] * lost + [True] * both + [False] * neither
    second = [False] * won + [True] * lost + [True] * both + [False] * neither
    return np.array(first), np.array(second)


@pytest.mark.parametrize(
    "both, won, lost, neither, low, high",
    [
        (36, 12, 2, 0, 0.0569, 0.3404),
        (20, 12, 2, 16, 0.0562, 0.3292),
        (35, 14, 0, 1, 0.1461, 0.4175),
        (1, 97, 1, 1, 0.8736, 0.9850),
        (0, 30, 0, 0, 0.8395, 1.0),
        (54, 0, 0, 0, -0.0664, 0.0664),
        (27, 0, 0, 27, -0.0351, 0.0351),
    ],
)
def test_newcombes_own_examples(both, won, lost, neither, low, high):
    """Of method 10, in table III of his paper; two networks that agree may still differ a little.

    The second has a correlation above 0: 20 * 16 - 12 * 2, less half of 50 for continuity.
    """
    for wins, losses, ends in ((won, lost, (low, high)), (lost, won, (-high, -low))):
        found = paired_difference(*pairs(wins, losses, both, neither))
        count = both + won + lost + neither
        assert found == pytest.approx(((wins - losses) / count, *ends), abs=1e-4)


def test_differences_are_in_their_intervals_nearly_as_often_as_is_said():
    """The chance of each outcome of ten videos is multinomial, so coverage is a sum."""
    outcomes = [o for o in itertools.product(range(11), repeat=4) if sum(o) == 10]
    ends = np.array([paired_difference(*pairs(w, x, b, n))[1:] for b, w, x, n in outcomes])
    ways = [math.factorial(10) / math.prod(map(math.factorial, o)) for o in outcomes]
    covered = []
    for tenths in itertools.product(range(1, 8), repeat=4):
        if sum(tenths) == 10:
            shares = np.array(tenths) / 10
            chances = ways * np.prod(shares**outcomes, axis=1)
            assert chances.sum() == pytest.approx(1)
            true = shares[1] - shares[2]
            covered.append(chances[(ends[:, 0] <= true) & (true <= ends[:, 1])].sum())
    assert min(covered) > 0.92
    assert 0.95 < np.mean(covered) < 0.97


def test_mcnemars_exact_test():
    """By hand: twice the chance of a coin to fall as often on its better side."""
    for won in range(13):
        for lost in range(13):
            total, most = won + lost, max(won, lost)
            tail = sum(math.comb(total, k) for k in range(most, total + 1)) / 2**total
            assert mcnemar(*pairs(won, lost, 5, 5)) == pytest.approx(min(1, 2 * tail))
