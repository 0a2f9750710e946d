"""Requests made to fill the memory or to hold the server up: refused, and nobody else waits."""

import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import urllib3
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from keras_i3d.export.messages import tensors
from keras_i3d.export.server.grpc_lanes import Lanes
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import Limits, ModelConfig
from tests.export.server.conftest import options, server_process
from tests.memory import memory_below

FRAMES = np.zeros((1, 12, 20, 30, 3), np.uint8)
MB = 1 << 20


@pytest.fixture(scope="module")
def large(exported):
    """A server with the limits it has by default."""
    with server_process(exported[0].parent, "--nowarm_up") as server:
        yield server


@pytest.fixture
def stub(large):
    with grpc.insecure_channel(f"localhost:{large.port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def refused(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=20)
    return caught.value.code().name, caught.value.details()


def one_value(request, name, shape, kind=np.uint8):
    """An input of this shape, told by one value."""
    proto = request.inputs[name]
    proto.dtype = tensors.number_of(np.dtype(kind))
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, "int_val" if kind == np.uint8 else "float_val").append(1)


def to_tiny(kind=predict_pb2.PredictRequest, signature="serving_default"):
    request = kind()
    request.model_spec.name, request.model_spec.signature_name = "tiny", signature
    return request


# === gRPC ===


def test_fifty_inputs_of_sixty_megabytes_each(large, stub):
    """1.9 kB that claim 3 GB: their names are compared before any is expanded."""
    request = to_tiny()
    for number in range(50):
        one_value(request, f"input{number}", (1, 64, 560, 560, 3))
    assert request.ByteSize() < 2500
    with memory_below(large.pid, 60):
        code, detail = refused(stub.Predict, request)
    assert (code, "takes frames uint8" in detail) == ("INVALID_ARGUMENT", True)
    assert len(detail) < 400


