"""Pickles of NumPy arrays in plain containers; one that asks for anything else is refused by name.

Nothing that a pickle names is looked up, so none of it can run: each name stands for a function
here, or for nothing.
"""

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import numpy as np

# Steps of a pickle. Of a byte Python may make an object of sixty; a network's tensors take a few
# ten thousand, the losses of a long training noted beside them a million.
MOST_STEPS = 1 << 22
# Those that keep an object under a number, for which Python makes a table up to that number.
KEEPING = ("PUT", "BINPUT", "LONG_BINPUT")


class ArraysOnly(pickle.Unpickler):
    """An unpickler of numbers, text, plain containers and NumPy arrays.

    Args:
        file: where the pickle begins.
        others: {name in the pickle: what stands for it here} of what may be asked for besides.
    """

    def __init__(self, file: BinaryIO, others: Mapping[str, object] | None = None):
        # Python 2 pickled bytes as text; what it wrote for arrays is read as latin-1.
        super().__init__(file, encoding="latin1")
        self._file = file
        self._known = NUMPY_NAMES | dict(others or {})

    def read(self):
        """Return what is pickled: arrays and numbers in dictionaries, lists or tuples.

        Raises:
            ValueError: when the pickle is damaged, or asks for anything else; it says for what.
        """
        try:
            _check_steps(self._file)
            return self.load()
        except Exception as error:  # a damaged pickle raises whatever it likes
            cause = str(error) or type(error).__name__
            raise ValueError(f"its pickle cannot be read: {cause}") from error

    def find_class(self, module: str, name: str):
        """Return what stands for a name in the pickle."""
        # numpy.core.multiarray is numpy._core.multiarray since NumPy 2.
        asked = f"{module}.{name}".replace("numpy._core.", "numpy.core.")
        if asked not in self._known:
            raise pickle.UnpicklingError(
                f"a pickle should contain only arrays. Received: {module}.{name}"
            )
        return self._known[asked]


def _check_steps(file: BinaryIO) -> None:
    """Raise ValueError where a pickle takes much more memory than its bytes; none is made of it."""
    start = file.tell()
    for count, (step, argument) in enumerate(_steps(file)):
        if count == MOST_STEPS:
            raise ValueError(f"it has more than {MOST_STEPS} steps")
        if step in KEEPING and argument > count:
            raise ValueError(f"it numbers an object {argument} that should be {count} at most")
    file.seek(start)


def _steps(file: BinaryIO) -> Iterator[tuple[str, object]]:
    """(name, argument) of each step. pickletools.genops cannot read Python 2's non-ASCII text."""
    while True:
        step = pickletools.code2op[file.read(1).decode("latin1")]
        if step.name == "STRING":
            yield step.name, file.readline()
        else:
            yield step.name, step.arg and step.arg.reader(file)
        if step.name == "STOP":
            return


def leaves(tree, path: str = ""):
    """Yield ("params/Conv_0/kernel", array) for each leaf of nested dictionaries."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def _empty_array(*_) -> np.ndarray:
    # What numpy gives before the array's state is set; of whatever shape was asked, for no memory.
    return np.ndarray((0,), "i1")


def _from_buffer(content: bytes, dtype: np.dtype, shape: tuple, order: str) -> np.ndarray:
    return np.frombuffer(content, dtype).reshape(shape, order=order)


def _scalar(dtype: np.dtype, value: bytes | str):
    return np.frombuffer(_as_bytes(value), dtype, count=1)[0]


def _as_bytes(value: bytes | str, *_) -> bytes:
    return value.encode("latin1") if isinstance(value, str) else value


NUMPY_NAMES = {
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy.ndarray": None,  # only ever handed to _reconstruct
    "numpy.dtype": np.dtype,
    "collections.OrderedDict": OrderedDict,
    "_codecs.encode": _as_bytes,  # how protocol 2 has bytes
}
