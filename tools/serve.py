"""A local server of exported models, with TensorFlow Serving's protocol and a page to try them on.

  keras-i3d serve --model=models/i3d                  gRPC at 8500, REST and the page at 8501
  keras-i3d serve --model=rgb=models/i3d --model=flow=models/i3d_flow

For development and small loads; in production use TensorFlow Serving, which takes the same models
and requests. Serve only models that you trust: loading one runs what is in it. New versions in a
model's folder are picked up. Ctrl-C and SIGTERM end it when the requests under way are answered.
Exit status: 0 after SIGTERM, 130 after Ctrl-C, 1 when it cannot serve, 2 for wrong flags.
"""

import importlib.util
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from absl import flags
from absl import logging as absl_logging

from keras_i3d.export.server.options import Limits, ModelConfig, Options, is_name
from keras_i3d.tools.running import FlagError, ToolError, quiet_import, run

NEEDED = (
    "grpc",
    "grpc_health",
    "grpc_reflection",
    "prometheus_client",
    "tensorflow_serving",
    "waitress",
)
MODEL = flags.DEFINE_multi_string(
    "model", [], "[NAME=]DIR: a folder of versions; its name is the model's unless given"
)
HOST = flags.DEFINE_string(
    "host", "127.0.0.1", "address to listen on; 0.0.0.0 for all, without any access control"
)
PORT = flags.DEFINE_integer("port", 8500, "gRPC; 0 takes a free one", 0, 65535)
REST_PORT = flags.DEFINE_integer("rest_port", 8501, "REST and the page; 0 a free one", 0, 65535)
VERSIONS = flags.DEFINE_list(
    "versions", ["latest"], "which versions: latest, all, or numbers such as 3,7"
)
LABEL = flags.DEFINE_multi_string("label", [], "[MODEL:]LABEL=VERSION, such as stable=3")
MESSAGE = flags.DEFINE_integer("max_message_mb", 64, "the largest request", 1, 1024)
FRAMES = flags.DEFINE_integer("max_frames", 256, "frames of a request, of all its clips", 1)
QUEUE = flags.DEFINE_integer("queue", 32, "requests that may wait; more are refused", 1)
TIMEOUT = flags.DEFINE_float("timeout", 120, "seconds after which a request is given up", 0.001)
BATCH_FRAMES = flags.DEFINE_integer(
    "batch_frames", 256, "frames that go through a network together", 1
)
BATCH_WINDOW = flags.DEFINE_float("batch_window_ms", 5, "how long a request waits for others", 0)
BATCH_THREADS = flags.DEFINE_integer("batch_threads", 1, "batches at once; each uses all cores", 1)
POLL = flags.DEFINE_float("poll_seconds", 1, "between two looks for new versions", 0.05)
WARM_UP = flags.DEFINE_bool("warm_up", True, "answer the recorded requests before serving")
GRACE = flags.DEFINE_float("grace", 30, "seconds for the requests under way at the end", 0)
TLS_CERT = flags.DEFINE_string("tls_cert", None, "gRPC's certificate (PEM); HTTP stays plain")
TLS_KEY = flags.DEFINE_string("tls_key", None, "its key (PEM)")
RELOAD_BELOW = flags.DEFINE_multi_string(
    "reload_below", [], "clients may choose to serve any model below this folder"
)
SAMPLE = flags.DEFINE_string("sample", None, "a video that the page offers")


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if bool(TLS_CERT.value) != bool(TLS_KEY.value):
        raise FlagError("--tls_cert and --tls_key belong together: give both")
    for path in (SAMPLE.value, TLS_CERT.value, TLS_KEY.value):
        if path and not Path(path).is_file():
            raise FlagError(f"{path}: no such file")
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ToolError(f"{', '.join(missing)} missing: pip install 'keras-i3d[serving]'")
    configs = _configs()
    # Here and not above: the processes that decode the page's videos import this module too.
    with quiet_import():
        from keras_i3d.export.server.local_server import LocalServer
    absl_logging.set_verbosity(absl_logging.INFO)
    options = Options(
        host=HOST.value,
        port=PORT.value,
        rest_port=REST_PORT.value,
        limits=Limits(MESSAGE.value << 20, FRAMES.value, TIMEOUT.value),
        batch_frames=BATCH_FRAMES.value,
        batch_window=BATCH_WINDOW.value / 1000,
        batch_threads=BATCH_THREADS.value,
        queue=QUEUE.value,
        poll=POLL.value,
        warm_up=WARM_UP.value,
        tls=(TLS_CERT.value, TLS_KEY.value) if TLS_CERT.value else None,
        reload_below=tuple(map(Path, RELOAD_BELOW.value)),
        sample=Path(SAMPLE.value) if SAMPLE.value else None,
    )
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        server = LocalServer(configs, options)
        server.start()
    except (OSError, ValueError) as error:
        raise ToolError(error) from error
    _greet(server)
    try:
        while not stop.wait(1):
            pass
    finally:
        print("stopping: the requests under way are answered, new ones refused", flush=True)
        server.stop(GRACE.value)
    return 0


