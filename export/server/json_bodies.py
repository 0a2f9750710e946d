"""Bodies of JSON to tensors; large ones in a process aside.

Python parses JSON without letting other threads go on, and its lists take ten times a body's size:
so what is large is parsed in a process with limits of its own, which is ended when it reaches them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from keras_i3d.export.messages.protos import message_class
from keras_i3d.export.server import json_tensors
from keras_i3d.export.server.options import Limits
from keras_i3d.export.server.refusal import Refusal
from keras_i3d.export.server.waiting_places import Places
from keras_i3d.files.workers import Aside

# A body below this is parsed in a few milliseconds.
SMALL = 256 << 10
SECONDS, WAITING = 20, 7
# Memory of the process, and what a byte of JSON may take as Python's lists.
MEGABYTES, TIMES = 400, 24


@dataclass(frozen=True)
class Asked:
    """What a request asks for: inputs of a signature, in rows or not."""

    signature: str
    inputs: Mapping[str, np.ndarray]
    in_rows: bool = False


@dataclass(frozen=True)
class Job:
    """A body, and what is needed to read it: the SignatureDefs of the model, as messages."""

    body: bytes
    call: str
    definitions: Mapping[str, bytes]
    limits: Limits


class JsonBodies:
    """Reads bodies; one large one at a time, a few wait."""

    def __init__(self, limits: Limits):
        self._limits = limits
        self._places = Places("large bodies", 1, WAITING)
        self._aside = Aside(SECONDS, MEGABYTES + TIMES * (limits.message_bytes >> 20))

    def read(
        self, file, size: int, call: str, definitions: Mapping, gone: Callable[[], bool] | None
    ) -> Asked:
        """Return what a body asks for.

        Args:
            file: the body, open for reading; of `size` bytes.
            call: "predict" or "classify".
            definitions: {name: SignatureDef} of the model.
            gone: asked now and then whether the client has left.

        Raises:
            Refusal: no JSON, not of the form that is wanted, too large, or too many at once.
        """
        known = {name: one.SerializeToString() for name, one in definitions.items()}
        if size <= SMALL:
            found = asked(Job(file.read(), call, known, self._limits))
        else:
            with self._places.inside(), self._places.at_work(self._limits.seconds, gone):
                found = self._read_aside(Job(file.read(), call, known, self._limits), gone)
        if isinstance(found, Refusal):
            try:
                raise found
            finally:
                del found  # as in Item.wait
        return found

    def _read_aside(self, job: Job, gone: Callable[[], bool] | None) -> Asked | Refusal:
        outcome = self._aside.run(asked, job, gone)
        return outcome.result or Refusal(
            "RESOURCE_EXHAUSTED", f"the body cannot be read: it {outcome.error}", http=413
        )

    def close(self) -> None:
        """End the process."""
        self._aside.close()


def asked(job: Job) -> Asked | Refusal:
    """Read a body; here, or in the process."""
    try:
        content = json_tensors.read_json(job.body)
        signature = content.get("signature_name", "serving_default")
        if not isinstance(signature, str):
            raise Refusal("INVALID_ARGUMENT", "signature_name should be a string")
        if signature not in job.definitions:
            return Asked(signature, {})  # the model says what it has
        if job.call == "classify":
            inputs = {"inputs": json_tensors.examples_of(content, job.limits)}
            return Asked(signature, inputs)
        definition = message_class("tensorflow.SignatureDef").FromString(job.definitions[signature])
        inputs, in_rows = json_tensors.inputs_of(
            content, definition.inputs, job.limits.message_bytes
        )
        return Asked(signature, inputs, in_rows)
    except Refusal as refusal:
        return refusal