def test_all_tensors_of_a_request_have_one_budget():
    request = to_tiny()
    one_value(request, "a", (1, 64, 560, 560))
    one_value(request, "b", (1, 64, 560, 560))
    assert set(tensors.arrays(request.inputs, 45 * MB)) == {"a", "b"}
    tracemalloc.start()
    with pytest.raises(ValueError, match="together with those before"):
        tensors.arrays(request.inputs, 38 * MB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * MB


def test_a_string_repeated_a_million_times(large, stub):
    request = to_tiny(signature="jpeg_frames")
    tensors.fill(request.inputs["frames"], [[b"x" * MB]])
    request.inputs["frames"].tensor_shape.dim[1].size = 1 << 20
    with memory_below(large.pid, 60):
        code, detail = refused(stub.Predict, request)
    assert (code, "is larger than" in detail) == ("INVALID_ARGUMENT", True)


@pytest.mark.parametrize("field", ["dims", "inputs", "filters"])
def test_millions_of_empty_messages(large, field):
    """60 MB of messages of two bytes, which take gigabytes as objects."""
    empty = {"dims": b"\x12\x00", "inputs": b"\x12\x00", "filters": b"\x1a\x00"}[field] * (30 << 20)
    if field == "dims":  # PredictRequest.inputs[...].tensor_shape.dim
        for tag in (0x12, 0x12, 0x12):
            empty = bytes([tag]) + _varint(len(empty)) + empty
    call = "/tensorflow.serving.PredictionService/Predict"
    with (
        grpc.insecure_channel(
            f"localhost:{large.port}", [("grpc.max_send_message_length", -1)]
        ) as channel,
        memory_below(large.pid, 400),
    ):
        code, detail = refused(channel.unary_unary(call), empty)
    assert (code, "more than 65536 fields" in detail) == ("INVALID_ARGUMENT", True)


@pytest.mark.parametrize(
    "method",
    [
        "tensorflow.serving.PredictionService/MultiInference",
        "tensorflow.serving.PredictionService/Regress",
        "tensorflow.serving.PredictionService/GetModelMetadata",
        "tensorflow.serving.ModelService/GetModelStatus",
        "tensorflow.serving.ModelService/HandleReloadConfigRequest",
        "grpc.health.v1.Health/Check",
        "grpc.health.v1.Health/Watch",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ],
)
def test_methods_that_only_tell_take_small_messages(large, method):
    """What they read before they say that they are not there takes as much memory."""
    with (
        grpc.insecure_channel(
            f"localhost:{large.port}", [("grpc.max_send_message_length", -1)]
        ) as channel,
        memory_below(large.pid, 300),
    ):
        call = channel.unary_stream(f"/{method}")
        code, detail = refused(lambda *a, **k: list(call(*a, **k)), b"\x0a\x00" * (25 << 20))
    assert (code, "at most 262144 are read" in detail) == ("INVALID_ARGUMENT", True)


def test_numbers_of_one_byte_that_take_eight(large):
    """60 MB of int64_val beside the frames."""
    numbers = b"\x01" * (60 << 20)
    proto = b"\x08\x04" + b"\x52" + _varint(len(numbers)) + numbers
    entry = b"\x0a\x06frames" + b"\x12" + _varint(len(proto)) + proto
    message = to_tiny().SerializeToString() + b"\x12" + _varint(len(entry)) + entry
    with (
        grpc.insecure_channel(
            f"localhost:{large.port}", [("grpc.max_send_message_length", -1)]
        ) as channel,
        memory_below(large.pid, 400),
    ):
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        code, detail = refused(call, message)
    assert (code, "send a tensor's values as tensor_content" in detail) == (
        "INVALID_ARGUMENT",
        True,
    )


def test_messages_of_all_calls_together():
    """Two calls of sixty bytes where the server takes a hundred: the second is refused."""
    inside, go_on = threading.Event(), threading.Event()

    def answer(request, context):
        inside.set()
        assert go_on.wait(30)
        return request

    handler = grpc.unary_unary_rpc_method_handler(answer, bytes, bytes)
    lanes = Lanes({"/s/m": lambda message: 10}, calls=9, seconds=20, most_bytes=100)
    server = grpc.server(ThreadPoolExecutor(1), interceptors=[lanes])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("s", {"m": handler})])
    port = server.add_insecure_port("localhost:0")
    server.start()
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        call = channel.unary_unary("/s/m")
        first = call.future(b"x" * 50, timeout=30)
        assert inside.wait(30)
        code, detail = refused(call, b"x" * 50)
        assert (code, "ask again later" in detail) == ("RESOURCE_EXHAUSTED", True)
        go_on.set()
        assert first.result() == b"x" * 50
        assert call(b"x" * 5000, timeout=30) == b"x" * 5000  # alone it may be of any size
    server.stop(0).wait()
    lanes.stop()


@pytest.mark.parametrize("what", ["signature_name", "output_filter", "input", "model", "label"])
def test_long_names_are_shortened(stub, what):
    request, name = to_tiny(), "x" * (2 * MB)
    tensors.fill(request.inputs[name if what == "input" else "frames"], FRAMES)
    if what == "output_filter":
        request.output_filter.append(name)
    elif what == "label":
        request.model_spec.version_label = name
    elif what != "input":
        setattr(request.model_spec, {"model": "name"}.get(what, what), name)
    code, detail = refused(stub.Predict, request)
    assert code in ("INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")
    assert "xxxx" in detail
    assert len(detail) < 2010


def test_who_watches_a_service_that_is_not_there(large):
    with grpc.insecure_channel(f"localhost:{large.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch
        for name, status in (("", "SERVING"), ("made up", "SERVICE_UNKNOWN")):
            answers = watch(health_pb2.HealthCheckRequest(service=name), timeout=20)
            wanted = health_pb2.HealthCheckResponse.ServingStatus.Value(status)
            assert next(answers).status == wanted
            answers.cancel()


def _varint(value):
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def classification(context, examples):
    request = to_tiny(classification_pb2.ClassificationRequest, "classify")
    given = request.input.example_list_with_context
    given.context.features.feature["image/encoded"].bytes_list.value.extend(context)
    for _ in range(examples):
        given.examples.add()
    return request


def test_a_context_copied_into_every_example(large, stub):
    """2 MB that stand for gigabytes."""
    with memory_below(large.pid, 300):
        code, detail = refused(stub.Classify, classification([b"x" * MB] * 9, 1000))
        assert (code, "at most 256" in detail) == ("RESOURCE_EXHAUSTED", True)
        code, detail = refused(stub.Classify, classification([b"x" * MB] * 9, 20))
        assert (code, "at most 67108864 are taken" in detail) == ("RESOURCE_EXHAUSTED", True)


@pytest.fixture
def narrow(exported):
    """A server that takes four calls at once, and waits four seconds for a request."""
    limits = Limits(receive=4)
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options(calls=4, limits=limits)) as server:
        yield server


