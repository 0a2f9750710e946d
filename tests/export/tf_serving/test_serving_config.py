"""Every generated file is read back by what will read it."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.export.served_record import ServedRecord
from keras_i3d.export.tf_serving.model_sizes import ModelSizes, exported_sizes, sizes_of
from keras_i3d.export.tf_serving.serving_config import ServingConfig, files, write_serving_config

STABLE = ServingConfig(
    "i3d-rgb", "/srv/models", versions=(1, 2), labels=(("stable", 1), ("canary", 2)), max_batch=6
)


@pytest.fixture(scope="module")
def serving_messages():
    """BatchingParameters and MonitoringConfig, which are in no package: field by field as in
    tensorflow/serving's session_bundle_config.proto and monitoring_config.proto."""
    pool = descriptor_pool.DescriptorPool()
    file = descriptor_pb2.FileDescriptorProto(name="serving.proto", package="s", syntax="proto3")

    def message(name, fields):
        made = file.message_type.add(name=name)
        for number, field, kind, repeated in fields:
            added = made.field.add(name=field, number=number, label=3 if repeated else 1)
            if isinstance(kind, str):
                added.type, added.type_name = 11, f".s.{kind}"
            else:
                added.type = kind

    boolean, integer, text = 8, 3, 9
    message("Int64Value", [(1, "value", integer, False)])
    message(
        "BatchingParameters",
        [
            (1, "max_batch_size", "Int64Value", False),
            (2, "batch_timeout_micros", "Int64Value", False),
            (3, "max_enqueued_batches", "Int64Value", False),
            (4, "num_batch_threads", "Int64Value", False),
            (6, "allowed_batch_sizes", integer, True),
            (7, "pad_variable_length_inputs", boolean, False),
        ],
    )
    message("PrometheusConfig", [(1, "enable", boolean, False), (2, "path", text, False)])
    message("MonitoringConfig", [(1, "prometheus_config", "PrometheusConfig", False)])
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"s.{name}"))
        for name in ("BatchingParameters", "MonitoringConfig")
    }


def test_models_config_is_what_tf_serving_reads():
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2")
    read = text_format.Parse(files(STABLE)["models.config"], config.ModelServerConfig())
    (model,) = read.model_config_list.config
    assert (model.name, model.base_path) == ("i3d-rgb", "/models/i3d-rgb")
    assert list(model.model_version_policy.specific.versions) == [1, 2]
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    plain = text_format.Parse(files(ServingConfig())["models.config"], config.ModelServerConfig())
    assert plain.model_config_list.config[0].model_version_policy.latest.num_versions == 1


def test_batching_config(serving_messages):
    read = text_format.Parse(
        files(STABLE)["batching.config"], serving_messages["BatchingParameters"]()
    )
    assert read.max_batch_size.value == 6
    assert list(read.allowed_batch_sizes) == [1, 2, 4, 6]  # rising, the last is the largest
    assert read.num_batch_threads.value == 1


def test_monitoring_config(serving_messages):
    read = text_format.Parse(
        files(STABLE)["monitoring.config"], serving_messages["MonitoringConfig"]()
    )
    assert read.prometheus_config.enable


@pytest.mark.parametrize("gpu", [False, True])
def test_compose_and_kubernetes_are_yaml_with_limits_and_checks(gpu):
    config = ServingConfig(gpu=gpu)
    (service,) = yaml.safe_load(files(config)["docker-compose.yml"])["services"].values()
    assert service["image"].startswith("tensorflow/serving:2.")
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    assert service["mem_limit"] == f"{config.memory_mb}m"
    assert service["healthcheck"]["test"][:2] == ["CMD", "bash"]
    assert ("deploy" in service) == gpu
    settings, deployment, exposed = yaml.safe_load_all(files(config)["kubernetes.yaml"])
    for name in ("models.config", "batching.config", "monitoring.config"):
        assert settings["data"][name] == files(config)[name]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith("-gpu") == gpu
    assert container["readinessProbe"]["httpGet"]["path"] == "/v1/models/i3d"
    assert container["resources"]["limits"]["memory"] == f"{config.memory_mb}Mi"
    assert ("nvidia.com/gpu" in container["resources"]["limits"]) == gpu
    assert [port["port"] for port in exposed["spec"]["ports"]] == [8500, 8501]


class Status(BaseHTTPRequestHandler):
    """Answers as TensorFlow Serving does about a model's state."""

    def do_GET(self):
        body = json.dumps({"model_version_status": [{"state": self.server.state}]}).encode()
        self.send_response(200 if self.path == "/v1/models/i3d" else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("state, healthy", [("AVAILABLE", True), ("LOADING", False), (None, False)])
def test_the_health_check_is_run_as_it_stands(state, healthy):
    """The very command of the compose file, against a server of that state, or none."""
    (service,) = yaml.safe_load(files(ServingConfig())["docker-compose.yml"])["services"].values()
    _, *command = service["healthcheck"]["test"]
    with HTTPServer(("127.0.0.1", 0), Status) as server:
        server.state = state
        if state:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        port = str(server.server_port) if state else "1"
        command[-1] = command[-1].replace("8501", port)
        done = subprocess.run(command, capture_output=True, timeout=60)
        if state:
            server.shutdown()
    assert (done.returncode == 0) == healthy


def test_the_script_is_a_shell_script(tmp_path):
    paths = write_serving_config(tmp_path / "serving", STABLE)
    assert sorted(p.name for p in paths) == sorted(p.name for p in (tmp_path / "serving").iterdir())
    assert subprocess.run(["bash", "-n", tmp_path / "serving" / "run.sh"]).returncode == 0


def test_memory_grows_with_what_may_be_there():
    # 2 versions of 1000, 4 clips of 220, 32 waiting of 17, 1000 to spare: 4424, up to the next 500.
    assert ServingConfig().memory_mb == 4500
    assert ServingConfig(max_batch=8).memory_mb == 6000
    # 2 versions of 1200, 4 clips of 440, 32 waiting of 50, 1000 to spare: 6760.
    twice = ModelSizes(frames=128, loaded=1200, clip=440, raw_clip=50)
    assert ServingConfig(sizes=twice).memory_mb == 7000
    assert "one of 128 frames takes 440 MB" in files(ServingConfig(sizes=twice))["batching.config"]


def test_sizes_are_those_of_the_newest_export(tmp_path):
    """Twice I3D's frames take twice as much; 100 MB of weights beyond I3D's are counted twice."""
    assert exported_sizes(tmp_path / "gone") is None
    assert sizes_of(ServedRecord(inputs={"rgb": Input()})) == ModelSizes()
    for number, frames in (("9", 64), ("10", 128)):
        (tmp_path / number / "assets.extra").mkdir(parents=True)
        (tmp_path / number / "variables").mkdir()
        variables = tmp_path / number / "variables" / "variables.data-00000-of-00001"
        with variables.open("wb") as file:
            file.truncate(151_000_000)
        record = ServedRecord(inputs={"rgb": Input(frames=frames)})
        text = json.dumps(record.as_metadata())
        (tmp_path / number / "assets.extra" / "metadata.json").write_text(text)
    # 128 x 256 x 340 x 3 bytes are 33.4 MB.
    assert exported_sizes(tmp_path) == ModelSizes(frames=128, loaded=1200, clip=440, raw_clip=34)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"name": "../i3d"}, "letters, digits"),
        ({"max_batch": 0}, "at least 1"),
        ({"labels": (("stable", 1),)}, "which is not served"),
        ({"versions": (1,), "labels": (('a" b', 1),)}, "letters, digits"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ServingConfig(**arguments)
