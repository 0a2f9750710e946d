"""docs/serving.md is true: its commands and examples run in their order, its table is I3D's."""

import contextlib
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import yaml
from google.protobuf import json_format
from PIL import Image
from tensorflow_serving.apis import model_service_pb2, prediction_service_pb2

from keras_i3d.data import VideoFile
from keras_i3d.export.client.video_query import encoded
from keras_i3d.export.served_record import CLASSIFY_INPUT
from keras_i3d.export.signatures import ServedNetwork
from keras_i3d.models.catalogue import I3D
from keras_i3d.models.i3d import build_i3d
from keras_i3d.weights.trained import record_of
from tests.conftest import PROJECT

PAGE = "docs/serving.md"
CLIP = "v_CricketShot_g04_c01.avi"
WEB = ("curl", "grpcurl")


def commands(program):
    """The page's commands of a program, as lists of words."""
    text = (PROJECT / PAGE).read_text("utf-8")
    lines = re.findall(rf"^\$ ({program} .*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


# === The walk ===


@pytest.fixture
def folder(tmp_path, monkeypatch, shared):
    """The folder of the walk, with the reader's clip and its frames."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").symlink_to(shared / "clips" / CLIP)
    (tmp_path / "frames").mkdir()
    with VideoFile("clip.mp4") as video:
        for number, (image, _, _) in zip(range(16), video, strict=False):
            Image.fromarray(image).save(f"frames/{number:03}.jpg")
    return tmp_path


def test_the_walk_with_a_tiny_network(folder, exported, capsys):
    for version in "12":
        shutil.copytree(exported[0], folder / "models" / "i3d" / version)
    walk(folder, made=True, shape="(1, 7)")


@pytest.mark.long  # very much so on a processor without bfloat16
@pytest.mark.timeout(3600)
def test_the_walk_with_i3d(folder, real_weights, capsys):
    said = walk(folder, made=False, shape="(1, 400)")
    assert said.count("playing cricket") == 3
    # The whole video and its timeline, two windows, and by JSON.
    assert capsys.readouterr().out.count("playing cricket") == 5


def walk(folder, made, shape):
    """Run the page; what its commands said. Ports are free ones instead of the page's."""
    ports = {"8500": free_port(), "8501": free_port()}

    def local(text):
        return re.sub("localhost:(8500|8501)", lambda m: f"localhost:{ports[m[1]]}", text)

    programs = ("keras-i3d", *WEB)
    text = (PROJECT / PAGE).read_text("utf-8")
    command = rf"^\$ (?:{'|'.join(programs)}) .*$"
    lines = re.findall(rf"{command}|^```python\n[\s\S]*?^```$", text, re.MULTILINE)
    said, verbs = "", []
    with contextlib.ExitStack() as stack:
        for line in lines:
            if line.startswith("```python"):
                code = local(line.removeprefix("```python\n").removesuffix("```"))
                exec(compile(code, PAGE, "exec"), {})
                continue
            words = shlex.split(local(line[2:]), comments=True)
            verbs.append(words[1])
            if words[1] == "serve":
                stack.enter_context(serving(words, ports))
            elif not (made and words[1] == "export_saved_model") and can_run(words):
                said += done(words)
    assert verbs.count("export_saved_model") == 2
    assert verbs.count("query") == 4
    assert {"serve", "serving_config"} <= set(verbs)
    assert ':tensorflow:serving:request_count{model_name="i3d",status="OK"}' in said
    containers(folder / "serving")
    return said


def done(words):
    """What a command prints; it must succeed."""
    if words[0] == "keras-i3d":
        words = [Path(sys.executable).parent / words[0], *words[1:]]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, f"{words}\n{ended.stderr}"
    return ended.stdout


def can_run(words):
    """Whether the program is here, and the protocols that it is pointed to."""
    return shutil.which(words[0]) is not None and "-import-path" not in words or words[0] not in WEB


@contextlib.contextmanager
def serving(words, ports):
    """The page's server, until the walk is over."""
    program = Path(sys.executable).parent / words[0]
    flags = [f"--port={ports['8500']}", f"--rest_port={ports['8501']}"]
    server = subprocess.Popen(
        [program, *words[1:], *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log = threading.Thread(target=server.stderr.read, daemon=True)
    log.start()
    try:
        assert any(line.startswith("  page ") for line in server.stdout)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)
    assert server.returncode == 0


def containers(folder):
    """What needs Docker or Kubernetes is read, not run."""
    started = [word for line in commands("(?:bash|docker|kubectl)") for word in line if "/" in word]
    assert sorted(started) == [
        "serving/docker-compose.yml",
        "serving/kubernetes.yaml",
        "serving/run.sh",
    ]
    assert subprocess.run(["bash", "-n", folder / "run.sh"]).returncode == 0
    for name in ("docker-compose.yml", "kubernetes.yaml"):
        assert all(yaml.safe_load_all((folder / name).read_text("utf-8")))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


# === What is not run everywhere ===


def test_grpcurl_asks_for_what_there_is():
    """Its services, methods and messages are those of the protocol, whether it is here or not."""
    files = (prediction_service_pb2, model_service_pb2)
    services = {s.full_name: s for f in files for s in f.DESCRIPTOR.services_by_name.values()}
    asked = []
    for words in commands("grpcurl"):
        service, _, method = words[-1].partition("/")
        if "-d" in words:
            message = services[service].methods_by_name[method].input_type._concrete_class()
            json_format.Parse(words[words.index("-d") + 1], message)
            assert message.model_spec.name == "i3d"
            asked.append(method)
    assert asked == ["GetModelMetadata", "GetModelStatus", "Predict"]


def test_a_client_needs_the_packages_that_are_named():
    """Those that are loaded by clients and `query`, without TensorFlow."""
    named, _ = commands("pip install")
    code = "import sys, json; before = set(sys.modules)\n"
    code += "import keras_i3d.export.client.grpc_client, keras_i3d.export.client.rest_client\n"
    code += "import keras_i3d.tools.query, keras_i3d.export.client.video_query as q, numpy\n"
    code += "q.encoded(numpy.zeros((8, 8, 3), numpy.uint8))\n"
    code += "print(json.dumps(sorted({n.split('.')[0] for n in set(sys.modules) - before})))"
    ran = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE)
    homes = metadata.packages_distributions()
    loaded = {homes[name][0].lower() for name in json.loads(ran.stdout) if name in homes}
    # What comes with the others, and what gRPC looks for and does without.
    loaded -= {"keras-i3d", "typing-extensions", "typing_extensions"}
    assert loaded - {"grpcio-health-checking", "grpcio-reflection"} == set(named[2:])


# === The table ===


def test_the_table_of_signatures_is_true():
    """Names, types and shapes of I3D's signatures, asked about 16 frames."""
    text = (PROJECT / PAGE).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", text, re.MULTILINE)
    labels = tuple(f"class {number}" for number in range(400))
    record = record_of(I3D, "rgb", I3D.seen("rgb"), labels)
    served = ServedNetwork(build_i3d(classifier_activation=None), record)
    signatures = served.signatures()
    assert [name for name, _, _ in rows] == [
        *("serving_default", "jpeg_frames", "features", "preprocessed", "classify", "metadata")
    ]
    sizes = {"batch": 1, "time": 16, "time / 8": 2, "height": 256, "width": 320, "classes": 400}
    sizes["k"] = 5
    frames = np.zeros((1, 16, 256, 320, 3), np.uint8)
    given = {
        "serving_default": frames,
        "features": frames,
        "jpeg_frames": np.array([[encoded(frame) for frame in frames[0]]], object),
        "preprocessed": np.zeros((1, 16, 224, 224, 3), np.float32),
    }
    takes, gives = "", ""
    for name, now_takes, now_gives in rows[:4]:
        takes = takes if "as above" in now_takes else now_takes
        gives = gives if now_gives == "the same" else now_gives
        if name == "features":
            takes = rows[0][1]
        (spec,) = signatures[name].inputs
        asked, kind, shape = re.search(r"`(\w+)` (\w+) \(([^)]*)\)", takes).groups()
        assert (asked, kind) == (spec.name, spec.dtype.name)
        assert sized(shape, sizes) == given[name].shape
        assert spec.shape.is_compatible_with(given[name].shape)
        outputs = signatures[name].function(given[name])
        assert {key: tuple(value.shape) for key, value in outputs.items()} == shapes(gives, sizes)
    (spec,) = signatures["classify"].inputs
    assert (spec.name, spec.dtype.name) == (CLASSIFY_INPUT, "string")
    assert set(shapes(rows[4][2], sizes)) == {"classes", "scores"}


def shapes(cell, sizes):
    """'`a`, `b` (batch, k)' to {"a": (1, 5), "b": (1, 5)}"""
    found = {}
    for names, shape in re.findall(r"((?:`\w+`(?:, )?)+) \(([^)]*)\)", cell):
        for name in re.findall(r"`(\w+)`", names):
            found[name] = sized(shape, sizes)
    return found


def sized(shape, sizes):
    return tuple(int(sizes.get(side, side)) for side in shape.split(", "))
