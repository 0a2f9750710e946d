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

    Args:
        real, fake: (videos, dimensions).
        ddof, ridge: as for `frechet_distance`.
        seed: of the bootstrap and of the subsets.
    """
    real, fake = checked(real, fake)
    distance = partial(frechet_distance, ddof=ddof, ridge=ridge)
    value = distance(real, fake)
    if min(len(real), len(fake)) < 2:
        return Figures(Figure(value, None), None, *[UNKNOWN] * 5)
    rng = np.random.default_rng(seed)
    counts = draws_with_repetition(len(real), rng), draws_with_repetition(len(fake), rng)
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
        extrapolated(distance, real, fake, rng),
        Figure(kernel, interval(kernel, kernel_distance(real, fake, *counts))),
        figure_of_mean(near.precision, rng, most=1.0),
        figure_of_mean(near.recall, rng, most=1.0),
        figure_of_mean(near.density, rng),
        figure_of_mean(near.coverage, rng, most=1.0),
    )
