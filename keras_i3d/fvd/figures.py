"""All figures of two sets of features: the distances, how sure they are, and what they rest on."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from keras_i3d.fvd.distances import checked, frechet_distance, kernel_distance, neighbourhood
from keras_i3d.fvd.uncertainty import (
    Extrapolation,
    Figure,
    draws_with_repetition,
    extrapolated,
    figure_of_mean,
    interval,
)

UNKNOWN = Figure(None, None)


@dataclass(frozen=True)
class Figures:
    """How far a set of fake videos is from a set of real ones; None where too few tell it.

    frechet: the squared Fréchet distance: FVD where the features are I3D's logits.
    extrapolation: what it would be for infinitely many videos.
    kernel: the unbiased kernel distance, KVD.
    precision, recall, density, coverage: see distances.Neighbourhood.
    """

    frechet: Figure
    extrapolation: Extrapolation | None
    kernel: Figure
    precision: Figure
    recall: Figure
    density: Figure
    coverage: Figure


def figures_of(
    real: np.ndarray, fake: np.ndarray, ddof: int = 1, ridge: float = 0.0, seed: int = 0
) -> Figures:
    """Return all figures of two sets of features; a seed's are always the same.

    Neither the order of the videos nor which set is called real changes what is drawn.

    Args:
        real, fake: (videos, dimensions).
        ddof, ridge: as for `frechet_distance`.
        seed: of the bootstrap and of the subsets.
    """
    real, fake = map(_in_order, checked(real, fake))
    distance = partial(frechet_distance, ddof=ddof, ridge=ridge)
    value = distance(real, fake)
    if min(len(real), len(fake)) < 2:
        return Figures(Figure(value, None), None, *[UNKNOWN] * 5)
    rngs = _generators(real, fake, seed)
    counts = [draws_with_repetition(len(real), rngs[0]), draws_with_repetition(len(fake), rngs[1])]
    replicates = np.array(
        [
            distance(real, fake, real_counts=of_real, fake_counts=of_fake)
            for of_real, of_fake in zip(*(one.T for one in counts), strict=True)
        ]
    )
    kernel = float(kernel_distance(real, fake))
    near = neighbourhood(real, fake)
    return Figures(
        Figure(value, interval(value, replicates, least=0.0)),
        extrapolated(distance, real, fake, rngs),
        Figure(kernel, interval(kernel, kernel_distance(real, fake, *counts))),
        figure_of_mean(near.precision, counts[1], most=1.0),
        figure_of_mean(near.recall, counts[0], most=1.0),
        figure_of_mean(near.density, counts[1]),
        figure_of_mean(near.coverage, counts[0], most=1.0),
    )


def _in_order(features: np.ndarray) -> np.ndarray:
    return features[np.lexsort(features.T)]


def _generators(real: np.ndarray, fake: np.ndarray, seed: int) -> tuple[np.random.Generator, ...]:
    """A generator for each set, told apart by their means: equal sets have equal draws."""
    means = real.mean(), fake.mean()
    return tuple(np.random.default_rng([seed, int(mean > min(means))]) for mean in means)
