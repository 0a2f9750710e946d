"""gRPC: PredictionService, ModelService, health, reflection; tensorflow-serving-api's stubs."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tensorflow_serving.apis import (
    classification_pb2,
    model_management_pb2,
    model_service_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2,
    prediction_service_pb2_grpc,
)

from keras_i3d.export.messages import tensors
from keras_i3d.export.messages.wire import check_fields
from keras_i3d.export.served_record import CLASSIFY
from keras_i3d.export.server.classify_examples import examples_of
from keras_i3d.export.server.engine import Engine
from keras_i3d.export.server.grpc_lanes import Lanes
from keras_i3d.export.server.refusal import CODES, Refusal, failed
from keras_i3d.export.server.reloading import Reloading
from keras_i3d.export.server.servable import Servable
from keras_i3d.export.server.status_messages import metadata_of, name_version, status_of

SERVICES = (
    prediction_service_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name,
    model_service_pb2.DESCRIPTOR.services_by_name["ModelService"].full_name,
)
_PREDICT, _CLASSIFY = (f"/{SERVICES[0]}/{method}" for method in ("Predict", "Classify"))
# The methods that work, and their messages.
HEAVY = {
    _PREDICT: predict_pb2.PredictRequest.DESCRIPTOR,
    _CLASSIFY: classification_pb2.ClassificationRequest.DESCRIPTOR,
}
# What lists of numbers in a message may take, in multiples of the largest: uint8 as int_val. An
# example has none of any length.
NUMBERS = {_PREDICT: 4, _CLASSIFY: 1 / 64}
# What the messages of all calls under way may take together, in multiples of the largest.
MESSAGES = 16
# Reflection calls and health watches at a time; further calls that are told there are too many.
STREAMS, SPARE_CALLS = 8, 200
_NUMBERS = {name: number for number, (name, _) in CODES.items()}


class GrpcServer:
    """The gRPC side of the server.

    Args:
        engine: what answers.
        reloading: what HandleReloadConfigRequest may do.
        address: HOST:PORT; port 0 takes a free one, see `port`.
        calls: how many calls may be under way; further ones get RESOURCE_EXHAUSTED.
        tls: paths of the certificate and its key (PEM), for an encrypted port.

    Raises:
        OSError: when the port cannot be opened.
    """

    def __init__(
        self,
        engine: Engine,
        reloading: Reloading,
        address: str,
        calls: int = 40,
        tls: tuple[str, str] | None = None,
    ):
        # What a client sends beyond the limit is refused by gRPC itself, before it is in memory.
        options = [
            ("grpc.max_receive_message_length", engine.limits.message_bytes),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", 0),  # a second server on the port is an error, not a lottery
            # A connection that says nothing is asked whether it is alive, and dropped if not.
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
        ]
        most = engine.limits.message_bytes
        checks = {
            method: partial(
                check_fields, descriptor=known, most_numbers=int(NUMBERS[method] * most)
            )
            for method, known in HEAVY.items()
        }
        self._lanes = Lanes(checks, calls, engine.limits.receive, MESSAGES * most)
        self._server = grpc.server(
            ThreadPoolExecutor(STREAMS, "grpc-streams"),
            interceptors=[self._lanes],
            options=options,
            maximum_concurrent_rpcs=calls + SPARE_CALLS,
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            _PredictionService(engine), self._server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(
            _ModelService(engine, reloading), self._server
        )
        self._health = _Health()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        try:
            self.port = self._bind(address, tls)
        except RuntimeError as error:
            cause = "is another server running?"
            cause = f"{cause} Are {' and '.join(tls)} a certificate and its key?" if tls else cause
            raise OSError(f"port {address} cannot be opened; {cause}") from error

    def _bind(self, address: str, tls: tuple[str, str] | None) -> int:
        if tls is None:
            return self._server.add_insecure_port(address)
        certificate, key = (Path(path).read_bytes() for path in tls)
        credentials = grpc.ssl_server_credentials([(key, certificate)])
        return self._server.add_secure_port(address, credentials)

    def start(self) -> None:
        """Take calls."""
        for name in ("", *SERVICES):
            self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._server.start()

    def stop(self, grace: float) -> None:
        """Take no more calls; those under way may end within `grace` seconds."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()
        self._lanes.stop()


def _answered(context, work: Callable):
    """The response, or the end of the call with the status that says why there is none."""
    try:
        return work()
    except Refusal as refusal:
        code, detail = refusal.code, refusal.detail
    except Exception as error:
        code, detail = "INTERNAL", failed("a call by gRPC", error).detail
    context.abort(grpc.StatusCode[code], detail)


