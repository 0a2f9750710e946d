"""Videos in .npy and .npz files, one after the other: however many there are, one is held."""

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from keras_i3d.data.lists.file_index import suffix
from keras_i3d.fvd.sides import FVDError

ARRAYS = (".npy", ".npz")
# How the head of an array is read, by the version of its format.
HEADS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclass(frozen=True)
class StoredArray:
    """An array in a file, of which nothing but its head has been read.

    path: of the file.
    member: its name in an .npz file; None of an .npy file.
    shape: (videos, time, height, width, c), or (time, height, width, c) of one video.
    in_order: whether its videos lie one after the other.
    """

    path: str
    member: str | None
    shape: tuple[int, ...]
    in_order: bool = True

    @property
    def count(self) -> int:
        """How many videos it has."""
        return self.shape[0] if len(self.shape) == 5 else 1

    def videos(self) -> Iterator[tuple[str, np.ndarray]]:
        """Give (name, video)."""
        name = self.path if self.member is None else f"{self.path}/{self.member}"
        if len(self.shape) != 5:
            yield name, self._whole()
            return
        streamed = self.member is not None and self.in_order
        for place, video in enumerate(self._streamed() if streamed else self._whole()):
            yield f"{name}[{place}]", video

    def _whole(self) -> np.ndarray:
        if self.member is None:
            return np.lib.format.open_memmap(self.path, mode="r")
        with open(self.path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            return file[self.member]

    def _streamed(self) -> Iterator[np.ndarray]:
        with zipfile.ZipFile(self.path) as archive, archive.open(f"{self.member}.npy") as stream:
            (count, *shape), _, kind = _head(stream)
            for _ in range(count):
                content = stream.read(math.prod(shape) * kind.itemsize)
                yield np.frombuffer(content, kind).reshape(shape)


def stored_arrays(path: str) -> list[StoredArray]:
    """Return the arrays of an .npy file, or those of an .npz file that may be videos.

    Raises:
        FVDError: the file is damaged.
    """
    try:
        if suffix(path) == ".npy":
            return [StoredArray(path, None, np.lib.format.open_memmap(path, mode="r").shape)]
        return [one for one in _members(path) if len(one.shape) in (4, 5)]
    except Exception as error:  # NumPy and zipfile raise whatever they like for a damaged file
        raise FVDError(f"{path} is damaged, or no array file: {error}") from error


def _members(path: str) -> Iterator[StoredArray]:
    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is not what was written")
        for info in sorted(archive.infolist(), key=lambda one: one.filename):
            if not info.filename.endswith(".npy"):
                continue
            with archive.open(info) as stream:
                shape, by_columns, kind = _head(stream)
                claimed = math.prod(shape) * kind.itemsize
                if not kind.hasobject and info.file_size - stream.tell() != claimed:
                    raise ValueError(f"{info.filename} has not the {claimed} bytes that it claims")
            if not kind.hasobject:
                name = info.filename.removesuffix(".npy")
                yield StoredArray(path, name, shape, not by_columns)


def _head(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether it lies by columns, kind of number); the stream then stands at its data."""
    return HEADS[np.lib.format.read_magic(stream)](stream)
