"""Intervals hold what they promise; the line in 1 / n meets the true distance."""

import numpy as np
import pytest

from keras_i3d.fvd.distances import frechet_distance
from keras_i3d.fvd.figures import figures_of
from keras_i3d.fvd.uncertainty import draws_with_repetition, extrapolated, figure_of_mean

DIMENSIONS = 10


def pair(count, seed, shift=0.5):
    """Gaussians whose true squared distance is DIMENSIONS shift^2."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, DIMENSIONS)), rng.normal(shift, size=(count, DIMENSIONS))


def test_the_interval_holds_nineteen_of_twenty():
    """The mean of many measurements lies in about 95 % of their intervals; 0.2 s each."""
    found = [figures_of(*pair(60, seed)).frechet for seed in range(40)]
    mean = np.mean([one.value for one in found])
    inside = [one.interval[0] <= mean <= one.interval[1] for one in found]
    assert 0.8 <= np.mean(inside) <= 1


def test_the_line_meets_the_true_distance():
    """2.5 is true; 100 videos give 0.6 more."""
    rngs = np.random.default_rng(0).spawn(2)
    values, lines = [], []
    for seed in range(20):
        real, fake = pair(100, seed)
        line = extrapolated(frechet_distance, real, fake, rngs)
        values.append(line.points[0].mean)
        lines.append(line.value)
        assert (line.points[0].real, line.points[-1].fake) == (100, 25)
        assert line.points[0].mean == frechet_distance(real, fake)
    assert np.mean(values) > 2.9
    assert np.mean(lines) == pytest.approx(2.5, abs=0.25)


def test_the_line_of_exact_reciprocals():
    """A distance that is 7 + 100 / n + 100 / m for n real and m fake videos."""
    line = extrapolated(
        lambda real, fake: 7 + 100 / len(real) + 100 / len(fake),
        np.zeros((256, 1)),
        np.zeros((128, 1)),
        np.random.default_rng(0).spawn(2),
    )
    assert line.value == pytest.approx(7, abs=0.2)  # sizes are whole numbers
    assert line.slope == pytest.approx(100 / 256 + 100 / 128, rel=0.05)


def test_too_few_videos_say_nothing_of_infinitely_many():
    real, fake = pair(63, 0)
    assert extrapolated(frechet_distance, real, fake, np.random.default_rng(0).spawn(2)) is None
    alone = figures_of(real[:1], fake)
    assert alone.frechet.interval is None and alone.kernel.value is None
    assert np.isfinite(alone.frechet.value)


def test_draws_are_of_as_many_videos():
    counts = draws_with_repetition(7, np.random.default_rng(0), replicates=50)
    assert counts.shape == (7, 50)
    assert (counts.sum(0) == 7).all()


def test_a_mean_within_its_bounds():
    counts = draws_with_repetition(4, np.random.default_rng(0))
    found = figure_of_mean(np.array([1.0, 1.0, 1.0, 0.0]), counts, most=1.0)
    assert found.value == 0.75
    assert 0 <= found.interval[0] < 0.75 < found.interval[1] <= 1


def test_figures_are_those_of_their_seed():
    real, fake = pair(20, 0)
    assert figures_of(real, fake, seed=3) == figures_of(real, fake, seed=3)
    assert figures_of(real, fake, seed=3) != figures_of(real, fake, seed=4)


def numbers(figures):
    """Of a result: those that do not depend on which side is called real."""
    line = figures.extrapolation
    return [*map(np.hstack, (figures.frechet, figures.kernel, (line.value, line.error)))]


def test_neither_the_sides_nor_the_videos_have_an_order():
    real, fake = pair(80, 0)
    fake = fake[:70]
    found = figures_of(real, fake)
    swapped, turned = figures_of(fake, real), figures_of(real[::-1], np.roll(fake, 9, axis=0))
    for other in (swapped, turned):
        for mine, its in zip(numbers(found), numbers(other), strict=True):
            np.testing.assert_allclose(mine, its, rtol=1e-9)
    assert (swapped.precision, swapped.recall) == (found.recall, found.precision)
    assert (turned.density, turned.coverage) == (found.density, found.coverage)


def test_the_same_videos_are_no_distance_apart_whatever_is_drawn():
    videos, _ = pair(80, 0)
    found = figures_of(videos, videos[::-1])
    line = found.extrapolation
    np.testing.assert_allclose([*found.frechet.interval, line.value, line.error], 0, atol=1e-8)