def _greet(server) -> None:
    host = "localhost" if HOST.value in ("0.0.0.0", "127.0.0.1") else HOST.value
    print(
        "A local server, for development and small loads; in production use TensorFlow Serving,\n"
        "which takes the same models and requests."
    )
    if HOST.value not in ("127.0.0.1", "localhost", "::1"):
        print("note: it listens to other machines, and asks nobody who they are")
    for name in server.models.names:
        print(f"  {name}, version {', '.join(map(str, server.models.served(name)))}")
    print(f"  gRPC   {host}:{server.port}{' (TLS)' if TLS_CERT.value else ''}")
    print(f"  REST   http://{host}:{server.rest_port}/v1/models/{server.models.names[0]}")
    print(f"  page   http://{host}:{server.rest_port}/", flush=True)


def _configs() -> list[ModelConfig]:

    if not MODEL.value:
        raise FlagError("no model: give --model=DIR, the folder that its versions are in")
    latest, versions = _policy()
    labels = _labels()
    configs = {}
    for text in MODEL.value:
        name, equals, folder = text.partition("=")
        if not equals:
            name, folder = Path(text).resolve().name, text
        if not Path(folder).is_dir():
            raise FlagError(f"--model={text}: {folder} is not a folder")
        if Path(folder, "saved_model.pb").exists():
            raise FlagError(
                f"--model={text}: that is one version; give the folder that it is in, "
                f"{Path(folder).resolve().parent}"
            )
        if not is_name(name):
            raise FlagError(f"--model={text}: call it otherwise, by letters and digits: NAME=DIR")
        if name in configs:
            raise FlagError(f"two models are called {name}: give NAME=DIR")
        named = {label: number for (m, label), number in labels.items() if m in ("", name)}
        configs[name] = ModelConfig(name, Path(folder).resolve(), latest, versions, named)
    if unknown := sorted({model for model, _ in labels} - {"", *configs}):
        raise FlagError(f"--label={unknown[0]}:…: there is no model of this name")
    return list(configs.values())


def _policy() -> tuple[int, tuple[int, ...]]:
    """(how many of the latest, which)."""
    if VERSIONS.value in (["latest"], ["all"]):
        return int(VERSIONS.value == ["latest"]), ()
    if not VERSIONS.value or not all(number.isdecimal() for number in VERSIONS.value):
        raise FlagError(f"--versions={','.join(VERSIONS.value)}: latest, all, or numbers")
    return 0, tuple(map(int, VERSIONS.value))


def _labels() -> dict[tuple[str, str], int]:
    """{(model or "", label): version}"""
    found = {}
    for text in LABEL.value:
        name, _, number = text.partition("=")
        model, _, label = name.rpartition(":")
        if not label or not number.isdecimal():
            raise FlagError(f"--label={text}: [MODEL:]LABEL=VERSION is wanted, such as stable=3")
        found[model, label] = int(number)
    return found


if __name__ == "__main__":
    run(main)