def test_calls_whose_message_never_comes(narrow):
    """They hold neither health nor status up, and end."""
    never = threading.Event()

    def nothing():
        never.wait(60)
        yield b""

    with grpc.insecure_channel(f"localhost:{narrow.port}") as channel:
        begin = channel.stream_unary("/tensorflow.serving.PredictionService/Predict")
        calls, refused = [begin.future(nothing()) for _ in range(30)], threading.Semaphore(0)
        for call in calls:
            call.add_done_callback(lambda _: refused.release())
        for _ in range(26):
            assert refused.acquire(timeout=60)
        health = health_pb2_grpc.HealthStub(channel)
        assert health.Check(health_pb2.HealthCheckRequest()).status == 1
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "tiny"
        model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request)
        assert sum(not call.done() for call in calls) == 4
        codes = [call.exception(timeout=60).code().name for call in calls]
        never.set()
    assert set(codes) == {"RESOURCE_EXHAUSTED", "CANCELLED"}
    assert codes.count("CANCELLED") == 4


# === REST ===


def post(server, path, body, **headers):
    url = f"http://localhost:{server.rest_port}{path}"
    answer = urllib3.request("POST", url, body=body, headers=headers, timeout=60, retries=False)
    return answer.status, answer.json()["error"]


def test_a_context_copied_into_every_example_over_rest(large):
    body = b'{"signature_name": "classify", "context": {"image/encoded": "%s"}, "examples": [%s]}'
    with memory_below(large.pid, 60):
        many = body % (b"x" * 2000, b",".join([b"{}"] * 1000))
        status, error = post(large, "/v1/models/tiny:classify", many)
        assert (status, "at most 256" in error) == (413, True)
        heavy = body % (b"x" * MB, b",".join([b"{}"] * 100))
        status, error = post(large, "/v1/models/tiny:classify", heavy)
        assert (status, "at most 67108864 are taken" in error) == (413, True)


@pytest.mark.parametrize(
    "inside",
    [b"[]," * (20 << 20), b"[" * (20 << 20), b'{"":' * (12 << 20), b"1e400," * (10 << 20)],
    ids=["empty lists", "depth", "objects", "infinities"],
)
def test_json_that_takes_gigabytes_holds_nobody_up(large, inside):
    body = b'{"inputs": [%s[]]}' % inside
    slowest, ended = [0.0], threading.Event()

    def ask_for_health():
        while not ended.wait(0.05):
            started = time.monotonic()
            answer = urllib3.request("GET", f"http://localhost:{large.rest_port}/healthz")
            assert answer.status == 200
            slowest[0] = max(slowest[0], time.monotonic() - started)

    thread = threading.Thread(target=ask_for_health)
    thread.start()
    try:
        with memory_below(large.pid, 500):
            status, error = post(large, "/v1/models/tiny:predict", body)
    finally:
        ended.set()
        thread.join()
    assert status in (400, 413)
    assert len(error) < 500
    assert slowest[0] < 5  # parsed here it was 20 s


def test_a_large_body_is_read_as_a_small_one(server, signatures):
    frames = np.random.default_rng(0).integers(0, 256, (1, 12, 80, 90, 3), np.uint8)
    url = f"http://localhost:{server.rest_port}/v1/models/tiny:predict"
    answer = urllib3.request("POST", url, json={"inputs": frames.tolist()}).json()
    wanted = signatures["serving_default"](frames=frames)["probabilities"].numpy()
    assert np.abs(np.array(answer["outputs"]["probabilities"]) - wanted).max() < 1e-6


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(server, value):
    clip = str(np.zeros((1, 9, 32, 32, 3)).tolist()).replace("0.0", value, 1)
    body = f'{{"signature_name": "preprocessed", "inputs": {clip}}}'
    status, error = post(server, "/v1/models/tiny:predict", body.encode())
    assert (status, "should be finite numbers" in error) == (400, True)
