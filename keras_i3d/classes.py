"""Classes by name: lists of names, the best of some scores, and what a video shows by time.

NumPy only, for clients of a server, tools and networks alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import groupby

import numpy as np

# Class names that are shipped, in the order of the published networks' scores.
SHIPPED = ("kinetics_400", "kinetics_600", "kinetics_700")

# Said beside probabilities that are sigmoids.
SEVERAL = "a video may show several classes: their probabilities need not add up to 1"


@cache
def class_names(name: str) -> tuple[str, ...]:
    """Return the names of one of SHIPPED, in the order of the networks' scores.

    Source: kinetics-i3d, data/label_map.txt and data/label_map_600.txt; Kinetics-700 in the order
    of its release, which is the alphabet's.
    """
    file = resources.files("keras_i3d").joinpath("weights", "labels", f"{name}.txt")
    return tuple(file.read_text("utf-8").splitlines())


def numbered(classes: int) -> tuple[str, ...]:
    """Return names for classes that have none: class 0, class 1, …"""
    return tuple(f"class {number}" for number in range(classes))


def best_classes(
    scores: np.ndarray, labels: Sequence[str] = (), top: int = 5
) -> list[tuple[str, float]]:
    """Return the `top` best classes as (label, score), best first.

    Args:
        scores: (classes,). Of equal scores the class that comes first is taken as better, as
            numpy.argmax and tf.math.top_k do.
        labels: the classes' names; `numbered` if there are none.
        top: how many; all of them if there are fewer.
    """
    labels = labels or numbered(len(scores))
    best = np.argsort(-np.asarray(scores), kind="stable")[:top]
    return [(labels[i], float(scores[i])) for i in best]


def bar(probability: float) -> str:
    """Return a bar for a terminal, 30 columns for a probability of 1."""
    return "█" * round(30 * probability)


@dataclass(frozen=True)
class Stretch:
    """What a video shows from `start` to `end`, in seconds, and how probable that is."""

    start: float
    end: float
    label: str
    probability: float


def timeline(windows: Iterable[Stretch]) -> Iterator[Stretch]:
    """Join windows, one after the other, that show the same class.

    The probability of a run is the mean of its windows'.

    dance 0-2 s 0.6, dance 1-3 s 0.8, jump 2-4 s 0.5    ->    dance 0-3 s 0.7, jump 2-4 s 0.5
    """
    for label, run in groupby(windows, key=lambda window: window.label):
        run = list(run)
        probability = float(np.mean([window.probability for window in run]))
        yield Stretch(run[0].start, run[-1].end, label, probability)
