"""Asking TensorFlow Serving, or `keras-i3d serve`, by HTTP and JSON; the answers of `grpc_client`.

JSON is slow with raw frames, some 35 MB for 64 of them: send files to `jpeg_frames` instead.
"""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import urllib3

from keras_i3d.export.client.answer import Answer, ModelMetadata, TensorShape
from keras_i3d.export.client.client import Client
from keras_i3d.export.messages import tensors
from keras_i3d.shown_options import options_of

# What an HTTP status means in gRPC's words.
CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    412: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RestClient(Client):
    """A model on a server, asked by HTTP and JSON.

        with RestClient("http://localhost:8501", "i3d") as client:
            client.predict({"frames": [files]}, "jpeg_frames").top()     # files: JPEG, as bytes

    Args:
        address: http://HOST:PORT or https://HOST:PORT; http:// where it is left out.
        model, options: as for `Client`.
        roots, certificate, key: paths of PEM files for https; by default the system's trust.
    """

    video_signature = "jpeg_frames"  # JSON is slow with raw frames

    @options_of(Client)
    def __init__(
        self,
        address: str,
        model: str,
        *,
        roots: str | None = None,
        certificate: str | None = None,
        key: str | None = None,
        **options,
    ):
        address = address if "://" in address else f"http://{address}"
        super().__init__(address, model, **options)
        which = "" if self.version is None else f"/versions/{self.version}"
        which = which if self.label is None else f"/labels/{self.label}"
        self._place = f"{self.address.rstrip('/')}/v1/models/{model}{which}"
        self._pool = urllib3.PoolManager(
            headers=self.headers,
            retries=False,
            ca_certs=roots,
            cert_file=certificate,
            key_file=key,
        )
        self._signatures: dict[str, tuple[dict, dict]] | None = None

    def close(self) -> None:
        self._pool.clear()

    def predict(
        self,
        inputs: Mapping[str, Any],
        signature: str = "serving_default",
        outputs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Answer:
        """Ask a signature, as `Client.predict`; all outputs travel, whichever are wanted."""
        body = {
            "signature_name": signature,
            "inputs": {name: _as_json(values) for name, values in inputs.items()},
        }
        start = time.monotonic()
        found = self._call("POST", ":predict", body, timeout, "outputs")
        shapes = self._outputs(signature) if not isinstance(found, dict) else {}
        if not isinstance(found, dict):  # TF Serving leaves out the name of a single output
            found = {next(iter(shapes)): found}
        seconds = time.monotonic() - start
        arrays = {n: _as_array(v) for n, v in found.items() if not outputs or n in outputs}
        if missing := sorted(set(outputs) - set(arrays)):
            raise self._error("INVALID_ARGUMENT", f"{signature} has no output {missing[0]!r}")
        return Answer(arrays, self.model, signature, None, seconds)

    def classify(
        self,
        clips: Sequence[Sequence[bytes]],
        signature: str = "classify",
        timeout: float | None = None,
    ) -> Answer:
        examples = [{"image/encoded": _as_json(list(files))} for files in clips]
        start = time.monotonic()
        body = {"signature_name": signature, "examples": examples}
        result = self._call("POST", ":classify", body, timeout, "results")
        found = {
            "classes": tensors.rows([[label.encode() for label, _ in row] for row in result]),
            "scores": tensors.rows([[score for _, score in row] for row in result]),
        }
        return Answer(found, self.model, signature, None, time.monotonic() - start)

    def metadata(self, timeout: float | None = None) -> ModelMetadata:
        answer = self._call("GET", "/metadata", None, timeout)
        try:
            version = int(answer["model_spec"]["version"])
            definitions = answer["metadata"]["signature_def"]["signature_def"]
        except (KeyError, TypeError, ValueError) as error:
            raise self._error("INTERNAL", "the answer is not TF Serving's metadata") from error
        signatures = {
            name: (_shapes(definition["inputs"]), _shapes(definition["outputs"]))
            for name, definition in definitions.items()
            if definition["method_name"]
        }
        self._signatures, about = signatures, {}
        if "metadata" in signatures:
            told = self.predict({}, "metadata", timeout=timeout)
            about = json.loads(told.outputs["metadata"].item())
        return ModelMetadata(self.model, version, signatures, about)

    def status(self, timeout: float | None = None) -> dict[int, str]:
        found = self._call("GET", "", None, timeout, "model_version_status")
        return {int(status["version"]): status["state"] for status in found}

    # === One call ===

    def _outputs(self, signature: str) -> dict[str, TensorShape]:
        if self._signatures is None:
            self.metadata()
        return self._signatures[signature][1]

    def _call(
        self,
        method: str,
        ending: str,
        body: dict | None,
        timeout: float | None,
        part: str | None = None,
    ) -> Any:
        """The answer to a request, or the part of it that is asked for."""
        data = None if body is None else json.dumps(body).encode()
        answer = self._patiently(
            lambda left: self._attempt(method, self._place + ending, data, left), timeout
        )
        if part is None:
            return answer
        if not isinstance(answer, dict) or part not in answer:
            raise self._error("INTERNAL", f"the answer has no {part!r}: is this TF Serving?")
        return answer[part]

    def _attempt(self, method: str, url: str, data: bytes | None, left: float) -> dict:
        limits = urllib3.Timeout(total=left)
        try:
            response = self._pool.request(
                method, url, body=data, timeout=limits, preload_content=False, redirect=False
            )
            try:
                content = response.read(self.message_bytes + 1)
            finally:
                response.release_conn()
        except urllib3.exceptions.NewConnectionError as error:  # a kind of time-out to urllib3
            raise self._error("UNAVAILABLE", f"no connection ({error})") from error
        except urllib3.exceptions.TimeoutError as error:
            raise self._error("DEADLINE_EXCEEDED", f"no answer within {left:.3g} s") from error
        except urllib3.exceptions.HTTPError as error:
            if "BadStatusLine" in str(error):
                cause = "the answer is not HTTP: is this the REST port, and not gRPC's?"
                raise self._error("INTERNAL", cause) from error
            raise self._error("UNAVAILABLE", f"no connection ({error})") from error
        if len(content) > self.message_bytes:
            raise self._error(
                "RESOURCE_EXHAUSTED", f"the answer is larger than {self.message_bytes} B"
            )
        try:
            answer = json.loads(content)
        except ValueError as error:
            cause = f"HTTP {response.status} without JSON: is this TF Serving's REST port?"
            raise self._error(CODES.get(response.status, "INTERNAL"), cause) from error
        if response.status != 200:
            detail = answer.get("error") if isinstance(answer, dict) else answer
            raise self._error(CODES.get(response.status, "INTERNAL"), str(detail))
        return answer


def _as_json(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, bytes):
        return {"b64": base64.b64encode(values).decode()}
    if isinstance(values, list | tuple):
        # Numbers are not looked at one by one: nine million of them are in a clip.
        first = values
        while isinstance(first, list | tuple) and first:
            first = first[0]
        return [_as_json(v) for v in values] if isinstance(first, bytes) else list(values)
    return values


def _as_array(values: Any) -> np.ndarray:
    first = values
    while isinstance(first, list) and first:
        first = first[0]
    if isinstance(first, str | dict):
        return np.array(_as_bytes(values), np.object_)
    array = np.array(values)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def _as_bytes(values: Any) -> Any:
    if isinstance(values, list):
        return [_as_bytes(value) for value in values]
    return base64.b64decode(values["b64"]) if isinstance(values, dict) else values.encode()


def _shapes(infos: dict) -> dict[str, TensorShape]:
    found = {}
    for name, info in infos.items():
        shape = info["tensor_shape"]
        sizes = tuple(None if int(d["size"]) < 0 else int(d["size"]) for d in shape["dim"])
        kind = info["dtype"].removeprefix("DT_").lower()
        kind = {"float": "float32", "double": "float64", "half": "float16"}.get(kind, kind)
        found[name] = TensorShape(kind, None if shape.get("unknown_rank") else sizes)
    return found
