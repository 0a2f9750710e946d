"""Serve exported models locally, with TensorFlow Serving's protocols and a page to try them.

  keras-i3d serve --model=models/i3d                  gRPC at 8500, REST and the page at 8501
  keras-i3d serve --model=rgb=models/i3d --model=flow=models/i3d_flow
  keras-i3d serve --model=runs/mine                   a training run's folder, or a .keras file

This server is for development and small loads. In production use TensorFlow Serving, which takes
the same models and requests. Serve only models that you trust: loading a model runs the code in it.
New versions in a model's folder are loaded automatically. After Ctrl-C or SIGTERM the server
answers the requests in progress and stops. Exit status: 0 after SIGTERM, 130 after Ctrl-C, 1 if it
cannot serve, 2 if a flag is wrong.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags
from absl import logging as absl_logging

from keras_i3d.export.server.options import Limits, ModelConfig, Options
from keras_i3d.export.server.serving import check_packages, model_configs, serve
from keras_i3d.export.server.trained_networks import exported, is_trained
from keras_i3d.tools.running import FlagError, ToolError, quiet_import, run

MODEL = flags.DEFINE_multi_string(
    "model",
    [],
    "[NAME=]PATH: a folder of versions, a training run's folder or a .keras file; NAME is the "
    "model's name [the name of the path]",
)
HOST = flags.DEFINE_string(
    "host", "127.0.0.1", "address to listen on; 0.0.0.0 accepts everyone, without access control"
)
PORT = flags.DEFINE_integer("port", 8500, "port for gRPC; 0 for any free one", 0, 65535)
REST_PORT = flags.DEFINE_integer(
    "rest_port", 8501, "port for REST and the page; 0 for any free one", 0, 65535
)
VERSIONS = flags.DEFINE_list(
    "versions", ["latest"], "which versions: latest, all, or numbers such as 3,7"
)
LABEL = flags.DEFINE_multi_string("label", [], "[MODEL:]LABEL=VERSION, such as stable=3")
MESSAGE = flags.DEFINE_integer("max_message_mb", 64, "largest request, in MB", 1, 1024)
FRAMES = flags.DEFINE_integer("max_frames", 256, "most frames in a request, over all its clips", 1)
QUEUE = flags.DEFINE_integer("queue", 32, "number of requests that may wait; more are refused", 1)
TIMEOUT = flags.DEFINE_float("timeout", 120, "time limit for a request, in seconds", 0.001)
BATCH_FRAMES = flags.DEFINE_integer("batch_frames", 256, "most frames in one batch", 1)
BATCH_WINDOW = flags.DEFINE_float(
    "batch_window_ms", 5, "how long a request waits for others to share its batch, in ms", 0
)
BATCH_THREADS = flags.DEFINE_integer("batch_threads", 1, "batches at once; each uses all cores", 1)
POLL = flags.DEFINE_float("poll_seconds", 1, "seconds between checks for new versions", 0.05)
WARM_UP = flags.DEFINE_bool("warm_up", True, "run the export's warm-up requests before serving")
GRACE = flags.DEFINE_float("grace", 30, "seconds to finish requests in progress at the end", 0)
TLS_CERT = flags.DEFINE_string(
    "tls_cert", None, "certificate for gRPC (PEM); HTTP is not encrypted"
)
TLS_KEY = flags.DEFINE_string("tls_key", None, "the key of --tls_cert (PEM)")
RELOAD_BELOW = flags.DEFINE_multi_string(
    "reload_below", [], "let clients load any model below this folder; may be repeated"
)
RELOAD = flags.DEFINE_bool("reload", True, "let clients on this machine change what is served")
RELOAD_FROM_OTHERS = flags.DEFINE_bool(
    "reload_from_others", False, "let clients on other machines change it too"
)
ALLOWED_HOST = flags.DEFINE_multi_string(
    "allowed_host", [], "also answer HTTP under this name, such as a proxy's; * for any"
)
SAMPLE = flags.DEFINE_string("sample", None, "a sample video for the page")


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    if bool(TLS_CERT.value) != bool(TLS_KEY.value):
        raise FlagError("--tls_cert and --tls_key belong together: give both")
    for path in (SAMPLE.value, TLS_CERT.value, TLS_KEY.value):
        if path and not Path(path).is_file():
            raise FlagError(f"{path}: no such file")
    trained = any(is_trained(model.rpartition("=")[2]) for model in MODEL.value)
    if not trained:  # what is wrong is then told before TensorFlow is loaded
        _configs(MODEL.value)
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
        reload=RELOAD.value,
        reload_from_others=RELOAD_FROM_OTHERS.value,
        allowed_hosts=tuple(ALLOWED_HOST.value),
        reload_below=tuple(map(Path, RELOAD_BELOW.value)),
        sample=Path(SAMPLE.value) if SAMPLE.value else None,
    )
    say = partial(print, flush=True)
    try:
        check_packages()
        with quiet_import():
            import keras_i3d.export.server.local_server  # noqa: F401
        with exported(MODEL.value, say) as models:
            serve(_configs(models), options, GRACE.value, say)
    except (ImportError, OSError, ValueError) as error:
        raise ToolError(error) from error
    return 0


def _configs(models: Sequence[str]) -> list[ModelConfig]:
    try:
        return model_configs(models, VERSIONS.value, LABEL.value)
    except ValueError as error:
        raise FlagError(error) from error


if __name__ == "__main__":
    run(main)
