"""Checkpoints: all that a run must know to go on, in one file that is there whole or not at all."""

import json
import logging
import os
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from keras_i3d.files.whole import whole_file, whole_path
from keras_i3d.layers.keras_internals import backend_variable
from keras_i3d.weights.trained import TrainedRecord, write_record

POSITION = "position.json"
# What NumPy and zipfile raise for a file that is torn.
DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
NAME = re.compile(r"step_(\d{8,})\.npz")


class Checkpoints:
    """A folder of checkpoints, step_00000123.npz each, of which the last `keep` stay.

    A file is NumPy's .npz: an array for each variable, by its number, and a JSON text. Each array
    has a CRC, so that a torn file is found out.

    Args:
        folder: where; made when first written to.
        keep: how many files stay.
    """

    def __init__(self, folder: str | Path, keep: int = 3):
        if keep < 1:
            raise ValueError(f"keep should be at least 1. Received: keep={keep}")
        self.folder, self.keep = Path(folder), keep

    def path(self, step: int) -> Path:
        """Return the file of one step."""
        return self.folder / f"step_{step:08d}.npz"

    def paths(self) -> list[Path]:
        """Return the files that are there, the newest first."""
        if not self.folder.is_dir():
            return []
        steps = [int(m[1]) for m in map(NAME.fullmatch, os.listdir(self.folder)) if m]
        return [self.path(step) for step in sorted(steps, reverse=True)]

    def last_step(self) -> int:
        """Return the step of the newest file, 0 without any."""
        return max((int(NAME.fullmatch(path.name)[1]) for path in self.paths()), default=0)

    def save(self, step: int, variables: Sequence, position: dict) -> None:
        """Write one, then remove those that are too many; `position` is kept as JSON."""
        arrays = {f"{n:05d}": _array(v) for n, v in enumerate(variables)}
        arrays[POSITION] = np.frombuffer(json.dumps(position).encode(), np.uint8)
        with whole_file(self.path(step)) as file:
            np.savez(file, **arrays)
        for old in self.paths()[self.keep :]:
            old.unlink(missing_ok=True)

    def restore(self, variables: Sequence) -> dict | None:
        """Give the variables what the newest whole file has; its position, None without any file.

        Torn files are skipped with a warning.

        Raises:
            ValueError: when a whole file is of other variables.
        """
        for path in self.paths():
            try:
                arrays, position = _read(path)
            except DAMAGED as error:
                logging.warning("%s is damaged and skipped: %s", path, error)
                continue
            _check(path, arrays, variables)
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
            return position
        return None


def save_network(model: keras.Model, path: Path, record: TrainedRecord) -> None:
    """Write the network and its record, without its optimizer, for `keras_i3d.load` anywhere.

    `keras.saving.load_model` takes the file too, where keras_i3d was imported before.
    """
    optimizer, model.optimizer = getattr(model, "optimizer", None), None
    try:
        with whole_path(path) as made:
            model.save(made)
            write_record(made, record)
    finally:
        model.optimizer = optimizer


def _array(variable) -> np.ndarray:
    return backend_variable(variable).numpy()


def _read(path: Path) -> tuple[list[np.ndarray], dict]:
    # np.load, given a path, leaves a torn file open.
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        position = json.loads(file[POSITION].tobytes())
        names = [f"{n:05d}" for n in range(len(file.files) - 1)]
        return [file[name] for name in names], position


def _check(path: Path, arrays: list[np.ndarray], variables: Sequence) -> None:
    kept = [(a.shape, a.dtype.name) for a in arrays]
    wanted = [(tuple(v.shape), _array(v).dtype.name) for v in variables]
    if len(kept) != len(wanted):
        raise ValueError(f"{path} has {len(kept)} variables, this run {len(wanted)}")
    for number, (there, here) in enumerate(zip(kept, wanted, strict=True)):
        if there != here:
            name = getattr(variables[number], "path", variables[number].name)
            raise ValueError(f"{path}: variable {number} is {there}; this run's {name} is {here}")
