"""Distances between two sets of features: pure functions, float64.

`real` and `fake` are (videos, dimensions). `real_counts` and `fake_counts` say how often each video
counts, by default once: so a bootstrap's draw with repetition copies nothing.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

# Rows of a table of all pairs that are held at once: memory does not grow with the square.
BLOCK = 1024


def frechet_distance(
    real: np.ndarray,
    fake: np.ndarray,
    ddof: int = 1,
    ridge: float = 0.0,
    real_counts: np.ndarray | None = None,
    fake_counts: np.ndarray | None = None,
) -> float:
    """Return the squared Fréchet distance of the Gaussians that have the sets' moments.

    |m - n|^2 + Tr S + Tr T - 2 Tr (S T)^(1/2), with means m, n and covariances S, T. With factors
    S = A^T A and T = B^T B the last trace is the sum of the singular values of A B^T. No root of a
    matrix is taken, so sets of fewer videos than dimensions are no special case.

    Args:
        ddof: covariances are divided by videos - ddof: 1 or 0. A single video has covariance 0.
        ridge: added to the covariances' diagonals.

    Returns:
        A number that is never below 0; 0 for equal sets.

    Source: Dowson and Landau, "The Fréchet distance between multivariate normal distributions",
    1982; Unterthiner et al., "Towards Accurate Generative Models of Video", 2018.
    """
    real, fake = checked(real, fake)
    mean, factor = _moments(real, ddof, ridge, real_counts)
    other_mean, other_factor = _moments(fake, ddof, ridge, fake_counts)
    shared = np.linalg.svd(factor @ other_factor.T, compute_uv=False).sum()
    spread = (factor**2).sum() + (other_factor**2).sum() - 2 * shared
    return float(max(((mean - other_mean) ** 2).sum() + spread, 0.0))


def kernel_distance(
    real: np.ndarray,
    fake: np.ndarray,
    real_counts: np.ndarray | None = None,
    fake_counts: np.ndarray | None = None,
) -> np.ndarray:
    """Return the unbiased squared maximum mean discrepancy under the kernel (x.y / d + 1)^3.

    Its expectation is 0 for sets of one distribution, so it may be a little below 0.

    Args:
        real_counts, fake_counts: (videos,), or (videos, draws) for (draws,) distances. Pairs of one
            video with itself do not count, however often it is drawn.

    Source: Bińkowski et al., "Demystifying MMD GANs", 2018.

    Raises:
        ValueError: a set has fewer than two videos.
    """
    real, fake = checked(real, fake, least=2)
    v = np.ones(len(real)) if real_counts is None else np.asarray(real_counts, float)
    w = np.ones(len(fake)) if fake_counts is None else np.asarray(fake_counts, float)
    across = _kernel_sum(real, fake, v, w) / (v.sum(0) * w.sum(0))
    return _mean_of_pairs(real, v) + _mean_of_pairs(fake, w) - 2 * across


class Neighbourhood(NamedTuple):
    """What each video adds to four figures, which are the means of these arrays.

    precision: (fake,) 1 where a fake video lies in the sphere of a real one.
    recall: (real,) 1 where a real video lies in the sphere of a fake one.
    density: (fake,) in how many real spheres a fake video lies, over the neighbours.
    coverage: (real,) 1 where a real video's sphere has a fake one in it.
    """

    precision: np.ndarray
    recall: np.ndarray
    density: np.ndarray
    coverage: np.ndarray


def neighbourhood(
    real: np.ndarray, fake: np.ndarray, neighbours: int = 3, density_neighbours: int = 5
) -> Neighbourhood:
    """Return which videos lie among those of the other set.

    A video's sphere reaches to its k-th nearest neighbour of its own set, or to the farthest one
    if there are fewer.

    Args:
        neighbours: k of precision and recall.
        density_neighbours: k of density and coverage.

    Source: Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative
    Models", 2019; Naeem et al., "Reliable Fidelity and Diversity Metrics", 2020.

    Raises:
        ValueError: a set has fewer than two videos.
    """
    real, fake = checked(real, fake, least=2)
    near, wide = _radii(real, neighbours), _radii(real, density_neighbours)
    other_near = _radii(fake, neighbours)
    precision, recall = np.zeros(len(fake)), np.zeros(len(real))
    density, coverage = np.zeros(len(fake)), np.zeros(len(real))
    for rows in _blocks(len(real)):
        apart = cdist(real[rows], fake)
        precision = np.maximum(precision, (apart <= near[rows, None]).any(0))
        recall[rows] = (apart <= other_near).any(1)
        inside = apart <= wide[rows, None]
        density += inside.sum(0)
        coverage[rows] = inside.any(1)
    density /= min(density_neighbours, len(real) - 1)
    return Neighbourhood(precision, recall, density, coverage)


def checked(real: np.ndarray, fake: np.ndarray, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return both sets as float64.

    Raises:
        ValueError: they are not (videos, dimensions) of one number of dimensions, have fewer than
            `least` videos, or a value that is not a finite number.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    for name, features in (("real", real), ("fake", fake)):
        if features.ndim != 2 or len(features) < least:
            raise ValueError(
                f"{name} should be (videos, dimensions) of at least {least} videos. "
                f"Received: {features.shape}"
            )
        if not np.isfinite(features).all():
            raise ValueError(f"{name} should be finite. Received: NaN or infinity among its values")
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"real and fake should have as many dimensions. Received: {real.shape}, {fake.shape}"
        )
    return real, fake


def _moments(features, ddof: int, ridge: float, counts) -> tuple[np.ndarray, np.ndarray]:
    """(mean, factor): the factor's product with itself, A^T A, is the covariance."""
    counts = np.ones(len(features)) if counts is None else np.asarray(counts, float)
    features, counts = features[counts > 0], counts[counts > 0]
    total, dimensions = counts.sum(), features.shape[1]
    mean = counts @ features / total
    factor = (features - mean) * np.sqrt(counts / max(total - ddof, 1))[:, None]
    if ridge:
        factor = np.vstack([factor, np.sqrt(ridge) * np.eye(dimensions)])
    if len(factor) > dimensions:  # the triangle of its QR has the same product with itself
        factor = np.linalg.qr(factor, mode="r")
    return mean, factor


def _mean_of_pairs(features: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The kernel's mean over all pairs of different videos."""
    same = (counts**2).T @ _kernel((features**2).sum(1), features.shape[1])
    pairs = counts.sum(0) ** 2 - (counts**2).sum(0)
    return (_kernel_sum(features, features, counts, counts) - same) / np.maximum(pairs, 1)


def _kernel_sum(left, right, left_counts, right_counts) -> np.ndarray:
    total = 0.0
    for rows in _blocks(len(left)):
        table = _kernel(left[rows] @ right.T, left.shape[1])
        total = total + (left_counts[rows] * (table @ right_counts)).sum(0)
    return total


def _kernel(product: np.ndarray, dimensions: int) -> np.ndarray:
    return (product / dimensions + 1) ** 3


def _radii(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Each video's distance to its k-th nearest neighbour; the nearest of all is it itself."""
    place = min(neighbours, len(features) - 1)
    tables = (cdist(features[rows], features) for rows in _blocks(len(features)))
    return np.concatenate([np.partition(table, place, axis=1)[:, place] for table in tables])


def _blocks(count: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, count, BLOCK))
