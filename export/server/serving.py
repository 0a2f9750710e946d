"""Serve models until told to stop: what `keras-i3d serve` does, for Python."""

import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from keras_i3d.export.server.options import ModelConfig, Options, is_name

# Packages of the extra "serving".
NEEDED = (
    "grpc",
    "grpc_health",
    "grpc_reflection",
    "prometheus_client",
    "tensorflow_serving",
    "waitress",
)
LOCAL = ("127.0.0.1", "localhost", "::1")


def model_configs(
    models: Iterable[str], versions: Iterable[str] = ("latest",), labels: Iterable[str] = ()
) -> list[ModelConfig]:
    """Return what to serve, from words as a command line has them.

    Args:
        models: [NAME=]DIR each: a folder of versions, whose name is the model's unless given.
        versions: of every model: "latest", "all", or numbers.
        labels: [MODEL:]LABEL=VERSION each, such as "stable=3"; without MODEL of every model.

    Raises:
        ValueError: an invalid word; says which, and what is expected.
    """
    latest, numbers = _policy(list(versions))
    named = _labels(labels)
    configs: dict[str, ModelConfig] = {}
    for text in models:
        name, folder = _model(text)
        if name in configs:
            raise ValueError(f"two models are called {name}: give NAME=DIR")
        own = {label: number for (model, label), number in named.items() if model in ("", name)}
        configs[name] = ModelConfig(name, folder, latest, numbers, own)
    if not configs:
        raise ValueError("no model: give --model=DIR, the folder that its versions are in")
    if unknown := sorted({model for model, _ in named} - {"", *configs}):
        raise ValueError(f"--label={unknown[0]}:…: there is no model of this name")
    return list(configs.values())


def check_packages() -> None:
    """Raise ImportError where packages of the extra "serving" are missing; loads none."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        raise ImportError(f"{', '.join(missing)} missing: pip install 'keras-i3d[serving]'")


def serve(
    configs: list[ModelConfig],
    options: Options | None = None,
    grace: float = 30,
    say: Callable[[str], None] = print,
) -> None:
    """Serve models until SIGTERM; Ctrl-C raises KeyboardInterrupt. Both end it in order.

    Args:
        configs, options: see `LocalServer`.
        grace: seconds for the requests under way at the end.
        say: gets what a user should know, line by line.

    Raises:
        ImportError: packages are missing; says which.
        OSError, ValueError: a port cannot be opened; no version of a model can be served.
    """
    check_packages()
    # Here and not above: the processes that decode the page's videos import the caller's module.
    from keras_i3d.export.server.local_server import LocalServer

    options = options or Options()
    # Python's threads take turns this often: health is answered between those that work.
    sys.setswitchinterval(0.001)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    server = LocalServer(configs, options)
    server.start()
    for line in _greeting(server, options):
        say(line)
    try:
        while not stop.wait(1):
            pass
    finally:
        say("stopping: requests in progress are answered, new ones refused")
        server.stop(grace)


def _greeting(server, options: Options) -> Iterable[str]:
    host = "localhost" if options.host in ("0.0.0.0", "127.0.0.1") else options.host
    yield "A local server, for development and small loads; in production use TensorFlow Serving,"
    yield "which takes the same models and requests."
    if options.host not in LOCAL:
        yield "note: it listens to other machines, and asks nobody who they are"
    names = server.models.names
    for name in names:
        yield f"  {name}, version {', '.join(map(str, server.models.served(name)))}"
    yield f"  gRPC   {host}:{server.port}{' (TLS)' if options.tls else ''}"
    yield f"  REST   http://{host}:{server.rest_port}/v1/models/{names[0]}"
    yield f"  page   http://{host}:{server.rest_port}/"


def _model(text: str) -> tuple[str, Path]:
    """(name, folder of versions)"""
    name, equals, folder = text.partition("=")
    if not equals:
        name, folder = Path(text).resolve().name, text
    if not Path(folder).is_dir():
        raise ValueError(f"--model={text}: {folder} is not a folder")
    home = Path(folder).resolve()
    if (home / "saved_model.pb").exists():
        raise ValueError(
            f"--model={text}: that is one version; give the folder that it is in, {home.parent}"
        )
    if not is_name(name):
        raise ValueError(f"--model={text}: name it with letters and digits: NAME=DIR")
    return name, home


def _policy(versions: list[str]) -> tuple[int, tuple[int, ...]]:
    """(how many of the latest, which)"""
    if versions in (["latest"], ["all"]):
        return int(versions == ["latest"]), ()
    if not versions or not all(number.isdecimal() for number in versions):
        raise ValueError(
            f"--versions should be latest, all, or numbers. Received: {','.join(versions)}"
        )
    return 0, tuple(map(int, versions))


def _labels(labels: Iterable[str]) -> dict[tuple[str, str], int]:
    """{(model or "", label): version}"""
    found = {}
    for text in labels:
        name, _, number = text.partition("=")
        model, _, label = name.rpartition(":")
        if not label or not number.isdecimal():
            raise ValueError(
                f"--label should be [MODEL:]LABEL=VERSION, such as stable=3. Received: {text}"
            )
        found[model, label] = int(number)
    return found