class _Health(health.HealthServicer):
    """Health that remembers no names that clients made up."""

    def Watch(self, request, context, send_response_callback=None):
        """Say how a service is, now and whenever it changes."""
        if request.service not in ("", *SERVICES):
            request = health_pb2.HealthCheckRequest(service="unknown")
        return super().Watch(request, context, send_response_callback)


class _PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, engine: Engine):
        self._engine = engine

    def Predict(self, request, context):
        """Answer any signature: tensors in, tensors out."""

        def work(servable: Servable, signature: str):
            servable.check_names(signature, request.inputs)
            try:
                inputs = tensors.arrays(request.inputs, self._engine.limits.message_bytes)
            except ValueError as error:
                raise Refusal("INVALID_ARGUMENT", str(error)) from error
            wanted = set(request.output_filter)
            known = set(servable.definition(signature).outputs)
            if unknown := sorted(wanted - known):
                raise Refusal(
                    "INVALID_ARGUMENT",
                    f"output_filter: signature {signature!r} has no output {unknown[0]!r}; "
                    f"it has {', '.join(sorted(known))}",
                )
            outputs = self._ask(servable, signature, inputs, context)
            response = predict_pb2.PredictResponse()
            name_version(response.model_spec, servable, signature)
            for name, value in outputs.items():
                if not wanted or name in wanted:
                    tensors.fill(response.outputs[name], value)
            return response

        return self._counted("Predict", request, context, work)

    def Classify(self, request, context):
        """Answer the classification API: tf.Examples in, class names and scores out."""

        def work(servable: Servable, signature: str):
            servable.definition(signature, CLASSIFY)
            inputs = {"inputs": examples_of(request, self._engine.limits)}
            outputs = self._ask(servable, signature, inputs, context)
            response = classification_pb2.ClassificationResponse()
            name_version(response.model_spec, servable, signature)
            for names, scores in zip(outputs["classes"], outputs["scores"], strict=True):
                row = response.result.classifications.add()
                for name, score in zip(names, scores, strict=True):
                    row.classes.add(label=name.decode("utf-8", "replace"), score=score)
            return response

        return self._counted("Classify", request, context, work)

    def GetModelMetadata(self, request, context):
        """Return the signatures of a model."""

        def work():
            if list(request.metadata_field) != ["signature_def"]:
                raise Refusal(
                    "INVALID_ARGUMENT",
                    f"metadata_field should be ['signature_def']. "
                    f"Received: {list(request.metadata_field)}",
                )
            with self._engine.models.use(*_wanted(request.model_spec)) as servable:
                return metadata_of(servable)

        return _answered(context, work)

    def _ask(self, servable, signature, inputs, context):
        left = context.time_remaining()

        def follow(item):
            if not context.add_callback(item.cancel):
                item.cancel()  # the client had left before

        deadline = None if left is None else time.monotonic() + left
        return self._engine.ask(servable, signature, inputs, deadline, on_submit=follow)

    def _counted(self, call: str, request, context, work: Callable):
        started, servable = time.monotonic(), None
        name, version, label = _wanted(request.model_spec)
        signature = request.model_spec.signature_name or "serving_default"
        code = "INTERNAL"

        def with_servable():
            nonlocal servable, code
            try:
                with self._engine.models.use(name, version, label) as servable:
                    response = work(servable, signature)
                code = "OK"
                return response
            except Refusal as refusal:
                code = refusal.code
                raise

        try:
            return _answered(context, with_servable)
        finally:
            self._engine.counted("grpc", call, name, signature, code, started, servable)


class _ModelService(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, engine: Engine, reloading: Reloading):
        self._engine, self._reloading = engine, reloading

    def GetModelStatus(self, request, context):
        """Return the versions of a model and their states."""
        return _answered(
            context, lambda: status_of(self._engine.models.status(*_wanted(request.model_spec)))
        )

    def HandleReloadConfigRequest(self, request, context):
        """Serve other models; the outcome is in the response, as TF Serving has it."""
        response = model_management_pb2.ReloadConfigResponse()
        try:
            self._reloading.reload(request.config, context.peer())
        except Refusal as refusal:
            response.status.error_code = _NUMBERS[refusal.code]
            response.status.error_message = refusal.detail
        except Exception as error:
            response.status.error_code = _NUMBERS["INTERNAL"]
            response.status.error_message = failed("a change of the models", error).detail
        return response


def _wanted(spec) -> tuple[str, int | None, str]:
    """Model, version, label of a ModelSpec."""
    version = spec.version.value if spec.HasField("version") else None
    return spec.name, version, spec.version_label
