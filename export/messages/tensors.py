"""NumPy arrays to TensorProto messages and back, without TensorFlow."""

import math
from collections.abc import Mapping

import numpy as np

# types.proto: the number of a type, its NumPy type, the field of single values.
_TYPES = {
    1: (np.float32, "float_val"),
    2: (np.float64, "double_val"),
    3: (np.int32, "int_val"),
    4: (np.uint8, "int_val"),
    5: (np.int16, "int_val"),
    6: (np.int8, "int_val"),
    7: (np.object_, "string_val"),
    9: (np.int64, "int64_val"),
    10: (np.bool_, "bool_val"),
    17: (np.uint16, "int_val"),
    22: (np.uint32, "uint32_val"),
    23: (np.uint64, "uint64_val"),
}
STRING = 7
# Values that are turned into Python's numbers at once.
PIECE = 1 << 16
NAMES = {number: np.dtype(kind).name for number, (kind, _) in _TYPES.items()} | {STRING: "string"}
_NUMBERS = {np.dtype(kind): number for number, (kind, _) in _TYPES.items()}


def fill(proto, values) -> None:
    """Write an array into an empty TensorProto.

    Args:
        proto: the message.
        values: numbers, or bytes and strings (an object, bytes or str array, or nested lists).

    Raises:
        TypeError: when there is no such type of tensor, or strings are mixed with other things.
    """
    array = np.asarray(values)
    if array.dtype.kind in "SU":
        # NumPy's own strings lose zero bytes at the end, which files may have.
        array = np.asarray(values, object)
    number = number_of(array.dtype)
    if number is None:
        raise TypeError(f"a tensor of {array.dtype} cannot be sent")
    proto.dtype = number
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if number != STRING:
        proto.tensor_content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        return
    for value in array.reshape(-1):
        if not isinstance(value, bytes | str):
            raise TypeError(f"a tensor of strings holds a {type(value).__name__}")
        proto.string_val.append(value.encode() if isinstance(value, str) else value)


def array(proto, most_bytes: int = 1 << 30) -> np.ndarray:
    """Return the array of a TensorProto; strings as an object array of bytes.

    Args:
        proto: the message, not to be trusted: a few bytes may claim to be a large array.
        most_bytes: what the array may take.

    Raises:
        ValueError: when the message is not a whole tensor, is too large or of a type that is not
            read here; with what came.
    """
    shape, size = claim(proto)
    if size > most_bytes:
        raise ValueError(f"a tensor of shape {list(shape)} is larger than {most_bytes} bytes")
    kind, field = _TYPES[proto.dtype]
    values, count = getattr(proto, field), math.prod(shape)
    if proto.tensor_content and proto.dtype != STRING:
        if len(proto.tensor_content) != size:
            raise ValueError(
                f"a tensor of shape {list(shape)} and type {np.dtype(kind).name} has "
                f"{size} bytes; {len(proto.tensor_content)} came"
            )
        little = np.dtype(kind).newbyteorder("<")
        return np.frombuffer(proto.tensor_content, little).astype(kind, copy=False).reshape(shape)
    # tensor.proto: fewer values than the shape has places mean that the last one is repeated.
    if len(values) > count or (count and not values):
        raise ValueError(
            f"a tensor of shape {list(shape)} has {count} values; {len(values)} came in {field}"
        )
    found = np.empty(count, kind)
    try:
        # In pieces: as Python's numbers they take ten times their size.
        for start in range(0, len(values), PIECE):
            piece = values[start : start + PIECE]
            found[start : start + len(piece)] = (
                piece if proto.dtype == STRING else np.array(piece, kind)
            )
    except OverflowError as error:
        raise ValueError(f"a value does not fit {np.dtype(kind).name}: {error}") from error
    if 0 < len(values) < count:
        found[len(values) :] = values[-1]
    return found.reshape(shape)


def claim(proto) -> tuple[tuple[int, ...], int]:
    """Return the shape that a TensorProto claims, and the bytes of its array; nothing is expanded.

    Raises:
        ValueError: when the shape is not known, or the type is not read here.
    """
    kind = type_of(proto.dtype)
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    if proto.tensor_shape.unknown_rank or len(shape) > 32 or any(size < 0 for size in shape):
        raise ValueError(f"a tensor of shape {list(shape)[:40]} has no known size")
    size = math.prod(shape) * kind.itemsize
    if proto.dtype == STRING and (strings := proto.string_val):
        repeated = max(0, math.prod(shape) - len(strings))
        size += sum(map(len, strings)) + repeated * len(strings[-1])
    return shape, size


def arrays(protos: Mapping, most_bytes: int) -> dict[str, np.ndarray]:
    """Read {name: TensorProto} to arrays of at most `most_bytes` together; ValueError else."""
    total = 0
    for name, proto in protos.items():
        shape, size = claim(proto)
        total += size
        if total > most_bytes:
            raise ValueError(
                f"{name:.40}, a tensor of shape {list(shape)}, is larger than {most_bytes} bytes "
                f"together with those before it"
            )
    return {name: array(proto, most_bytes) for name, proto in protos.items()}


def rows(values: list[list]) -> np.ndarray:
    """Return (rows, columns) of float32, or of bytes as objects; also if there are no rows."""
    strings = any(isinstance(value, bytes) for row in values for value in row)
    return np.array(values, np.object_ if strings else np.float32).reshape(len(values), -1)


def describe(infos) -> str:
    """frames uint8 (any, any, any, any, 3)"""
    return ", ".join(
        f"{name} {NAMES.get(info.dtype, info.dtype)} ("
        f"{', '.join('any' if d.size < 0 else str(d.size) for d in info.tensor_shape.dim)})"
        for name, info in sorted(infos.items())
    )


def number_of(kind: np.dtype) -> int | None:
    """Return types.proto's number of a NumPy type, None if there is none."""
    return _NUMBERS.get(kind.newbyteorder("="))


def type_of(number: int) -> np.dtype:
    """Return the NumPy type of types.proto's number; ValueError where it is not read here."""
    if number not in _TYPES:
        raise ValueError(f"a tensor of type number {number} (types.proto) is not read")
    return np.dtype(_TYPES[number][0])
