"""Measure what a server costs: I3D over gRPC and REST, beside the same SavedModel in process.

  python benchmarks/serving.py [--model=models/i3d] [--video=FILE] [--rounds=5] [--frames=64]
  python benchmarks/serving.py --model=models/i3d --server=HOST:8500     TensorFlow Serving's

Three tables. Overhead: one clip of --frames frames of 256 x 256, by each way of asking; every way
is a process of its own, and they take turns, a clip a turn, while the server waits; the median and
the least of the turns, the median of their ratios to the SavedModel in process with the same input,
and the largest difference of the probabilities. Concurrency: as many clients as said, JPEG files by
gRPC, half a minute each: clips per second and how long a clip took. Start: from the command to the
first answer, with and without warm-up.

Without --model, I3D with the weights "kinetics" is exported first; without --video, the clip is
made here of photographs that move.
"""

import itertools
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import contenders
import numpy as np
from absl import app, flags

MODEL = flags.DEFINE_string("model", None, "a model's folder of versions [exported here]")
VIDEO = flags.DEFINE_string("video", None, "a video to cut the clip from [made here]")
FRAMES = flags.DEFINE_integer("frames", 64, "frames of the clip", lower_bound=9)
ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each contender", lower_bound=1)
CLIENTS = flags.DEFINE_list("clients", ["1", "2", "4", "8"], "clients at once")
SECONDS = flags.DEFINE_float("seconds", 30, "of each number of clients; 0 for none", 0)
START = flags.DEFINE_bool("start", True, "measure the start-up too")
SERVER = flags.DEFINE_string("server", None, "gRPC's HOST:PORT of a server that runs already")
REST = flags.DEFINE_string("rest", None, "its HOST:PORT of REST")
WORK = flags.DEFINE_string("work", None, "folder of the prepared data; for contenders")
VERSION = flags.DEFINE_string("version", None, "the version's folder; for contenders")

NAME, COMMAND = "i3d", Path(sys.executable).parent / "keras-i3d"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


# === Ways of asking ===


def clip() -> np.ndarray:
    """(time, 256, 256, 3) uint8, as a client sends it."""
    return np.load(f"{WORK.value}/clip.npy")


def files() -> list[bytes]:
    """Its frames as JPEG files."""
    from keras_i3d.export.client.video_query import encoded

    return [encoded(image) for image in clip()]


def in_process(signature: str):
    """The signature called in this process, on tensors that lie ready."""
    import tensorflow as tf

    function = tf.saved_model.load(VERSION.value).signatures[signature]
    given = [files()] if signature == "jpeg_frames" else clip()[None]
    return lambda: function(frames=tf.constant(given))["probabilities"].numpy()


def by_client(kind: str, signature: str):
    """A request from array or files to answer, on an open connection."""
    client = connect(kind)
    given = [files()] if signature == "jpeg_frames" else clip()[None]
    return lambda: client.predict({"frames": given}, signature).outputs["probabilities"]


def connect(kind: str):
    """A client of the server that --server and --rest name."""
    if kind == "REST":
        from keras_i3d.export.client.rest_client import RestClient

        return RestClient(f"http://{REST.value}", NAME, timeout=300)
    from keras_i3d.export.client.grpc_client import GrpcClient

    return GrpcClient(SERVER.value, NAME, timeout=300)


CONTENDERS = {
    "JPEG, SavedModel in process": partial(in_process, "jpeg_frames"),
    "JPEG, gRPC": partial(by_client, "gRPC", "jpeg_frames"),
    "JPEG, REST": partial(by_client, "REST", "jpeg_frames"),
    "raw, SavedModel in process": partial(in_process, "serving_default"),
    "raw, gRPC": partial(by_client, "gRPC", "serving_default"),
}


def contend(name: str) -> None:
    """A contender's process."""
    turn = CONTENDERS[name]()
    contenders.serve(turn, probabilities=turn()[0].tolist())


# === What is measured ===


def overhead(arguments: list[str]) -> None:
    """The first table."""
    running = contenders.started(
        (name, [sys.executable, __file__, *arguments, "--", name], QUIET)
        for name in CONTENDERS
        if REST.value or "REST" not in name
    )
    contenders.take_turns(running, ROUNDS.value)
    print(f"\none clip of {FRAMES.value} x 256 x 256, {ROUNDS.value} turns")
    print(f"{'':28} {'median s':>9} {'least s':>8} {'/ in process':>13} {'difference':>11}")
    for contender in running:
        kind = contender.name.partition(",")[0]
        own = next(c for c in running if c.name.startswith(kind))
        # Turn by turn: what else the machine does changes from round to round.
        ratio = statistics.median(np.divide(contender.seconds, own.seconds))
        first, second = (np.array(c.first["probabilities"]) for c in (contender, own))
        print(
            f"{contender.name:28} {statistics.median(contender.seconds):9.3f} "
            f"{min(contender.seconds):8.3f} {ratio:13.3f} {np.abs(first - second).max():11.1e}"
        )
        contender.close()


