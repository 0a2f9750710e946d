"""TensorFlow Serving's JSON: requests to arrays.

    {"instances": [clip, ...]}, {"instances": [{"frames": clip}, ...]}    row form
    {"inputs": clips}, {"inputs": {"frames": clips}}                      column form
    {"b64": "..."} stands for bytes

Source: tensorflow/serving, g3doc/api_rest.md and util/json_tensor.cc.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_i3d.export.messages import tensors
from keras_i3d.export.messages.protos import message_class
from keras_i3d.export.server.classify_examples import joined
from keras_i3d.export.server.options import Limits
from keras_i3d.export.server.refusal import Refusal, too_many_frames


def read_json(body: bytes) -> dict:
    """Return a request's body; a Refusal where it is not an object."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:  # also bytes that are no UTF-8
        raise _wrong(f"the body is not JSON ({error})") from error
    if not isinstance(content, dict):
        raise _wrong(f"the body should be a JSON object. Received: {type(content).__name__}")
    return content


def inputs_of(
    content: Mapping[str, Any], wanted, most_bytes: int
) -> tuple[dict[str, np.ndarray], bool]:
    """Return (inputs, whether they came in the row form) of a request to predict.

    Args:
        content: the body.
        wanted: the inputs of the SignatureDef.
        most_bytes: of all of them together.

    Raises:
        Refusal: what is not in one of the two forms, or not of the signature's types.
    """
    if ("instances" in content) == ("inputs" in content):
        raise _wrong('the body should have either "instances" or "inputs"')
    if "inputs" in content:
        columns = content["inputs"]
        if not _is_named(columns):
            columns = {_only(wanted): columns}
        return _arrays(columns, wanted, most_bytes), False
    rows = content["instances"]
    if not isinstance(rows, list) or not rows:
        raise _wrong('"instances" should be a list of at least one clip')
    if not _is_named(rows[0]):
        return _arrays({_only(wanted): rows}, wanted, most_bytes), True
    names = set(rows[0])
    if not all(isinstance(row, dict) and set(row) == names for row in rows):
        raise _wrong(f"all instances should have the same inputs as the first: {sorted(names)}")
    columns = {name: [row[name] for row in rows] for name in names}
    return _arrays(columns, wanted, most_bytes), True


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and set(value) != {"b64"}


def _only(wanted) -> str:
    if len(wanted) != 1:
        raise _wrong(f"name the inputs: the signature takes {tensors.describe(wanted) or 'none'}")
    return next(iter(wanted))


def _arrays(columns: Mapping[str, Any], wanted, most_bytes: int) -> dict[str, np.ndarray]:
    if set(columns) != set(wanted):
        came = ", ".join(sorted(columns))[:200]
        raise _wrong(
            f"the signature takes {tensors.describe(wanted) or 'no inputs'}. "
            f"Received: {came or 'nothing'}"
        )
    found, total = {}, 0
    for name, values in columns.items():
        found[name] = _array(name, values, wanted[name].dtype)
        total += found[name].nbytes
        if total > most_bytes:
            raise Refusal(
                "RESOURCE_EXHAUSTED",
                f"the inputs take {total} bytes and more; at most {most_bytes} are taken in a "
                f"request",
                http=413,
            )
    return found


def _array(name: str, values: Any, number: int) -> np.ndarray:
    kind = tensors.type_of(number)
    try:
        if number == tensors.STRING:
            return _strings(values)
        array = np.array(values)
        if array.dtype.kind not in "biuf" and array.size:
            raise _wrong(f"{name} should be numbers, all lists of a level equally long")
        if kind.kind in "iu" and array.size:
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
            if array.dtype.kind == "f" or array.min() < low or array.max() > high:
                raise _wrong(f"{name} should be whole numbers from {low} to {high}")
        return array.astype(kind)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        what = "strings" if number == tensors.STRING else kind
        cause = " ".join(str(error).split())
        raise _wrong(f"{name} should be a tensor of {what}: {cause}") from error


def _strings(values: Any) -> np.ndarray:
    shape, level = [], values
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    flat = []

    def walk(value: Any, sizes: list[int]) -> None:
        if not sizes:
            flat.append(_bytes(value))
        elif not isinstance(value, list) or len(value) != sizes[0]:
            raise ValueError("lists of a level should be equally long; loop a shorter clip")
        else:
            for inner in value:
                walk(inner, sizes[1:])

    walk(values, shape)
    found = np.empty(math.prod(shape), object)
    found[:] = flat
    return found.reshape(shape)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64 ({error})") from error
    raise ValueError('each frame should be a string or {"b64": "..."}')


def examples_of(content: Mapping[str, Any], limits: Limits) -> np.ndarray:
    """Return the serialised tf.Examples of {"examples": [{feature: value}, ...], "context": {...}}.

    Raises:
        Refusal: what is not of this form, or has more frames or bytes than one request may.
    """
    rows, context = content.get("examples"), content.get("context")
    if not isinstance(rows, list) or not rows or not isinstance(context, dict | None):
        raise _wrong('the body should have "examples", a list of at least one object')
    if len(rows) > limits.frames:
        raise too_many_frames(len(rows), limits.frames)
    shared = None if context is None else _example(context)
    return joined([_example(row) for row in rows], shared, limits)


def _example(row: Any):
    if not isinstance(row, dict):
        raise _wrong("each of examples should be an object of features")
    example = message_class("tensorflow.Example")()
    for name, values in row.items():
        feature = example.features.feature[name]
        try:
            _fill_feature(feature, values if isinstance(values, list) else [values])
        except (ValueError, TypeError) as error:
            raise _wrong(f"feature {name[:80]!r} of an example: {error}") from error
    return example


def _fill_feature(feature, values: list) -> None:
    if values and all(type(value) is int for value in values):
        feature.int64_list.value.extend(values)
    elif values and all(type(value) in (int, float) for value in values):
        feature.float_list.value.extend(values)
    else:
        feature.bytes_list.value.extend(_bytes(value) for value in values)


def _wrong(detail: str) -> Refusal:
    return Refusal("INVALID_ARGUMENT", detail)
