"""Asking TensorFlow Serving, or `keras-i3d serve`, by gRPC; needs grpcio and no TensorFlow."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from keras_i3d.export.client.answer import Answer, ModelMetadata, TensorShape
from keras_i3d.export.client.client import Client
from keras_i3d.export.messages import tensors
from keras_i3d.export.messages.protos import PACKAGE, message_class
from keras_i3d.shown_options import options_of

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


class GrpcClient(Client):
    """A model on a server, asked by gRPC.

        with GrpcClient("localhost:8500", "i3d") as client:
            client.predict({"frames": frames[None]}).top()     # frames (time, height, width, 3)

    Args:
        address, model, options: as for `Client`; the server is told the timeout.
        tls: how to encrypt; None for no encryption.
    """

    video_signature = "serving_default"

    @options_of(Client)
    def __init__(self, address: str, model: str, *, tls: Tls | None = None, **options):
        super().__init__(address, model, **options)
        options = [
            ("grpc.max_send_message_length", self.message_bytes),
            ("grpc.max_receive_message_length", self.message_bytes),
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

    def close(self) -> None:
        self._channel.close()

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Answer:
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
        if self.version is not None:
            spec.version.value = self.version
        if self.label is not None:
            spec.version_label = self.label

    def _call(self, method: Callable, request, timeout: float | None) -> tuple[Any, float]:
        def attempt(left: float):
            try:
                return method(request, timeout=left, metadata=tuple(self.headers.items()))
            except grpc.RpcError as error:
                code, detail = error.code().name, error.details()
                if code == "RESOURCE_EXHAUSTED" and "larger than max" in detail:
                    detail = f"{detail}: {ADVICE}"
                if "http1.x server" in detail:
                    code, detail = "INTERNAL", "the answer is HTTP's: is this the gRPC port?"
                raise self._error(code, detail) from error

        start = time.monotonic()
        response = self._patiently(attempt, timeout)
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
