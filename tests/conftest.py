"""Fixtures that every test may use; what needs the shared folder is skipped where it is not."""

import contextlib
import functools
import http.server
import os
import signal
import sys
import threading
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import av
import numpy as np
import pytest
from hypothesis import settings

# Where the tests run in the background a shell has them, and what they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is no fault of an example: only pytest's own time limit counts. The examples are
# the same in every run.
settings.register_profile("any machine", deadline=None, derandomize=True)
settings.load_profile("any machine")

PROJECT = Path(__file__).parent.parent
# `keras-i3d` without graphs: where few steps are trained, making them takes most of the time.
EAGER_COMMAND = [
    sys.executable,
    "-c",
    "import sys\n"
    "from keras_i3d.tools.command import main\n"
    "from keras_i3d.tools.running import quiet_import\n"
    "if sys.argv[1] in ('train', 'decode_flow', 'experiments'):\n"
    "    with quiet_import():\n"
    "        import tensorflow as tf\n"
    "    tf.config.run_functions_eagerly(True)\n"
    "sys.argv[0] = 'keras-i3d'\n"
    "main()",
]


def slow_or_long(cases, *slow):
    """Parameters: those named in `slow`, or of which a part is, are slow; the others are long."""
    for case in cases:
        parts = case if isinstance(case, tuple) else (case,)
        mark = pytest.mark.slow if set(parts) & set(slow) else pytest.mark.long
        yield pytest.param(*parts, marks=mark)


def shared_folder() -> Path:
    """The folder of golden outputs, real weights and clips."""
    return Path(os.environ.get("KERAS_I3D_SHARED", PROJECT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"needs the shared folder of golden outputs; there is none at {folder}")
    return folder


@pytest.fixture(scope="session")
def nasty(shared, tmp_path_factory) -> Path:
    """Links to the shared nasty files; broken_link.mp4 leads to nothing, however it was copied."""
    folder = tmp_path_factory.mktemp("nasty")
    for path in (shared / "nasty").iterdir():
        if path.name not in ("broken_link.mp4", "nasty.json"):
            (folder / path.name).symlink_to(path)
    (folder / "broken_link.mp4").symlink_to("gone.mp4")
    return folder


@pytest.fixture(scope="session")
def golden_rules(shared):
    """make_checkpoint and clips of the shared folder: the rules of the recorded cases."""
    sys.path.insert(0, str(shared / "golden"))
    try:
        import clips
        import make_checkpoint
    finally:
        sys.path.pop(0)
    return make_checkpoint, clips


@pytest.fixture(scope="session")
def aside():
    """A process of its own for calls whose memory is measured."""
    from tests.memory import ProcessAside  # psutil, which not every environment of the tests has

    with ProcessAside() as process:
        yield process


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """No test reads or fills the user's own cache, or reaches a network by accident."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KERAS_I3D_HOME", str(home))
    monkeypatch.delenv("KERAS_I3D_WEIGHTS", raising=False)
    return home


@pytest.fixture
def eagerly():
    """TensorFlow without graphs: a few steps of training take half the time."""
    tf = pytest.importorskip("tensorflow")
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def real_weights(shared, monkeypatch):
    """DeepMind's rgb_scratch is found in the shared folder."""
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", str(shared / "checkpoints"))


@pytest.fixture(scope="session")
def kinetics_rgb(shared):
    """I3D with DeepMind's rgb_scratch, ending in logits; read once."""
    import keras_i3d

    path = shared / "checkpoints" / "rgb_scratch" / "model.ckpt"
    return keras_i3d.I3D(str(path), classifier_activation=None)


def write_video(path, frames, fps=25, codec="ffv1", pix_fmt="bgr0", stamps=None, rotation=None):
    """A video of uint8 (height, width, 3) frames, lossless unless told otherwise."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            if stamps is not None:
                frame.pts = stamps[number]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder):
    """The address of an HTTP server of a folder."""
    handler = functools.partial(QuietHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def counting_video(tmp_path):
    """Ten frames of 40 x 30 at 25 fps; frame i is filled with 20 i."""
    frames = [np.full((30, 40, 3), 20 * i, np.uint8) for i in range(10)]
    return write_video(tmp_path / "counting.mkv", frames)
