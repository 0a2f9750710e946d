"""From MP4 files to files of features, beside the way of video_features, in one run.

  python benchmarks/features.py [--videos=2] [--frames=129] [--rounds=3]
  python benchmarks/features.py --stream=both --videos=1 --frames=33 --window=16

Contenders are processes of their own which take turns; a turn makes the features of all videos, 64
frames every 64, RGB. The second line is RGB and flow in few minutes. Printed: the medians of the
turns, frames a second, how many times as fast as video_features' way, on the clock and in seconds
of all cores, and where the seconds go: its way's as they pass, ours (which overlap) by themselves.

video_features' way: OpenCV decodes frame by frame, PIL resizes each to a short side of 256, I3D
runs in PyTorch, np.save writes; flow by OpenCV's TV-L1. Its own code is not on PyPI: its layers are
those of pytorch_i3d.py, in PyTorch's usual layout as there, and once more in channels_last_3d,
which it could use and does not. Ours drops the last partial window here, as its way does, and
--frames should be a multiple of the window and one more, which its way reads before it computes: so
both compute as many windows. RGB has the weights "kinetics", since int8 is checked on what it says;
RGB and flow have random ones.
"""

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import contenders
import numpy as np
from absl import app, flags

VIDEOS = flags.DEFINE_integer("videos", 2, "how many videos", lower_bound=1)
FRAMES = flags.DEFINE_integer("frames", 129, "frames of each, 320 x 240", lower_bound=17)
WINDOW = flags.DEFINE_integer("window", 64, "frames of a window, and from one to the next")
ROUNDS = flags.DEFINE_integer("rounds", 3, "turns of each contender", lower_bound=1)
STREAM = flags.DEFINE_enum("stream", "rgb", ["rgb", "both"], "RGB, or RGB and flow")
ONLY = flags.DEFINE_list("only", [], "contenders to run, by name; by default all")

RANDOM = "random.keras"
THEIRS, FASTER = "video_features' way", "the same, channels last"
OURS = {
    "keras_i3d TensorFlow": ("keras", "float32"),
    "keras_i3d OpenVINO float32": ("openvino", "float32"),
    "keras_i3d OpenVINO bfloat16": ("openvino", "bfloat16"),
    "keras_i3d OpenVINO int8": ("openvino", "int8"),
}


def random_network(path: Path) -> None:
    """Write a two-stream I3D that has learnt nothing."""
    import keras_i3d
    from keras_i3d.models.catalogue import network
    from keras_i3d.training.checkpoints import save_network
    from keras_i3d.weights.trained import record_of

    of = network("two_stream_i3d")
    labels = [f"class {number}" for number in range(400)]
    model = keras_i3d.TwoStreamI3D(weights=None)
    save_network(model, path, record_of(of, "both", of.seen("both"), labels))


