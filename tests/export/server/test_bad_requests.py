"""Every wrong request gets the right status and a message that says what to send."""

import gc
import json
import socket
import threading
import time

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.video_query import encoded
from keras_i3d.export.messages import tensors
from keras_i3d.export.server.batching import Item
from keras_i3d.export.server.json_bodies import Job
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from tests.export.server.conftest import connect, options, server_process
from tests.memory import memory

FRAMES = np.zeros((1, 12, 20, 30, 3), np.uint8)
JPEG = encoded(FRAMES[0, 0])

BAD = {
    "rank": ({"frames": FRAMES[0]}, "serving_default", "INVALID_ARGUMENT", "takes frames uint8"),
    "channels": ({"frames": FRAMES[..., :2]}, "serving_default", "INVALID_ARGUMENT", "any, 3"),
    "empty": ({"frames": FRAMES[:0]}, "serving_default", "INVALID_ARGUMENT", None),
    "one frame": ({"frames": FRAMES[:, :1]}, "serving_default", "INVALID_ARGUMENT", "at least 9"),
    "no frame": ({"frames": FRAMES[:, :0]}, "serving_default", "INVALID_ARGUMENT", None),
    "0x0": ({"frames": FRAMES[:, :, :0, :0]}, "serving_default", "INVALID_ARGUMENT", None),
    "nothing": ({}, "serving_default", "INVALID_ARGUMENT", "takes frames uint8"),
    "name": ({"clip": FRAMES}, "serving_default", "INVALID_ARGUMENT", "takes frames uint8"),
    "corrupt": ({"frames": [[JPEG] * 8 + [JPEG[:99]]]}, "jpeg_frames", "INVALID_ARGUMENT", "JPEG"),
    "no file": ({"frames": [[b"GIF89a"] * 9]}, "jpeg_frames", "INVALID_ARGUMENT", "neither a JPEG"),
    "empty file": ({"frames": [[b""] * 9]}, "jpeg_frames", "INVALID_ARGUMENT", "neither a JPEG"),
    "signature": ({"frames": FRAMES}, "dance", None, "serving_default"),
    "frames": ({"frames": FRAMES.repeat(9, 1)}, "serving_default", "RESOURCE_EXHAUSTED", "at most"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_inputs(client, name):
    inputs, signature, code, message = BAD[name]
    with pytest.raises(ServingError) as caught:
        client.predict(inputs, signature)
    assert code in (None, caught.value.code)
    assert caught.value.code not in ("INTERNAL", "UNKNOWN", "UNAVAILABLE")
    assert message is None or message in caught.value.detail
    assert "node" not in caught.value.detail
    assert "\n" not in caught.value.detail
    assert len(client.predict({"frames": FRAMES}).top()) == 1


def test_bad_examples(client):
    for clips, message in (
        ([[JPEG] * 3], "at least 9 frames"),
        ([[JPEG] * 8 + [b"no"]], "neither a JPEG"),
        ([[]], "at least 9 frames"),
        ([[JPEG] * 101], "at most 100"),
    ):
        with pytest.raises(ServingError, match=message):
            client.classify(clips)
    with pytest.raises(ServingError, match="another method; give one of classify"):
        client.classify([[JPEG] * 9], "jpeg_frames")


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_message_of_100_mb_is_refused_before_it_is_looked_at(server, kind):
    with connect(server, kind) as client, pytest.raises(ServingError) as caught:
        client.predict({"frames": [[bytes(100 << 20)]]}, "jpeg_frames")
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    assert "send JPEG" in caught.value.detail or "JPEG files" in caught.value.detail


# === gRPC's own ===


@pytest.fixture
def stub(server):
    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)


def refused(call, request):
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=10)
    return caught.value.code().name, caught.value.details()


def predict_request(**tensor):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "tiny"
    tensors.fill(request.inputs["frames"], FRAMES)
    for field, value in tensor.items():
        setattr(request.inputs["frames"], field, value)
    return request


def test_types_and_broken_tensors(stub):
    assert stub.Predict(predict_request(), timeout=10).model_spec.version.value == 1
    code, detail = refused(stub.Predict, predict_request(dtype=1))
    assert (code, "28800" not in detail and "bytes" in detail) == ("INVALID_ARGUMENT", True)
    code, detail = refused(stub.Predict, predict_request(tensor_content=b"x" * 10))
    assert (code, "21600 bytes; 10 came" in detail) == ("INVALID_ARGUMENT", True)
    code, detail = refused(stub.Predict, predict_request(dtype=999))
    assert (code, "type number 999" in detail) == ("INVALID_ARGUMENT", True)
    # A few bytes that claim to be a terabyte.
    bomb = predict_request(tensor_content=b"")
    bomb.inputs["frames"].tensor_shape.dim[1].size = 1 << 40
    bomb.inputs["frames"].int_val.append(1)
    code, detail = refused(stub.Predict, bomb)
    assert (code, "larger than" in detail) == ("INVALID_ARGUMENT", True)
    bomb.inputs["frames"].tensor_shape.dim[1].size = -1
    assert refused(stub.Predict, bomb)[0] == "INVALID_ARGUMENT"


