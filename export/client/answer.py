"""A server's answer, the same over gRPC and REST."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from keras_i3d.export.served_record import ServedRecord, from_metadata


class ServingError(Exception):
    """A request that was not answered.

    Attributes:
        code: gRPC's name of the status, such as "INVALID_ARGUMENT"; of HTTP's the one it means.
        detail: what the server, or the network, says.
        where: the server and the model.
    """

    def __init__(self, code: str, detail: str, where: str):
        super().__init__(f"{where}: {code}: {detail}")
        self.code, self.detail, self.where = code, detail, where

    def __reduce__(self):
        return type(self), (self.code, self.detail, self.where)


@dataclass(frozen=True)
class Answer:
    """One answer.

    outputs: {name: array}, the first axis the clips; strings are an object array of bytes.
    model, signature: what was asked.
    version: which version answered; None if the protocol does not say (REST).
    seconds: from the first attempt's start to the answer's end.
    """

    outputs: dict[str, np.ndarray]
    model: str
    signature: str
    version: int | None
    seconds: float

    def top(self) -> list[list[tuple[str, float]]]:
        """Return each clip's best classes: [("playing cricket", 0.98), ...], the best first.

        Raises:
            KeyError: when the signature gives no labels and scores.
        """
        names = self.outputs["labels"] if "labels" in self.outputs else self.outputs["classes"]
        return [
            [(_text(name), float(score)) for name, score in zip(*clip, strict=True)]
            for clip in zip(names, self.outputs["scores"], strict=True)
        ]


@dataclass(frozen=True)
class TensorShape:
    """One input or output of a signature: type, and size of each axis, None if it is free."""

    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self):
        if self.shape is None:
            return f"{self.dtype} of any shape"
        return f"{self.dtype} ({', '.join('any' if n is None else str(n) for n in self.shape)})"


@dataclass(frozen=True)
class ModelMetadata:
    """A model's signatures, and where it comes from.

    signatures: {name: (inputs, outputs)}, each {name: TensorShape}.
    about: what the export wrote down: labels, preprocessing, weights; {} where it is not ours.
    """

    model: str
    version: int | None
    signatures: dict[str, tuple[dict[str, TensorShape], dict[str, TensorShape]]]
    about: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def record(self) -> ServedRecord:
        """Return what a client needs to call it; ValueError if `about` is damaged."""
        return from_metadata(self.about)

    @property
    def labels(self) -> Sequence[str]:
        """The names of the classes, in the order of `probabilities`."""
        return self.record.labels

    def as_text(self) -> str:
        """Return its signatures, with what they take and give, and what the export wrote down."""
        lines = [f"{self.model}, version {self.version}, {len(self.labels)} classes"]
        for name, (inputs, outputs) in sorted(self.signatures.items()):
            lines.append(f"  {name}")
            lines += [f"    <- {tensor}: {shape}" for tensor, shape in inputs.items()]
            lines += [f"    -> {tensor}: {shape}" for tensor, shape in outputs.items()]
        about = {key: value for key, value in self.about.items() if key != "labels"}
        return "\n".join([*lines, json.dumps(about, indent=2)])


def _text(name: bytes | str) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