def make_videos(folder: Path) -> None:
    """Write MP4 files of moving noise, as different as real ones are to a decoder."""
    from keras_i3d.data.video.encoding import write_mp4

    draw = np.random.default_rng(0)
    for number in range(VIDEOS.value):
        picture = draw.integers(0, 256, (30, 40, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        frames = (np.roll(picture, (i, 2 * i), (0, 1))[:240, :320] for i in range(FRAMES.value))
        write_mp4(folder / f"{number}.mp4", frames, 25)


def ours(paths: list[str], engine: str, precision: str) -> None:
    """A process of ours; each turn says where its seconds went."""
    from keras_i3d.features.jobs import Job
    from keras_i3d.features.to_folder import Order, extract_to_folder

    how = {"tail": "drop", "engine": engine, "precision": precision}
    how["window"] = how["stride"] = WINDOW.value
    if precision == "int8":
        how["calibrate"] = tuple(paths)
    weights = str(Path(paths[0]).with_name(RANDOM)) if STREAM.value == "both" else "kinetics"
    order = Order(weights=weights, stream=STREAM.value, how=how)
    jobs = [Job(path, Path(path).stem) for path in paths]

    def turn():
        with tempfile.TemporaryDirectory() as out:
            for finished in extract_to_folder(order, jobs, out, {}):
                if finished.status != "done":
                    raise RuntimeError(finished.record["cause"])

    turn()  # compilation
    contenders.serve(turn, seconds=_alone(order, paths[0]))


def _alone(order, path: str) -> dict[str, float]:
    """Seconds a frame of each stage by itself, in one process."""
    import keras_i3d.features.writers as writers
    from keras_i3d.data.video.decoding import VideoFile
    from keras_i3d.features.timed_windows import timed_windows

    extractor = order.extractor
    times = [time.perf_counter()]
    with VideoFile(path) as video:
        count = sum(1 for _ in video)
    times.append(time.perf_counter())
    watched = timed_windows(path, extractor.sight, extractor.settings.cutting)
    windows = list(watched)
    times.append(time.perf_counter())
    found = [window for _, window in extractor.run((None, one) for one in windows)]
    times.append(time.perf_counter())
    with tempfile.TemporaryDirectory() as out:
        writers.write_features(extractor.gathered(found, watched.facts), Path(out) / "x")
    times.append(time.perf_counter())
    decode, seen, network, write = np.diff(times) / count
    flow = " and TV-L1" if STREAM.value == "both" else ""
    return {
        "decode": decode,
        f"resize, crop{flow}": seen - decode,
        "network": network,
        "write": write,
    }


def theirs(paths: list[str], layout: str) -> None:
    """A process that does as video_features does; each turn says where its seconds went."""
    import cv2
    import torch
    from PIL import Image
    from pytorch_i3d import trunk

    streams = ("rgb", "flow") if STREAM.value == "both" else ("rgb",)
    layout = getattr(torch, layout)
    channels = {"rgb": 3, "flow": 2}
    models = {stream: trunk(channels[stream], layout) for stream in streams}
    tv_l1 = cv2.optflow.DualTVL1OpticalFlow_create() if "flow" in streams else None
    spent: Counter = Counter()

    @contextmanager
    def part(name):
        begin = time.perf_counter()
        yield
        spent[name] += time.perf_counter() - begin

    def crop(array):
        top, left = ((side - 224) // 2 for side in array.shape[:2])
        return array[top : top + 224, left : left + 224]

    def features_of(stream, clip):
        clip = torch.from_numpy(np.moveaxis(clip, -1, 0)[None])
        with torch.no_grad():
            out = models[stream](clip.contiguous(memory_format=layout))
        return out.mean((2, 3, 4)).numpy()[0]

    def flow_of(stack):
        greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in stack]
        pairs = zip(greys, greys[1:], strict=False)
        return np.stack([crop(tv_l1.calc(one, other, None)) for one, other in pairs])

    def resized(frame):
        image = Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        scale = 256 / min(image.size)
        size = [round(side * scale) for side in image.size]
        return np.asarray(image.resize(size, Image.BILINEAR))

    def features(path):
        stack, found = [], {stream: [] for stream in streams}
        video = cv2.VideoCapture(path)
        while True:
            with part("decode"):
                there, frame = video.read()
            if not there:
                return found
            with part("resize"):
                stack.append(resized(frame))
            if len(stack) == WINDOW.value + 1:
                with part("network"):
                    clip = np.stack([crop(f) for f in stack[:-1]]) / np.float32(127.5) - 1
                    found["rgb"].append(features_of("rgb", clip))
                if tv_l1:
                    with part("flow"):
                        flow = flow_of(stack)
                    with part("network"):
                        clip = np.clip(flow, -20, 20) / np.float32(20)
                        found["flow"].append(features_of("flow", clip))
                stack = stack[-1:]

    def turn():
        spent.clear()
        with tempfile.TemporaryDirectory() as out:
            for path in paths:
                for stream, rows in features(path).items():
                    with part("write"):
                        np.save(os.path.join(out, f"{Path(path).stem}_{stream}.npy"), rows)

    for stream in streams:  # a first call takes longer
        features_of(stream, np.zeros((WINDOW.value, 224, 224, channels[stream]), np.float32))
    contenders.serve(turn, parts=spent)


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        name, *paths = arguments[1:]
        if name in OURS:
            return ours(paths, *OURS[name])
        return theirs(paths, "contiguous_format" if name == THEIRS else "channels_last_3d")
    with tempfile.TemporaryDirectory() as folder:
        make_videos(Path(folder))
        if STREAM.value == "both":
            random_network(Path(folder) / RANDOM)
        paths = sorted(map(str, Path(folder).glob("*.mp4")))
        said = [f"--stream={STREAM.value}", f"--window={WINDOW.value}", "--"]
        command = [sys.executable, __file__, *said]
        backends = {THEIRS: "torch", FASTER: "torch"} | dict.fromkeys(OURS, "tensorflow")
        running = contenders.started(
            (name, [*command, name, *paths], {"KERAS_BACKEND": backend})
            for name, backend in backends.items()
            if not ONLY.value or name == THEIRS or name in ONLY.value
        )
        contenders.take_turns(running, ROUNDS.value)
        _print(running)


def _print(running) -> None:
    frames, median = VIDEOS.value * FRAMES.value, statistics.median
    print(
        f"{VIDEOS.value} videos of {FRAMES.value} frames, windows of {WINDOW.value}, "
        f"{STREAM.value}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(f"{'':28} {'seconds':>8} {'frames/s':>9} {'times':>6} {'CPU s':>7} {'times':>6}")
    slowest, used = median(running[0].seconds), median(running[0].cpu)
    for one in running:
        seconds, cpu = median(one.seconds), median(one.cpu)
        print(
            f"{one.name:28} {seconds:8.2f} {frames / seconds:9.1f} {slowest / seconds:6.1f}"
            f" {cpu:7.1f} {used / cpu:6.1f}"
        )
        parts = {name: median(turn[name] for turn in one.parts) for name in one.parts[0]}
        for name, spent in parts.items():
            print(f"    {name:28} {1000 * spent / frames:8.2f} ms a frame")
        for name, spent in one.first.get("seconds", {}).items():
            print(f"    {name:28} {1000 * spent:8.2f} ms a frame, by itself")
        one.close()


if __name__ == "__main__":
    app.run(main)
