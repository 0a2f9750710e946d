"""A published file to {path of a variable in the model: array}, by its publisher."""

from collections.abc import Callable

import numpy as np

from keras_i3d.models.catalogue import network
from keras_i3d.weights import download, formats
from keras_i3d.weights.integrity import DamagedFileError
from keras_i3d.weights.records import Weights
from keras_i3d.weights.sources import deepmind
from keras_i3d.weights.tf_checkpoint import read_checkpoint

Arrays = dict[str, np.ndarray]


def read_published(record: Weights) -> Arrays:
    """Return the arrays of a published file, fetched if needed.

    Raises:
        UnavailableError, DamagedFileError: as `download.fetch` does.
        ValueError: when the file does not hold what its publisher's files do.
    """
    return READERS[record.source](record)


def _kinetics_i3d(record: Weights) -> Arrays:
    prefix = download.checkpoint(record)
    return deepmind.convert(read_checkpoint(prefix, deepmind.wanted))


def _single_file(record: Weights) -> Arrays:
    """Of a publisher whose weights are one file, read as one of the user's is."""
    (file,) = record.files
    path = download.fetch(record.files) / file.path
    foreign = formats.FOREIGN[record.model]
    try:
        return formats.read_weights(path, network(record.model).build, (), foreign)
    except ValueError as error:
        # Where no hash is published, a server's error page may have come in place of the file.
        raise DamagedFileError(f"{error}. Delete {path} and try again.") from error


READERS: dict[str, Callable[[Weights], Arrays]] = {
    "google-deepmind/kinetics-i3d": _kinetics_i3d,
    "facebookresearch/SlowFast": _single_file,
    "facebookresearch/pytorchvideo": _single_file,
    "open-mmlab/mmaction2": _single_file,
    "pytorch/vision": _single_file,
}
