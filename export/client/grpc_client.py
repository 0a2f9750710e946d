"""Asking TensorFlow Serving, or `keras-i3d serve`, by gRPC; needs grpcio and no TensorFlow."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from keras_i3d.export.client.answer import Answer, ModelMetadata, ServingError, TensorShape
from keras_i3d.export.client.retrying import patiently
from keras_i3d.export.messages import tensors
from keras_i3d.export.messages.protos import PACKAGE, message_class

# gRPC's own limit is 4 MB, less than half of 64 raw frames of 224 x 224.
MESSAGE_BYTES = 256 << 20
ADVICE = (
    "send fewer frames, or JPEG files to the signature jpeg_frames, or raise the limits of "
    "server and client"
)
STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}


@dataclass(frozen=True)
class Tls:
    """An encrypted channel: paths of PEM files.

    roots: certificates that are trusted; None for gRPC's own list.
    certificate, key: the client's own, where the server asks for one.
    name: the name in the server's certificate, where it is not that of the address.
    """

    roots: str | None = None
    certificate: str | None = None
    key: str | None = None
    name: str | None = None


class GrpcClient:
    """A model on a server.

        with GrpcClient("localhost:8500", "i3d") as client:
            client.predict({"frames": frames[None]}).top()     # frames (time, height, width, 3)

    Args:
        address: HOST:PORT.
        model: its name on the server.
        version: a version's number; by default the server's latest.
        label: a version's label, such as "stable", instead.
        timeout: seconds for a call, all its attempts together; the server is told.
        attempts: how often a call is tried while the server is UNAVAILABLE; no other is repeated.
        message_bytes: the largest message that is sent or taken.
        tls: how to encrypt; None for no encryption.
        headers: metadata of every call, such as {"authorization": "Bearer …"}.

    Every call raises ServingError if there is no answer. May be used from several threads.
    """

    video_signature = "serving_default"

    def __init__(
        self,
        address: str,
        model: str,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 60,
        attempts: int = 4,
        message_bytes: int = MESSAGE_BYTES,
        tls: Tls | None = None,
        headers: Mapping[str, str] | None = None,
    ):
        if version is not None and label is not None:
            raise ValueError(f"give a version or a label, not both. Received: {version=}, {label=}")
        self.address, self.model, self.timeout, self.attempts = address, model, timeout, attempts
        self._version, self._label = version, label
        self._headers = tuple((headers or {}).items())
        options = [
            ("grpc.max_send_message_length", message_bytes),
            ("grpc.max_receive_message_length", message_bytes),
        ]
        if tls is None:
            self._channel = grpc.insecure_channel(address, options)
        else:
            files = [None if p is None else Path(p).read_bytes() for p in _files(tls)]
            if tls.name:
                options.append(("grpc.ssl_target_name_override", tls.name))
            self._channel = grpc.secure_channel(
                address, grpc.ssl_channel_credentials(*files), options
            )
        self._predict = self._method("PredictionService/Predict", "Predict")
        self._classify = self._method("PredictionService/Classify", "Classification")
        self._metadata = self._method("PredictionService/GetModelMetadata", "GetModelMetadata")
        self._status = self._method("ModelService/GetModelStatus", "GetModelStatus")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

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
        request = message_class("PredictRequest")()
        self._fill(request.model_spec, signature)
        request.output_filter.extend(outputs)
        for name, values in inputs.items():
            tensors.fill(request.inputs[name], values)
        response, seconds = self._call(self._predict, request, timeout)
        found = {name: tensors.array(value) for name, value in response.outputs.items()}
        return Answer(found, self.model, signature, response.model_spec.version.value, seconds)

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
        request = message_class("ClassificationRequest")()
        self._fill(request.model_spec, signature)
        for files in clips:
            example = request.input.example_list.examples.add()
            example.features.feature["image/encoded"].bytes_list.value.extend(files)
        response, seconds = self._call(self._classify, request, timeout)
        rows = [row.classes for row in response.result.classifications]
        found = {
            "classes": tensors.rows([[c.label.encode() for c in row] for row in rows]),
            "scores": tensors.rows([[c.score for c in row] for row in rows]),
        }
        return Answer(found, self.model, signature, response.model_spec.version.value, seconds)

    def metadata(self, timeout: float | None = None) -> ModelMetadata:
        """Return what the model can be asked, and what its export wrote down."""
        request = message_class("GetModelMetadataRequest")(metadata_field=["signature_def"])
        self._fill(request.model_spec, "")
        response, _ = self._call(self._metadata, request, timeout)
        packed = response.metadata["signature_def"].value
        definitions = message_class("SignatureDefMap").FromString(packed).signature_def
        signatures = {
            name: (_shapes(definition.inputs), _shapes(definition.outputs))
            for name, definition in definitions.items()
            if definition.method_name
        }
        about = {}
        if "metadata" in signatures:
            answer = self.predict({}, "metadata", timeout=timeout)
            about = json.loads(answer.outputs["metadata"].item())
        version = response.model_spec.version.value
        return ModelMetadata(self.model, version, signatures, about)

    def status(self, timeout: float | None = None) -> dict[int, str]:
        """Return {version: state}, such as {1: "UNLOADING", 2: "AVAILABLE"}."""
        request = message_class("GetModelStatusRequest")()
        self._fill(request.model_spec, "")
        response, _ = self._call(self._status, request, timeout)
        return {s.version: STATES[s.state] for s in response.model_version_status}

    # === One call ===

    def _method(self, path: str, name: str) -> Callable:
        return self._channel.unary_unary(
            f"/{PACKAGE}.{path}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=message_class(f"{name}Response").FromString,
        )

    def _fill(self, spec, signature: str) -> None:
        spec.name, spec.signature_name = self.model, signature
        if self._version is not None:
            spec.version.value = self._version
        if self._label is not None:
            spec.version_label = self._label

    def _call(self, method: Callable, request, timeout: float | None) -> tuple[Any, float]:
        def attempt(left: float):
            try:
                return method(request, timeout=left, metadata=self._headers)
            except grpc.RpcError as error:
                code, detail = error.code().name, error.details()
                if code == "RESOURCE_EXHAUSTED" and "larger than max" in detail:
                    detail = f"{detail}: {ADVICE}"
                if "http1.x server" in detail:
                    code, detail = "INTERNAL", "the answer is HTTP's: is this the gRPC port?"
                raise ServingError(code, detail, f"{self.address}, model {self.model}") from error

        start = time.monotonic()
        response = patiently(attempt, timeout or self.timeout, self.attempts)
        return response, time.monotonic() - start


def _files(tls: Tls) -> tuple[str | None, str | None, str | None]:
    return tls.roots, tls.key, tls.certificate  # in the order of ssl_channel_credentials


def _shapes(infos) -> dict[str, TensorShape]:
    return {
        name: TensorShape(
            tensors.NAMES.get(info.dtype, f"type {info.dtype}"),
            None
            if info.tensor_shape.unknown_rank
            else tuple(None if d.size < 0 else d.size for d in info.tensor_shape.dim),
        )
        for name, info in infos.items()
    }
