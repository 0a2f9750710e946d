"""Intervals: numbers known beforehand, and the test that one of them stands for."""

import math

import numpy as np
import pytest

from keras_i3d.evaluation.intervals import mean_interval, paired_difference, wilson


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


def test_a_difference_by_hand():
    """6 of 20 videos tell the two apart, all won: 0.025 ** (1 / 6) is the least share of them."""
    difference, low, high = paired_difference(*pairs(6, 0, 10, 4))
    assert difference == pytest.approx(0.3)
    assert low == pytest.approx((2 * 0.025 ** (1 / 6) - 1) * 0.3)
    assert high == pytest.approx(0.3)
    difference, low, high = paired_difference(*pairs(0, 6, 10, 4))
    assert (difference, high) == pytest.approx((-0.3, -(2 * 0.025 ** (1 / 6) - 1) * 0.3))


def test_networks_that_agree_do_not_differ():
    assert paired_difference(*pairs(0, 0, 7, 3)) == (0, 0, 0)


def test_zero_is_outside_where_mcnemars_exact_test_rejects_it():
    """The test's p, by hand: twice the chance of a coin to fall as often on its better side."""
    for won in range(13):
        for lost in range(13):
            total, most = won + lost, max(won, lost)
            tail = sum(math.comb(total, k) for k in range(most, total + 1)) / 2**total
            _, low, high = paired_difference(*pairs(won, lost, 5, 5))
            assert (low > 0 or high < 0) == (2 * tail < 0.05), (won, lost)
