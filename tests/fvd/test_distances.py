"""Distances of feature sets: laws, and closed forms of Gaussians."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.fvd import distances
from keras_i3d.fvd.distances import frechet_distance, kernel_distance, neighbourhood


def draw(count, dimensions=12, seed=0, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, scale, (count, dimensions))


def by_eigenvalues(real, fake, ddof):
    """The textbook's formula: the trace of a root is the sum of its eigenvalues' roots."""
    s, t = (np.cov(one, rowvar=False, ddof=ddof) for one in (real, fake))
    root = np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0)).sum()
    return ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * root


def with_moments(mean, variances, count=64):
    """A set whose mean and (diagonal) covariance are exactly these, for ddof=0."""
    x = draw(count, len(variances), seed=3)
    x -= x.mean(0)
    q = np.linalg.qr(x)[0] * np.sqrt(count)
    return q * np.sqrt(variances) + mean


@pytest.mark.parametrize("count", [2, 8, 64, 500])
@pytest.mark.parametrize("ddof", [0, 1])
def test_equal_sets_are_no_distance_apart(count, ddof):
    features = 30 * draw(count, 40)
    assert 0 <= frechet_distance(features, features[::-1], ddof) < 1e-8


@given(st.integers(1, 40), st.integers(0, 1), st.integers(0, 1000))
def test_a_moved_set_is_its_vectors_squared_length_away(count, ddof, seed):
    features, vector = draw(count, seed=seed), draw(1, seed=seed + 1)
    moved = frechet_distance(features, features + vector, ddof)
    assert moved == pytest.approx((vector**2).sum(), rel=1e-9)


def test_gaussians_whose_covariances_commute():
    """|m - n|^2 plus the squared differences of the standard deviations."""
    real = with_moments(np.zeros(3), np.array([1.0, 4.0, 9.0]))
    fake = with_moments(np.array([1.0, 2.0, 0.0]), np.array([4.0, 1.0, 0.0]))
    expected = 1 + 4 + (1 - 2) ** 2 + (2 - 1) ** 2 + (3 - 0) ** 2
    assert frechet_distance(real, fake, ddof=0) == pytest.approx(expected, rel=1e-12)
    # ddof=1 makes the covariances 64 / 63 as large.
    assert frechet_distance(real, fake, ddof=1) == pytest.approx(5 + 11 * 64 / 63, rel=1e-12)


@pytest.mark.parametrize("ddof", [0, 1])
def test_the_textbooks_formula(ddof):
    real, fake = draw(300), draw(200, seed=1, scale=1.5, shift=0.3) @ draw(12, seed=2)
    found = frechet_distance(real, fake, ddof)
    assert found == pytest.approx(by_eigenvalues(real, fake, ddof), rel=1e-9)
    assert frechet_distance(fake, real, ddof) == pytest.approx(found, rel=1e-12)


def test_fewer_videos_than_dimensions():
    """More dimensions in which nothing varies change nothing."""
    real, fake = draw(6), draw(7, seed=1)
    wide = [np.hstack([one, np.full((len(one), 400), 2.5)]) for one in (real, fake)]
    assert frechet_distance(*wide) == pytest.approx(frechet_distance(real, fake), rel=1e-9)


def test_single_videos_have_no_spread():
    assert frechet_distance([[0.0, 0.0]], [[3.0, 4.0]], ddof=1) == pytest.approx(25)
    assert frechet_distance([[0.0, 0.0]], [[3.0, 4.0]], ddof=0) == pytest.approx(25)


def test_a_ridge_is_added_to_both_diagonals():
    """With covariances 0 and 1 in one dimension: (sqrt(1 + r) - sqrt(r))^2."""
    real, fake = [[0.0], [0.0]], [[-1.0], [1.0]]
    found = frechet_distance(real, fake, ddof=0, ridge=0.25)
    assert found == pytest.approx((np.sqrt(1.25) - 0.5) ** 2, rel=1e-12)


def test_counts_are_repetitions():
    real, fake, counts = draw(5), draw(4, seed=1), np.array([2, 0, 1, 1, 1])
    repeated = np.repeat(real, counts, axis=0)
    found = frechet_distance(real, fake, real_counts=counts)
    assert found == pytest.approx(frechet_distance(repeated, fake), rel=1e-12)


def by_definition(real, fake):
    def k(x, y):
        return (x @ y / len(x) + 1) ** 3

    def inside(a):
        n = len(a)
        return sum(k(a[i], a[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))

    across = np.mean([k(x, y) for x in real for y in fake])
    return inside(real) + inside(fake) - 2 * across


def test_kernel_distance_by_its_definition(monkeypatch):
    monkeypatch.setattr(distances, "BLOCK", 3)
    real, fake = draw(7), draw(5, seed=1, shift=0.5)
    assert kernel_distance(real, fake) == pytest.approx(by_definition(real, fake), rel=1e-12)
    draws = np.array([[1, 2], [1, 0], [1, 1], [1, 1], [1, 1], [1, 1], [1, 1]])
    found = kernel_distance(real, fake, draws, np.ones((5, 2)))
    assert found.shape == (2,)
    assert found[0] == pytest.approx(by_definition(real, fake), rel=1e-12)


def test_kernel_distance_is_unbiased():
    found = [kernel_distance(draw(20, seed=2 * i), draw(20, seed=2 * i + 1)) for i in range(300)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(300)


def test_neighbourhoods_on_a_line(monkeypatch):
    """Real 0 1 2 10: with one neighbour the radii are 1 1 1 8. Fake 1.5 30 31: 28.5 1 1."""
    monkeypatch.setattr(distances, "BLOCK", 2)
    real = np.array([[0.0], [1], [2], [10]])
    fake = np.array([[1.5], [30], [31]])
    found = neighbourhood(real, fake, neighbours=1, density_neighbours=1)
    assert found.precision.tolist() == [1, 0, 0]
    assert found.recall.tolist() == [1, 1, 1, 1]
    assert found.density.tolist() == [2, 0, 0]  # in the spheres of 1 and 2; 8.5 from 10
    assert found.coverage.tolist() == [0, 1, 1, 0]


def test_neighbourhoods_of_equal_and_of_distant_sets():
    features = draw(30)
    same, far = neighbourhood(features, features), neighbourhood(features, features + 1e3)
    assert [one.mean() for one in (same.precision, same.recall, same.coverage)] == [1, 1, 1]
    assert [one.mean() for one in far] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        ([[1.0, np.nan]], [[1.0, 2.0]], "real should be finite"),
        ([[1.0]], [[1.0, 2.0]], "as many dimensions"),
        ([1.0], [[1.0]], r"real should be \(videos, dimensions\)"),
        (np.zeros((1, 4)), np.zeros((0, 4)), "fake should be .* at least 1 videos"),
    ],
)
def test_what_is_no_set_of_features(real, fake, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, fake)
