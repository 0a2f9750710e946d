"""Messages as they come: how many fields one has, before it is parsed.

A message inside a message may be two bytes long, and takes fifty when it is parsed; 64 MB of them
would take gigabytes; a number may be one byte long, and takes eight. So fields are counted first,
and the bytes of numbers. Source: protobuf.dev, "Encoding".
"""

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from keras_i3d.files.protocol_buffers import varint

# A request has a field a frame or so, and a few more.
MOST_FIELDS = 1 << 16
MOST_DEPTH = 32
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
# Bytes in memory of the types that take fewer on the wire.
_GROWING = {
    **dict.fromkeys((FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64), 8),
    **dict.fromkeys((FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32), 4),
    FieldDescriptor.CPPTYPE_ENUM: 4,
}
_AS_THEY_ARE = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES)


def check_fields(
    message: bytes, descriptor: Descriptor, most: int = MOST_FIELDS, most_numbers: int = 1 << 62
) -> int:
    """Return how many bytes the lists of numbers in a message take at most when it is parsed.

    Raises:
        ValueError: it has more than `most` fields, its numbers may take more than `most_numbers`
            bytes, or it is cut off.
    """
    waiting, count, numbers = [(memoryview(message), descriptor, 0)], 0, 0
    while waiting:
        content, known, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise ValueError(f"the message has more than {MOST_DEPTH} messages inside each other")
        position = 0
        while position < len(content):
            count += 1
            if count > most:
                raise ValueError(f"the message has more than {most} fields")
            number, start, position = _field(content, position)
            field = known.fields_by_number.get(number)
            if field is None or start is None or field.type in _AS_THEY_ARE:
                continue
            if field.message_type is not None:
                waiting.append((content[start:position], field.message_type, depth + 1))
                continue
            numbers += (position - start) * _GROWING.get(field.cpp_type, 1)
            if numbers > most_numbers:
                raise ValueError(
                    f"the message's lists of numbers may take more than {most_numbers} bytes; send "
                    f"a tensor's values as tensor_content"
                )
    return numbers


def _field(content: memoryview, position: int) -> tuple[int, int | None, int]:
    """(number, where its bytes start unless it is a number, where the next field is)"""
    try:
        tag, position = varint(content, position)
        start, kind = None, tag & 7
        if kind == _VARINT:
            _, position = varint(content, position)
        elif kind == _BYTES:
            length, start = varint(content, position)
            position = start + length
        elif kind in (_FIXED_32, _FIXED_64):
            position += 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError(f"the message has a field of wire type {kind}")
    except IndexError as error:
        raise ValueError("the message is cut off") from error
    if position > len(content):
        raise ValueError("the message is cut off")
    return tag >> 3, start, position
