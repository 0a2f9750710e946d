"""The base class of both clients: a model on a server, its signatures, and timeouts."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from keras_i3d.export.client.answer import Answer, ModelMetadata, ServingError
from keras_i3d.export.client.retrying import patiently

# gRPC's own limit is 4 MB, less than half of 64 raw frames of 224 x 224.
MESSAGE_BYTES = 256 << 20
Result = TypeVar("Result")


class Client(abc.ABC):
    """A model on a server; see `GrpcClient` and `RestClient`.

    Args:
        address: HOST:PORT.
        model: its name on the server.
        version: a version's number; by default the server's latest.
        label: a version's label, such as "stable", instead.
        timeout: seconds for a call, all its attempts together.
        attempts: how often a call is tried while the server is UNAVAILABLE; no other is repeated.
        message_bytes: the largest answer that is taken, and by gRPC the largest that is sent.
        headers: of every call, such as {"authorization": "Bearer …"}.

    Every call raises ServingError if there is no answer. May be used from several threads.
    """

    video_signature: str  # what takes a video best

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 60,
        attempts: int = 4,
        message_bytes: int = MESSAGE_BYTES,
        headers: Mapping[str, str] | None = None,
    ):
        if version is not None and label is not None:
            raise ValueError(f"give a version or a label, not both. Received: {version=}, {label=}")
        self.address, self.model, self.version, self.label = address, model, version, label
        self.timeout, self.attempts, self.message_bytes = timeout, attempts, message_bytes
        self.headers = dict(headers or {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @abc.abstractmethod
    def close(self) -> None:
        """Close the connection."""

    @abc.abstractmethod
    def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Answer:
        """Ask a signature.

        Args:
            inputs: {name: array of the input's type}, the first axis the clips; for files nested
                lists of bytes.
            signature: its name; `metadata` lists them.
            outputs: names of those that are wanted; by default all.
            timeout: seconds, instead of the client's.
        """

    @abc.abstractmethod
    def classify(
        self,
        clips: Sequence[Sequence[bytes]],
        signature: str = "classify",
        timeout: float | None = None,
    ) -> Answer:
        """Ask TF Serving's classification API about JPEG or PNG files of clips of any lengths.

        Returns:
            an answer whose outputs are `classes` and `scores`, (clips, top) each.
        """

    @abc.abstractmethod
    def metadata(self, timeout: float | None = None) -> ModelMetadata:
        """Return what the model can be asked, and what its export wrote down."""

    @abc.abstractmethod
    def status(self, timeout: float | None = None) -> dict[int, str]:
        """Return {version: state}, such as {1: "UNLOADING", 2: "AVAILABLE"}."""

    def _patiently(self, attempt: Callable[[float], Result], timeout: float | None) -> Result:
        return patiently(attempt, timeout or self.timeout, self.attempts)

    def _error(self, code: str, detail: str) -> ServingError:
        return ServingError(code, detail, f"{self.address}, model {self.model}")
