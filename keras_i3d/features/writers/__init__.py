"""Files of features, a module a format."""

import importlib
from pathlib import Path

from keras_i3d.features.video_features import Features

FORMATS = ("npz", "npy", "hdf5", "tfrecord", "parquet")


def write_features(features: Features, stem: Path, form: str = "npz") -> list[Path]:
    """Write a video's features; return the files, each of which appears whole or not at all.

    Args:
        features: of one video. Equal ones give equal bytes.
        stem: the files' place and name, without suffix; folders are made if need be.
        form: one of FORMATS.

    Raises:
        OSError: a file cannot be written.
        ImportError: a package that the format needs is not installed; says which.
    """
    return _module(form).write(features, stem)


def check_format(form: str) -> None:
    """Load what a format needs.

    Raises:
        ValueError: there is no such format.
        ImportError: a package that it needs is not installed; says which.
    """
    _module(form)


def _module(form: str):
    if form not in FORMATS:
        raise ValueError(f"write should be one of {', '.join(FORMATS)}. Received: write={form!r}")
    return importlib.import_module(f"keras_i3d.features.writers.{form}")
