"""TensorFlow's old checkpoints (V1, one file), read with NumPy alone.

The file is the same sorted string table as the index of a V2 checkpoint; its values are
SavedTensorSlices messages. The first, under the empty key, lists the tensors; each of the others
holds one slice of one tensor.

Sources: tensorflow/core/util/saved_tensor_slice.proto, tensor_slice_writer.cc;
tensorflow/core/framework/{tensor,tensor_shape,tensor_slice}.proto.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras_i3d.files.protocol_buffers import message_fields, varint
from keras_i3d.weights.bounds import check_size
from keras_i3d.weights.tf_checkpoint import DTYPES, MAX_KEY_BYTES, Entry, table_items

# Inception-v1 is 27 MB in 230 tensors; the limits stop a file that was made to fill the memory.
MAX_BYTES = 256 << 20
MAX_TENSORS = 1 << 16
MAX_NAME_BYTES = MAX_KEY_BYTES
MAX_INTEGERS = 1 << 20  # they are stored as varints, and read one by one
# Where a TensorProto has the values of a type, besides tensor_content.
CONTENT = 4
VALUES = {1: 5, 2: 6, 3: 7, 9: 10}


def read_checkpoint_v1(path: str | Path, wanted=lambda name: True) -> dict[str, np.ndarray]:
    """Return {name: array} of the tensors whose name is `wanted`; every block's CRC32C is checked.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when the file is damaged, or is not such a checkpoint.
    """
    path = Path(path)
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path}: more than {MAX_BYTES} bytes, which no such checkpoint has")
    try:
        check_size(path)
        return dict(_tensors(path.read_bytes(), wanted))
    except (IndexError, OverflowError, struct.error, ValueError) as error:
        raise ValueError(f"{path}: not a whole TensorFlow checkpoint (V1): {error}") from error


def _tensors(table: bytes, wanted) -> Iterator[tuple[str, np.ndarray]]:
    records = table_items(table)
    key, value = next(records, (b"none", b""))
    contents = _messages(value, 1)
    if key or not contents:
        raise ValueError("its first record should list the tensors, as in a V1 file")
    entries = dict(_entries(contents))
    for _, value in records:
        for message in _messages(value, 2):
            name = b"".join(_messages(message, 1)).decode()
            if not wanted(name):
                continue
            if name not in entries:
                raise ValueError(f"{name:.100} is not in the list of tensors, or comes twice")
            yield name, _decode_tensor(name, entries[name], b"".join(_messages(message, 3)))
            del entries[name]
    if missing := [name for name in entries if wanted(name)]:
        raise ValueError(f"{missing[0]} is in the list of tensors but has no data")


def _entries(contents: list[bytes]) -> Iterator[tuple[str, Entry]]:
    """What SavedTensorSliceMeta says of each tensor."""
    tensors = [tensor for message in contents for tensor in _messages(message, 1)]
    if len(tensors) > MAX_TENSORS:
        raise ValueError(f"it lists {len(tensors)} tensors; at most {MAX_TENSORS} are read")
    for tensor in tensors:
        name = b"".join(_messages(tensor, 1))
        if len(name) > MAX_NAME_BYTES:
            raise ValueError(f"a tensor's name has {len(name)} bytes")
        shape = tuple(
            _number(dimension, 1)
            for message in _messages(tensor, 2)
            for dimension in _messages(message, 2)
        )
        slices = _messages(tensor, 4)
        sliced = len(slices) != 1 or not _is_whole(slices[0], shape)
        yield name.decode(), Entry(_number(tensor, 3), shape, sliced=sliced)


def _is_whole(tensor_slice: bytes, shape: tuple[int, ...]) -> bool:
    """Whether a TensorSliceProto takes every axis whole; TensorFlow then leaves out its length."""
    extents = _messages(tensor_slice, 1)
    return len(extents) == len(shape) and all(
        _number(extent, 1) == 0 and _number(extent, 2, default=length) == length
        for extent, length in zip(extents, shape, strict=True)
    )


def _decode_tensor(name: str, entry: Entry, tensor: bytes) -> np.ndarray:
    if entry.dtype not in DTYPES:
        raise ValueError(f"{name:.100} should be float or integer. Received: type {entry.dtype}")
    if entry.sliced:
        raise ValueError(f"{name:.100} should be a whole tensor. Received: slices")
    dtype, count = DTYPES[entry.dtype], math.prod(entry.shape)
    content = b"".join(_messages(tensor, CONTENT))
    values = b"".join(_messages(tensor, VALUES[entry.dtype]))
    if content or dtype.kind == "f":
        content = content or values
        if len(content) != count * dtype.itemsize:
            raise ValueError(
                f"{name:.100} has {len(content)} bytes, which is not its shape {entry.shape}"
            )
        return np.frombuffer(content, dtype).reshape(entry.shape)
    if count > min(len(values), MAX_INTEGERS):
        raise ValueError(
            f"{name:.100} has {len(values)} bytes for {count} integers; at most {MAX_INTEGERS} are "
            f"read"
        )
    numbers, position = [], 0
    while position < len(values) and len(numbers) <= count:
        number, position = varint(values, position)
        numbers.append(number & (1 << 64) - 1)
    if len(numbers) != count:
        raise ValueError(
            f"{name:.100} does not have the {count} integers of its shape {entry.shape}"
        )
    # Two's complement in 64 bits, for int32 too: the cast takes the sign back.
    return np.array(numbers, np.uint64).astype(dtype).reshape(entry.shape)


# === Protocol buffers: fields of one kind ===


def _messages(message: bytes, number: int) -> list[bytes]:
    """The values of a field of bytes: strings, messages in the message, packed numbers."""
    values = [value for n, value in message_fields(message) if n == number]
    if not all(isinstance(value, bytes) for value in values):
        raise ValueError(f"field {number} of a message should be bytes. Received: a number")
    return values


def _number(message: bytes, number: int, default: int = 0) -> int:
    """The value of a field of one number; proto3 leaves out what is zero."""
    value = dict(message_fields(message)).get(number, default)
    if not isinstance(value, int):
        raise ValueError(f"field {number} of a message should be a number. Received: bytes")
    return value
