"""Both clients have the answers of the SavedModel itself, and the same words for errors."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import preprocess
from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.grpc_client import GrpcClient, Tls
from keras_i3d.export.client.rest_client import RestClient
from keras_i3d.export.client.video_query import encoded
from keras_i3d.export.server.local_server import LocalServer
from keras_i3d.export.server.options import ModelConfig
from tests.conftest import PROJECT
from tests.export.conftest import LABELS, TINY
from tests.export.server.conftest import connect, options

FRAMES = np.random.default_rng(1).integers(0, 256, (2, 12, 20, 30, 3), np.uint8)
PNGS = [[encoded(image, "png") for image in clip] for clip in FRAMES]


def test_frames_and_files_have_the_answer_of_the_model(client, signatures):
    wanted = {k: v.numpy() for k, v in signatures["serving_default"](tf.constant(FRAMES)).items()}
    for answer in (
        client.predict({"frames": FRAMES}),
        client.predict({"frames": PNGS}, "jpeg_frames"),
    ):
        assert set(answer.outputs) == set(wanted)
        assert answer.outputs["probabilities"].dtype == np.float32
        assert np.abs(answer.outputs["probabilities"] - wanted["probabilities"]).max() < 1e-6
        assert answer.outputs["labels"].tolist() == wanted["labels"].tolist()
        for row, names in zip(answer.top(), wanted["labels"], strict=True):
            assert [name for name, _ in row] == [name.decode() for name in names]
    assert answer.signature == "jpeg_frames"
    assert answer.version == (1 if isinstance(client, GrpcClient) else None)


def test_classification_takes_clips_of_different_lengths(client, signatures):
    answer = client.classify([PNGS[0], PNGS[1][:9]])
    wanted = signatures["jpeg_frames"](frames=tf.constant([PNGS[0]]))
    assert answer.outputs["classes"][0].tolist() == wanted["labels"][0].numpy().tolist()
    assert np.allclose(answer.outputs["scores"][0], wanted["scores"][0], atol=1e-6)
    assert len(answer.top()[1]) == 3


def test_a_signature_of_one_output_has_its_name(client, signatures):
    clip = np.stack([preprocess(FRAMES[0], TINY)])
    answer = client.predict({"rgb_clip": clip}, "preprocessed")
    wanted = signatures["preprocessed"](rgb_clip=tf.constant(clip))["logits"]
    assert np.allclose(answer.outputs["logits"], wanted, atol=1e-6)


def test_outputs_can_be_chosen(client):
    answer = client.predict({"frames": FRAMES}, outputs=["scores"])
    assert set(answer.outputs) == {"scores"}
    with pytest.raises(ServingError, match="no output 'nonsense'"):
        client.predict({"frames": FRAMES}, outputs=["nonsense"])


def test_metadata_and_status(client):
    metadata = client.metadata()
    assert metadata.version == 1
    assert list(metadata.labels) == list(LABELS)
    inputs, outputs = metadata.signatures["serving_default"]
    assert str(inputs["frames"]) == "uint8 (any, any, any, any, 3)"
    assert str(outputs["probabilities"]) == "float32 (any, 7)"
    assert set(metadata.signatures) >= {"jpeg_frames", "features", "classify", "metadata"}
    assert client.status()[1] == "AVAILABLE"


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_versions_and_labels(server, kind):
    # Clients of some servers write version 0 for the default one.
    for which in ({"version": 1}, {"label": "stable"}, {"version": 0}):
        with connect(server, kind, **which) as client:
            assert len(client.predict({"frames": FRAMES}).top()) == 2
    for which, message in (
        ({"version": 2}, "no version 2"),
        ({"label": "canary"}, "no label 'canary'; known: stable"),
        ({"model": "nope"}, "no model 'nope'; served are tiny"),
    ):
        with connect(server, kind, **which) as client:
            with pytest.raises(ServingError, match=message) as caught:
                client.predict({"frames": FRAMES})
            assert caught.value.code == "NOT_FOUND"
    with pytest.raises(ValueError, match="a version or a label"):
        connect(server, kind, version=1, label="stable")


# === Servers that are not there, late or slow ===


@pytest.mark.parametrize("make", [GrpcClient, RestClient])
def test_no_server_is_unavailable_within_the_deadline(make):
    start = time.monotonic()
    with (
        make("localhost:1", "tiny", timeout=2) as client,
        pytest.raises(ServingError) as caught,
    ):
        client.predict({"frames": FRAMES})
    assert caught.value.code == "UNAVAILABLE"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_deadline_is_kept(server, kind):
    with connect(server, kind, timeout=0.001) as client, pytest.raises(ServingError) as caught:
        client.predict({"frames": FRAMES})
    assert caught.value.code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_a_client_waits_for_a_server_that_starts(exported, kind):
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options()) as first:
        ports = {"port": first.port, "rest_port": first.rest_port}
        client = connect(first, kind, attempts=12)
        client.predict({"frames": FRAMES})
    late = LocalServer([config], options(**ports))
    starting = threading.Timer(1, late.start)
    starting.start()
    try:
        with client:
            assert len(client.predict({"frames": FRAMES}).top()) == 2
    finally:
        starting.join()
        late.stop()


def test_an_encrypted_channel(exported, tmp_path):
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl to make a certificate")
    files = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    config = ModelConfig("tiny", exported[0].parent)
    with LocalServer([config], options(rest_port=None, tls=files)) as server:
        tls = Tls(roots=files[0])
        with connect(server, "grpc", tls=tls) as client:
            assert len(client.predict({"frames": FRAMES}).top()) == 2
        with (
            connect(server, "grpc", timeout=1) as client,
            pytest.raises(ServingError, match="UNAVAILABLE"),
        ):
            client.predict({"frames": FRAMES})


# === Without TensorFlow ===

ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "tensorflow_serving"):
            raise ImportError(f"{name} is not to be had here")
sys.meta_path.insert(0, Refuse())
import numpy as np
from keras_i3d.export.client.grpc_client import GrpcClient
from keras_i3d.export.client.rest_client import RestClient
from keras_i3d.export.client.video_query import ask_about, sending
for client in (GrpcClient("localhost:%d", "tiny"), RestClient("localhost:%d", "tiny")):
    with client:
        metadata = client.metadata()
        for signature in ("jpeg_frames", "classify", "serving_default"):
            how = sending(metadata, signature)
            (window,) = ask_about(client, how, "%s")
            print(window.start, window.end, window.answer.top()[0][0][0], client.status())
"""


def test_clients_need_no_tensorflow(server, counting_video):
    program = ALONE % (server.port, server.rest_port, counting_video)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = set(done.stdout.splitlines())
    assert len(done.stdout.splitlines()) == 6
    assert len(lines) == 1  # whichever way it was asked
    assert lines.pop().startswith("0.0 0.4 class ")