def test_wrong_calls(stub):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["weights"])
    request.model_spec.name = "tiny"
    code, detail = refused(stub.GetModelMetadata, request)
    assert (code, "['signature_def']" in detail) == ("INVALID_ARGUMENT", True)
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = "tiny"
    code, detail = refused(stub.Classify, request)  # serving_default, as TF Serving has it
    assert (code, "give one of classify" in detail) == ("FAILED_PRECONDITION", True)


def test_health_and_reflection(server):
    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        assert check.status == health_pb2.HealthCheckResponse.SERVING
        services = set(ProtoReflectionDescriptorDatabase(channel).get_services())
    assert {"tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"} <= services


def test_clients_may_not_load_any_folder(server, exported, tmp_path):
    def reload(name, folder):
        request = model_management_pb2.ReloadConfigRequest()
        entry = request.config.model_config_list.config.add(name=name, base_path=str(folder))
        entry.version_labels["stable"] = 1
        with grpc.insecure_channel(f"localhost:{server.port}") as channel:
            stub = model_service_pb2_grpc.ModelServiceStub(channel)
            return stub.HandleReloadConfigRequest(request, timeout=60).status

    home = exported[0].parent
    for folder in (tmp_path, "/etc", home / ".." / "..", "a\0b", home / "1"):
        try:
            status = reload("tiny", folder)
        except ValueError:  # protobuf refuses by itself
            continue
        # PERMISSION_DENIED; a name that no file can have is an INVALID_ARGUMENT.
        assert (status.error_code in (3, 7), "tiny" in status.error_message) == (True, True)
    assert reload("../x", home).error_code == 3
    assert reload("tiny", home).error_code == 0
    with connect(server, "grpc", label="stable") as client:
        client.predict({"frames": FRAMES})


# === Clients that behave badly ===

HALF = b"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: 99\r\n\r\n{"


def test_half_open_connections_hold_nobody_up(server):
    sockets = [socket.create_connection(("localhost", server.rest_port)) for _ in range(60)]
    sockets += [socket.create_connection(("localhost", server.port)) for _ in range(60)]
    try:
        for number, half in enumerate(sockets[:60]):
            half.sendall(HALF[:number])
        for kind in ("grpc", "rest"):
            with connect(server, kind) as client:
                client.predict({"frames": FRAMES})
    finally:
        for half in sockets:
            half.close()


def test_clients_that_leave_are_forgotten(server):
    body = json.dumps({"instances": FRAMES.tolist()}).encode()
    head = f"POST /v1/models/tiny:predict HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    with grpc.insecure_channel(f"localhost:{server.port}") as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for _ in range(10):
            stub.Predict.future(predict_request()).cancel()
            with socket.create_connection(("localhost", server.rest_port)) as leaving:
                leaving.sendall(head.encode() + body)
    ends = time.monotonic() + 60
    while len(server.batcher) and time.monotonic() < ends:
        time.sleep(0.05)
    assert len(server.batcher) == 0
    with connect(server, "rest") as client:
        client.predict({"frames": FRAMES})


def requests_held():
    """How many there are, under way or not."""
    return sum(isinstance(one, (Item, Job)) for one in gc.get_objects())


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_refused_request_is_forgotten_at_once(server, kind):
    """Not when Python next looks for rings of objects, hundreds of requests later."""
    gc.collect()
    gc.disable()
    try:
        with connect(server, kind) as client:
            for images in (1, 9, 9):  # the first is refused while it is read
                with pytest.raises(ServingError):
                    client.predict({"frames": [[bytes(300 << 10)] * images]}, "jpeg_frames")
        ends = time.monotonic() + 30
        while requests_held() > 1 and time.monotonic() < ends:
            time.sleep(0.05)  # the client has its answer before the server has cleared up
        assert requests_held() <= 1  # the pool of the process aside keeps the last it was given
    finally:
        gc.enable()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_memory_levels(exported, kind):
    """Large and wrong requests leave nothing behind: of 360 MB less than a sixth."""

    def storm(requests):
        with connect(serving, kind) as client:
            for _ in range(requests):
                with pytest.raises(ServingError, match="neither a JPEG"):
                    client.predict({"frames": [[bytes(3 << 20)]]}, "jpeg_frames")

    with server_process(exported[0].parent, "--max_message_mb=8") as serving:
        storm(80)  # until every thread has had its share
        before = memory(serving.pid)
        storm(120)
        assert memory(serving.pid) - before < 60


def test_a_full_queue_refuses(exported):
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options(queue=1)) as server:
        held = server.batcher  # the one thread is kept busy by a request of our own
        taken_up, gate = threading.Event(), threading.Event()

        def hold(_):
            taken_up.set()
            return gate.wait(60) and {}

        item = held.submit(hold, {}, None, 0, 0, time.monotonic() + 60)
        assert taken_up.wait(60)
        waiting = held.submit(lambda _: {}, {}, None, 0, 0, time.monotonic() + 60)
        for kind in ("grpc", "rest"):
            with connect(server, kind) as client, pytest.raises(ServingError) as caught:
                client.predict({"frames": FRAMES})
            assert caught.value.code == "RESOURCE_EXHAUSTED"
            assert "try again later" in caught.value.detail
        gate.set()
        assert (item.wait(), waiting.wait()) == ({}, {})
