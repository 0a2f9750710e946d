"""TensorFlow Serving's JSON: arrays to answers, which are written piece by piece.

Features of a long video are ten million numbers. Python writes JSON without letting other threads
go on, so that health would not be answered for seconds; and all of it takes twenty times as much
memory as the array.

Source: tensorflow/serving, g3doc/api_rest.md.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

# Numbers that are written at once: a few milliseconds. Characters that are sent at once.
NUMBERS, CHARACTERS = 4096, 1 << 16


def answer(outputs: Mapping[str, np.ndarray], in_rows: bool) -> dict:
    """Return the body of an answer, for `pieces`: of one output the values, of several by name."""
    columns = {
        name: _jsonable(value, encoded=name.endswith("_bytes")) for name, value in outputs.items()
    }
    only = next(iter(columns)) if len(columns) == 1 else None
    if not in_rows:
        return {"outputs": columns[only] if only else columns}
    if only:
        return {"predictions": columns[only]}
    rows = zip(*columns.values(), strict=True)
    return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def results(outputs: Mapping[str, np.ndarray], in_rows: bool = True) -> dict:
    """Return the body of an answer to classify: [name, score] pairs for each example."""
    return {
        "results": [
            [[n.decode("utf-8", "replace"), float(s)] for n, s in zip(*row, strict=True)]
            for row in zip(outputs["classes"], outputs["scores"], strict=True)
        ]
    }


def pieces(content: Any) -> Iterator[bytes]:
    """Give JSON of dicts, lists and arrays of numbers, which `json.dumps` writes the same."""
    waiting, size = [], 0
    for text in _written(content):
        waiting.append(text)
        size += len(text)
        if size >= CHARACTERS:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode()


def _written(content: Any) -> Iterator[str]:
    if isinstance(content, np.ndarray | np.generic):
        yield from _array_written(np.asarray(content))
    elif isinstance(content, dict):
        yield from _between("{}", (_member(key, value) for key, value in content.items()))
    elif isinstance(content, list):
        yield from _between("[]", map(_written, content))
    else:
        yield json.dumps(content)


def _array_written(array: np.ndarray) -> Iterator[str]:
    if array.size <= NUMBERS:
        yield json.dumps(array.tolist())
    elif array.ndim > 1:
        yield from _between("[]", map(_array_written, array))
    else:
        parts = (array[start : start + NUMBERS] for start in range(0, len(array), NUMBERS))
        yield from _between("[]", ([json.dumps(part.tolist())[1:-1]] for part in parts))


def _member(key: str, value: Any) -> Iterator[str]:
    yield f"{json.dumps(key)}: "
    yield from _written(value)


def _between(brackets: str, members: Iterable[Iterable[str]]) -> Iterator[str]:
    before = brackets[0]
    for member in members:
        yield before
        yield from member
        before = ", "
    yield brackets[1] if before == ", " else brackets


def _jsonable(values: np.ndarray, encoded: bool) -> Any:
    """Numbers as they are, strings as lists of text."""
    if values.dtype != object and not isinstance(values, bytes):
        return np.asarray(values)

    def text(value: Any) -> Any:
        if isinstance(value, list):
            return [text(inner) for inner in value]
        if encoded:
            return {"b64": base64.b64encode(value).decode()}
        return value.decode("utf-8", "replace")

    return text(np.asarray(values, object).tolist())
