"""TensorFlow checkpoints (V2, "tensor bundles") read and written with NumPy alone.

A checkpoint is two files: PREFIX.data-00000-of-00001, the tensors' bytes end to end, and
PREFIX.index, a sorted string table (LevelDB's format) from a tensor's name to a BundleEntryProto
with its shape, its place in the data file and its masked CRC32C.

Sources: tensorflow/core/util/tensor_bundle/tensor_bundle.h, tensorflow/core/protobuf/
tensor_bundle.proto, tensorflow/core/lib/io/format.cc, leveldb's doc/table_format.md.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keras_i3d.files.hashes import masked_crc
from keras_i3d.files.protocol_buffers import message_fields, to_varint, varint
from keras_i3d.weights.bounds import check_claim, stored_bytes

TABLE_MAGIC = 0xDB4775248B80FB57
FOOTER_BYTES = 48
RESTART_INTERVAL = 16
# The files known here have 346 tensors, indexes under 20 KB and names under 80 bytes; the limits
# stop files that are made to fill the memory. A table's entry has only what differs from the key
# before, so a few bytes can stand for a long key.
MAX_INDEX_BYTES = 4 << 20
MAX_ENTRIES, MAX_KEY_BYTES, MAX_RANK = 1 << 16, 1 << 12, 32
MAX_UNFOLDED, SPARE_UNFOLDED = 16, 1 << 20
DTYPES = {1: np.dtype("<f4"), 2: np.dtype("<f8"), 3: np.dtype("<i4"), 9: np.dtype("<i8")}


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies in the data file: its BundleEntryProto."""

    dtype: int = 0
    shape: tuple[int, ...] = ()
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int = 0
    sliced: bool = field(default=False)

    def __post_init__(self):
        if len(self.shape) > MAX_RANK:
            raise ValueError(f"a tensor has {len(self.shape)} axes; at most {MAX_RANK} are read")


def read_checkpoint(prefix: str | Path, wanted=lambda name: True) -> dict[str, np.ndarray]:
    """Return {name: array} of the tensors whose name is `wanted`, each checked against its CRC32C.

    Raises:
        FileNotFoundError: when one of the two files is not there.
        ValueError: when a file is damaged or is not such a checkpoint; it says which and how.
    """
    index, data = index_and_data(prefix)
    entries = {name: entry for name, entry in read_index(index).items() if wanted(name)}
    try:
        check_claim(sum(entry.size for entry in entries.values()), stored_bytes(data))
    except ValueError as error:
        raise ValueError(f"{data}: {error}") from error
    with open(data, "rb") as file:
        return {name: _read_tensor(file, data, name, one) for name, one in entries.items()}


def index_and_data(prefix: str | Path) -> tuple[Path, Path]:
    """Return the two files of the checkpoint that TensorFlow calls `prefix`."""
    return Path(f"{prefix}.index"), Path(f"{prefix}.data-00000-of-00001")


def read_index(path: Path) -> dict[str, Entry]:
    """Return {tensor name: Entry} of a checkpoint's index, in the index's order."""
    size = path.stat().st_size
    if size > MAX_INDEX_BYTES:
        raise ValueError(f"{path}: {size} bytes are too many for a checkpoint index")
    try:
        # The empty key holds the header.
        items = table_items(path.read_bytes())
        return {key.decode(): _decode_entry(value) for key, value in items if key}
    except (IndexError, TypeError, struct.error, ValueError) as error:
        raise ValueError(f"{path}: not a whole checkpoint index: {error}") from error


def write_checkpoint(prefix: str | Path, arrays: dict[str, np.ndarray]) -> None:
    """Write float32 `arrays` as TensorFlow's own writer does, byte for byte.

    Names are stored in sorted order, so the same arrays always give the same two files.
    """
    index, data = index_and_data(prefix)
    items: list[tuple[bytes, bytes]] = [(b"", b"\x08\x01\x1a\x02\x08\x01")]  # one shard, version 1
    offset = 0
    with open(data, "wb") as file:
        for name in sorted(arrays):
            array = np.asarray(arrays[name], DTYPES[1])
            content = array.tobytes()
            file.write(content)
            items.append((name.encode(), _encode_entry(array.shape, offset, content)))
            offset += len(content)
    index.write_bytes(table_bytes(items))


def _read_tensor(file, path: Path, name: str, entry: Entry) -> np.ndarray:
    if entry.sliced or entry.shard != 0 or entry.dtype not in DTYPES:
        raise ValueError(
            f"{path}: {name:.100} should be a whole float or integer tensor in one data file. "
            f"Received: sliced, in another shard or of type {entry.dtype}"
        )
    if entry.size != math.prod(entry.shape) * DTYPES[entry.dtype].itemsize:
        raise ValueError(
            f"{path}: {name:.100} has {entry.size} bytes, which is not its shape {entry.shape}"
        )
    file.seek(entry.offset)
    content = file.read(entry.size) if entry.size <= path.stat().st_size else b""
    if len(content) != entry.size:
        raise ValueError(
            f"{path}: ends inside {name:.100}, which should have {entry.size} bytes at "
            f"{entry.offset}"
        )
    if (came := masked_crc(content)) != entry.crc:
        raise ValueError(
            f"{path}: {name:.100} is damaged: its CRC32C should be {entry.crc:08x}. Received: "
            f"{came:08x}"
        )
    return np.frombuffer(content, DTYPES[entry.dtype]).reshape(entry.shape)


