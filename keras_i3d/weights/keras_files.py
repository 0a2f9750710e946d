"""Keras' own files, which may come from strangers: .keras, .weights.h5, and Keras 2's .h5."""

import json
import math
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import keras
import numpy as np

from keras_i3d.layers.keras_internals import forget_variables_without_values
from keras_i3d.weights.bounds import MOST_CLASSES, check_claim, check_hdf5, check_zip, stored_bytes

FLOAT_BYTES = 4
CONFIG, WEIGHTS = "config.json", "model.weights.h5"
# A thousand layers take some 1.5 MB; Keras looks at a megabyte of lists for a second.
MOST_CONFIG = 4 << 20


def load_keras(path: str | Path) -> keras.Model:
    """Load the network of a .keras file without its optimizer.

    The network is built without values first, so that a small file cannot ask for a large one.

    Raises:
        ValueError: when it claims more than it stores, or its weights lie elsewhere; Keras and h5py
            raise what they like for a damaged file.
    """
    check_zip(path)
    with zipfile.ZipFile(path) as archive:
        described = archive.getinfo(CONFIG).file_size
        if described > MOST_CONFIG:
            raise ValueError(f"{CONFIG} has {described} bytes; at most {MOST_CONFIG} are read")
        config = {**json.loads(archive.read(CONFIG)), "compile_config": None}
        with archive.open(WEIGHTS) as member, h5py.File(member, "r") as file:
            stored = archive.getinfo(WEIGHTS).file_size
            check_hdf5(file, min(stored, stored_bytes(path)))
    check_claim(_claimed(lambda: keras.saving.deserialize_keras_object(config)), stored)
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    given = getattr(model, "input", None)
    if isinstance(given, list) and len(given) == 1:
        # Keras 3.10 gives one input back as a list, of which it was not made.
        model = keras.Model(model.inputs[0], model.output, name=model.name)
    return model


def _claimed(build: Callable[[], keras.Model]) -> int:
    """The bytes of a network's weights, of which none is made."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            return sum(FLOAT_BYTES * math.prod(v.shape) for v in build().weights)
    finally:
        forget_variables_without_values()


def read_keras_weights(
    path: Path, build: Callable[[int], keras.Model], head: Sequence[str]
) -> keras.Model:
    """Load a .weights.h5 into the network of as many classes as it has.

    Args:
        build: the network with that many classes, without its head for 0.
        head: the layers that hold the class scores.
    """
    # The file has kernels by number, not by name: a network of two classes shows what the head's
    # kernel looks like, and so how many classes the file has.
    model = build(2)
    kernels = {tuple(v.shape[:-1]) for v in model.weights if in_head(v.path, head)}
    others = Counter(tuple(v.shape) for v in model.weights if not in_head(v.path, head))
    with h5py.File(path, "r") as file:
        shapes = Counter(item.shape for item in check_hdf5(file, stored_bytes(path)).values())
    # Of what no other layer has.
    found = {shape[-1] for shape in shapes - others if len(shape) > 1 and shape[:-1] in kernels}
    if found and max(found) > MOST_CLASSES:
        raise ValueError(f"it should have at most {MOST_CLASSES} classes. Received: {max(found)}")
    if found != {2}:
        model = build(found.pop() if len(found) == 1 else 0)
    model.load_weights(path)
    return model


def in_head(path: str, head: Sequence[str]) -> bool:
    """Return whether a variable of this path belongs to a layer that holds the class scores."""
    return path.startswith(tuple(f"{layer}/" for layer in head))


def read_keras_2(path: Path) -> dict[str, np.ndarray]:
    """Return {'layer/leaf': array} of Keras 2's HDF5 layout: [model_weights/]layer/.../leaf:0."""
    arrays = {}
    with h5py.File(path, "r") as file:
        for name, item in check_hdf5(file, stored_bytes(path)).items():
            if name.startswith("optimizer_weights/"):
                continue
            *groups, leaf = name.removeprefix("model_weights/").split("/")
            # The layer's name, which may have slashes, stands twice; else it is the first.
            half = len(groups) // 2
            layer = groups[:half] if groups[:half] == groups[half:] else groups[:1]
            arrays["/".join([*layer, leaf.split(":")[0]])] = item[()]
    return arrays
