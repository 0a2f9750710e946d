"""Protocol buffers as they are on the wire: numbers in base 128, fields of a message."""

import struct
from collections.abc import Iterator


def message_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Give (field number, value) of a protocol buffer message, as it is encoded."""
    position = 0
    while position < len(message):
        tag, position = varint(message, position)
        if tag & 7 == 0:
            value, position = varint(message, position)
        elif tag & 7 == 2:
            length, position = varint(message, position)
            value, position = message[position : position + length], position + length
            if len(value) != length:
                raise ValueError("a field runs past its message")
        elif tag & 7 == 5:
            (value,), position = struct.unpack_from("<I", message, position), position + 4
        else:
            raise ValueError(f"wire type {tag & 7} is not known")
        yield tag >> 3, value


def varint(content: bytes | memoryview, position: int) -> tuple[int, int]:
    """Return (number, position after it) of a number in base 128, lowest digits first."""
    value = shift = 0
    while True:
        byte = content[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")


def to_varint(value: int) -> bytes:
    """Return a number in base 128, lowest digits first."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)