# === Sorted string table ===


def table_items(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give (key, value) of a sorted string table, in its order; block CRCs are checked.

    Raises:
        ValueError, IndexError, struct.error: when the table is damaged.
    """
    if len(table) < FOOTER_BYTES or struct.unpack("<Q", table[-8:])[0] != TABLE_MAGIC:
        raise ValueError("it does not end like a table")
    _, position = varint(table, len(table) - FOOTER_BYTES)  # where the meta index block lies:
    _, position = varint(table, position)  # offset and size, not needed
    offset, position = varint(table, position)
    size, _ = varint(table, position)
    left, entries, unfolded = len(table), 0, 0
    for _, handle in block_items(table, offset, size):
        block_offset, position = varint(handle, 0)
        block_size, _ = varint(handle, position)
        left -= block_size
        if left < 0:  # one block a thousand times would make a small file that takes for ever
            raise ValueError("its blocks overlap")
        for key, value in block_items(table, block_offset, block_size):
            entries, unfolded = entries + 1, unfolded + len(key)
            if entries > MAX_ENTRIES or unfolded > MAX_UNFOLDED * len(table) + SPARE_UNFOLDED:
                raise ValueError(f"{entries} keys unfold to {unfolded} bytes")
            yield key, value


def block_items(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of one block of a table.

    Raises:
        ValueError: when the block is damaged.
    """
    block = table[offset : offset + size]
    if len(block) != size or offset + size + 5 > len(table):
        raise ValueError("a block runs past the end")
    compression = table[offset + size]
    if compression != 0:
        raise ValueError(f"block compression {compression} is not supported")
    (crc,) = struct.unpack_from("<I", table, offset + size + 1)
    if masked_crc(table[offset : offset + size + 1]) != crc:
        raise ValueError("a block's CRC32C is wrong")
    (restarts,) = struct.unpack_from("<I", block, size - 4)
    end = size - 4 * (restarts + 1)
    position, key = 0, b""
    while position < end:
        shared, position = varint(block, position)
        fresh, position = varint(block, position)
        length, position = varint(block, position)
        if shared > len(key) or position + fresh + length > end:
            raise ValueError("an entry runs past its block")
        if shared + fresh > MAX_KEY_BYTES:
            raise ValueError(f"a key has {shared + fresh} bytes; at most {MAX_KEY_BYTES} are read")
        key = key[:shared] + block[position : position + fresh]
        yield key, block[position + fresh : position + fresh + length]
        position += fresh + length


def table_bytes(items: list[tuple[bytes, bytes]]) -> bytes:
    """Return the table that `table_items` reads back as these keys and values."""
    table = bytearray()

    def block(pairs) -> bytes:
        """Append a block; its handle."""
        content, restarts, last = bytearray(), [], b""
        for number, (key, value) in enumerate(pairs):
            shared = 0
            if number % RESTART_INTERVAL == 0:
                restarts.append(len(content))
            else:
                while shared < min(len(last), len(key)) and last[shared] == key[shared]:
                    shared += 1
            content += to_varint(shared) + to_varint(len(key) - shared) + to_varint(len(value))
            content += key[shared:] + value
            last = key
        restarts = restarts or [0]
        content += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts)) + b"\0"
        handle = to_varint(len(table)) + to_varint(len(content) - 1)
        table.extend(content + struct.pack("<I", masked_crc(bytes(content))))
        return handle

    data = block(items)
    meta_index = block([])
    # The separator after the last key: its first byte that can grow, grown, and nothing after it.
    last = items[-1][0]
    cut = next(i for i, byte in enumerate(last) if byte != 0xFF)
    index = block([(last[:cut] + bytes([last[cut] + 1]), data)])
    footer = (meta_index + index).ljust(FOOTER_BYTES - 8, b"\0")
    return bytes(table + footer + struct.pack("<Q", TABLE_MAGIC))


# === Protocol buffers: the few fields of BundleEntryProto ===


def _decode_entry(message: bytes) -> Entry:
    values = {}
    names = {1: "dtype", 3: "shard", 4: "offset", 5: "size", 6: "crc"}
    for number, value in message_fields(message):
        if number == 2:
            values["shape"] = tuple(
                dict(message_fields(dimension)).get(1, 0)
                for inner, dimension in message_fields(value)
                if inner == 2
            )
        elif number == 7:
            values["sliced"] = True
        elif number in names:
            values[names[number]] = value
    return Entry(**values)


def _encode_entry(shape: tuple[int, ...], offset: int, content: bytes) -> bytes:
    dimensions = [b"\x08" + to_varint(n) for n in shape]
    shape_message = b"".join(b"\x12" + to_varint(len(d)) + d for d in dimensions)
    message = b"\x08\x01\x12" + to_varint(len(shape_message)) + shape_message
    if offset:  # proto3 leaves out what is zero
        message += b"\x20" + to_varint(offset)
    return (
        message
        + b"\x28"
        + to_varint(len(content))
        + b"\x35"
        + struct.pack("<I", masked_crc(content))
    )