def concurrency() -> None:
    """The second table."""
    given = {"frames": [files()]}
    print(f"\nclients at once, JPEG files by gRPC, {SECONDS.value:g} s each")
    print(f"{'clients':>8} {'clips/s':>8} {'median s':>9} {'longest s':>10} {'refused':>8}")
    for count in map(int, CLIENTS.value):
        seconds, refused, begun = [], [], time.monotonic()

        def ask(seconds=seconds, refused=refused, begun=begun):
            from keras_i3d.export.client.answer import ServingError

            with connect("gRPC") as client:
                while time.monotonic() < begun + SECONDS.value:
                    try:
                        answer = client.predict(given, "jpeg_frames", ["scores"])
                        seconds.append(answer.seconds)
                    except ServingError as error:
                        refused.append(error)

        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(seconds) / (time.monotonic() - begun)
        print(
            f"{count:8} {rate:8.2f} {statistics.median(seconds):9.2f} {max(seconds):10.2f} "
            f"{len(refused):8}"
        )


def start_up(folder: str) -> None:
    """The third table."""
    given = {"frames": [files()]}
    print("\na new server, seconds")
    print(
        f"{'':14} {'ready':>8} {'1st answer':>11} {'2nd answer':>11} {'command to 1st answer':>22}"
    )
    for flag in ("--warm_up", "--nowarm_up"):
        begun = time.monotonic()
        with Server(folder, flag) as server:
            ready = time.monotonic() - begun
            flags.FLAGS.server = server.address
            with connect("gRPC") as client:
                first, second = (client.predict(given, "jpeg_frames").seconds for _ in range(2))
        print(f"{flag:14} {ready:8.2f} {first:11.2f} {second:11.2f} {ready + first:14.2f}")


class Server:
    """`keras-i3d serve` on free ports, until it says where it listens."""

    def __init__(self, folder: str, *options: str):
        command = [COMMAND, "serve", f"--model={NAME}={folder}", "--port=0", "--rest_port=0"]
        self._process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.address = self.rest = None
        for line in self._process.stdout:
            if found := re.match(r"  gRPC +(\S+)", line):
                self.address = found[1]
            if found := re.match(r"  REST +http://([^/]+)/", line):
                self.rest = found[1]
            if "  page " in line:
                break
        else:
            raise RuntimeError(f"keras-i3d serve: {self._process.stderr.read().strip()[-300:]}")
        # What it logs has to go somewhere.
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def prepare(folder: str) -> str:
    """The clip, in `folder`; the model's folder."""
    if VIDEO.value:
        from keras_i3d.data import VideoFile, cropped_frames
        from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB
        from keras_i3d.data.video.timing import looped
        from keras_i3d.export.client.video_query import sent_frames

        with VideoFile(VIDEO.value) as video:
            shown = cropped_frames(video, sent_frames(DEEPMIND_RGB))
            frames = list(itertools.islice(shown, FRAMES.value))
        frames = np.stack([frames[i] for i in looped(len(frames), FRAMES.value)])
    else:
        from keras_i3d.data.synthetic.videos import SyntheticVideos

        source = SyntheticVideos(num_frames=FRAMES.value, size=(256, 256))
        frames = source.read(0, 0, FRAMES.value)["rgb"]
    np.save(f"{folder}/clip.npy", frames)
    if MODEL.value:
        return os.path.abspath(MODEL.value)
    print("exporting ...", flush=True)
    subprocess.run([COMMAND, "export_saved_model", f"--out={folder}/{NAME}/1"], check=True)
    return f"{folder}/{NAME}"


def main(arguments) -> None:
    """Measure, and print the tables."""
    if len(arguments) > 1:
        return contend(arguments[1])
    with tempfile.TemporaryDirectory() as folder:
        flags.FLAGS.work = folder
        model = prepare(folder)
        version = max(
            (p for p in Path(model).iterdir() if p.name.isdecimal()), key=lambda p: int(p.name)
        )
        print(f"{os.cpu_count()} cores, {version}, {sum(map(len, files())) >> 10} KB of JPEG")
        server = None
        if not SERVER.value:
            server = Server(model)
            flags.FLAGS.server, flags.FLAGS.rest = server.address, server.rest
        try:
            given = ("work", "frames", "server", "rest")
            arguments = [f"--{n}={flags.FLAGS[n].value}" for n in given if flags.FLAGS[n].value]
            overhead([*arguments, f"--version={version}"])
            if SECONDS.value:
                concurrency()
        finally:
            if server:
                server.close()
        if server and START.value:
            start_up(model)


if __name__ == "__main__":
    app.run(main)
