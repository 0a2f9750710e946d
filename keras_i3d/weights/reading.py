"""A published file to {path of a variable in the model: array}, by its publisher."""

from collections.abc import Callable

import numpy as np

from keras_i3d.weights import download
from keras_i3d.weights.records import Weights
from keras_i3d.weights.sources import deepmind
from keras_i3d.weights.tf_checkpoint import read_checkpoint

Arrays = dict[str, np.ndarray]


def read_published(record: Weights) -> Arrays:
    """Return the arrays of a published file, fetched if need be.

    Raises:
        UnavailableError, DamagedFileError: as `download.fetch` does.
        ValueError: when the file does not hold what its publisher's files do.
    """
    return READERS[record.source](record)


def _kinetics_i3d(record: Weights) -> Arrays:
    prefix = download.checkpoint(record)
    return deepmind.convert(read_checkpoint(prefix, deepmind.wanted))


READERS: dict[str, Callable[[Weights], Arrays]] = {
    "google-deepmind/kinetics-i3d": _kinetics_i3d,
}
