"""PyTorch's files of tensors (.pt, .pth, .pyth), read with NumPy alone.

torch.save writes a zip archive: data.pkl, which names the tensors and the storages they lie in, and
data/0, data/1, ... with the storages' bytes. Before PyTorch 1.6 it wrote one stream: three pickles
about the file itself, one of the tensors, one that lists the storages, then each storage's length
and bytes.

Source: pytorch, torch/serialization.py; torch/_utils.py, _rebuild_tensor_v2.
"""

import io
import math
import os
import zipfile
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from keras_i3d.weights.array_pickle import ArraysOnly
from keras_i3d.weights.bounds import check_claim, check_size, stored_bytes

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
ENDINGS = (".pt", ".pth", ".pyth")
BFLOAT16 = "bfloat16"  # NumPy has none: it is the upper half of a float32
STORAGES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    "torch.BFloat16Storage": BFLOAT16,
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "i1",
    "torch.ByteStorage": "u1",
    "torch.BoolStorage": "?",
}
# Where training scripts keep the network among other things: Lightning's and OpenMMLab's; those of
# SlowFast and pytorchvideo; torchvision's.
INSIDE = ("state_dict", "model_state", "model")


class Storage(NamedTuple):
    """`count` numbers of one kind, one after the other, under a key in the file."""

    kind: str
    key: str
    count: int


class Tensor(NamedTuple):
    """Where a tensor's numbers lie in a storage: from `offset` on, `strides` apart."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_state_dict(path: Path) -> dict[str, np.ndarray]:
    """Return {key: array} of a file that torch.save wrote; numbers with a fraction as float32.

    Raises:
        ValueError: when the file is damaged, has no state-dict, or asks for anything but tensors.
    """
    check_size(path)
    read = _from_archive if zipfile.is_zipfile(path) else _from_stream
    with open(path, "rb") as file:
        tree, contents = read(file)
    inside = [tree[name] for name in INSIDE if isinstance(tree, dict) and name in tree]
    state = inside[0] if inside else tree
    if not isinstance(state, dict) or not state:
        raise ValueError(
            f"it should have a state-dict of tensors. Received: {type(state).__name__}"
        )
    arrays = {key: _view(key, value, contents) for key, value in state.items()}
    # Many may be views of one storage.
    check_claim(sum(array.nbytes for array in arrays.values()), stored_bytes(path))
    return {
        key: array.astype(np.float32) if array.dtype.kind == "f" else array
        for key, array in arrays.items()
    }


class _TensorsOnly(ArraysOnly):
    """An unpickler that notes where each tensor's numbers lie."""

    def __init__(self, file: BinaryIO):
        super().__init__(file, TORCH_NAMES)
        self.storages: dict[str, Storage] = {}

    def persistent_load(self, pid) -> Storage:
        tag, kind, key, _device, count, *view = pid
        if tag != "storage" or any(part is not None for part in view):
            raise ValueError(f"a persistent id should name a storage. Received: {pid}")
        return self.storages.setdefault(key, Storage(kind, key, count))


class _Unused:
    """Stands for an object of which nothing is wanted: it keeps what it is given, and runs none."""

    def __init__(self, *_):
        pass


TORCH_NAMES = STORAGES | {
    # What OpenMMLab's trainings note of their losses, beside the network.
    "mmengine.logging.history_buffer.HistoryBuffer": _Unused,
    "torch._utils._rebuild_tensor_v2": lambda *about: Tensor(*about[:4]),
    "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
}


def _from_archive(file: BinaryIO) -> tuple[object, dict[str, bytes]]:
    """What data.pkl has, and {key: bytes of a storage}."""
    with zipfile.ZipFile(file) as archive:
        members = {one.filename.partition("/")[2]: one for one in archive.infolist()}
        if sum(one.file_size for one in archive.infolist()) > _size(file):
            raise ValueError("its members are larger than the file: torch.save compresses nothing")
        if "data.pkl" not in members:
            raise ValueError("it has no data.pkl, so torch.save did not write it")
        if "byteorder" in members and archive.read(members["byteorder"]) != b"little":
            raise ValueError("it was written on a machine with another byte order")
        tensors = _TensorsOnly(io.BytesIO(archive.read(members["data.pkl"])))
        tree = tensors.read()
        return tree, {key: archive.read(members[f"data/{key}"]) for key in tensors.storages}


def _from_stream(file: BinaryIO) -> tuple[object, dict[str, bytes]]:
    """What the fourth pickle has, and {key: bytes of a storage}."""
    if _TensorsOnly(file).read() != LEGACY_MAGIC:
        raise ValueError("torch.save did not write it")
    _version, _machine = _TensorsOnly(file).read(), _TensorsOnly(file).read()
    tensors = _TensorsOnly(file)
    tree, keys, contents = tensors.read(), _TensorsOnly(file).read(), {}
    for key in keys:
        wanted = 8 + _bytes(tensors.storages[key])
        if wanted > _size(file) - file.tell():
            raise ValueError("it ends early")
        contents[key] = file.read(wanted)[8:]  # how many numbers, then the numbers
    return tree, contents


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _bytes(storage: Storage) -> int:
    return storage.count * (2 if storage.kind == BFLOAT16 else np.dtype(storage.kind).itemsize)


def _view(key: str, tensor, contents: dict[str, bytes]) -> np.ndarray:
    if isinstance(tensor, np.ndarray):
        return tensor
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{key[:100]!r} should be a tensor. Received: {type(tensor).__name__}")
    storage, offset, shape, strides = tensor
    numbers = _numbers(storage, contents[storage.key])
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min(offset, *shape, *strides, 0) < 0 or max(last + 1, math.prod(shape)) > len(numbers):
        raise ValueError(f"{key[:100]!r} reaches beyond its storage")
    steps = [step * numbers.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, steps, writeable=False)


def _numbers(storage: Storage, content: bytes) -> np.ndarray:
    if len(content) != _bytes(storage):
        raise ValueError(
            f"storage {storage.key} should have {_bytes(storage)} bytes. Received: {len(content)}"
        )
    if storage.kind == BFLOAT16:
        return (np.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4")
    return np.frombuffer(content, storage.kind)
