"""A trained network as a .keras file, there whole or not at all."""

import os
import tempfile
from pathlib import Path

import keras


def save_network(model: keras.Model, path: Path) -> None:
    """Write the network without its optimizer, for `keras.saving.load_model` anywhere.

    Whoever loads it imports keras_i3d.layers first, which registers what it is made of.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    optimizer, model.optimizer = getattr(model, "optimizer", None), None
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            temporary = Path(folder) / path.name
            model.save(temporary)
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
    finally:
        model.optimizer = optimizer
