"""How long FVD takes, and what share of it the network has.

  python benchmarks/fvd.py [--videos=256] [--frames=16] [--engine=keras]

Videos of moving noise, 128 x 128, are written as MP4 files, so many a side. Printed: the seconds of
each part of a measurement and its share, also of the network and of the distance by themselves, and
the most memory that was held. The share of the distance should stay under one per cent.
"""

import os
import resource
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from absl import app, flags

VIDEOS = flags.DEFINE_integer("videos", 256, "videos of each side", lower_bound=2)
FRAMES = flags.DEFINE_integer("frames", 16, "frames of each", lower_bound=10)
ENGINE = flags.DEFINE_enum("engine", "keras", ["keras", "openvino"], "what computes the network")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", "as for keras-i3d fvd")

# What one measurement consists of; the distance and the network are parts of these.
PARTS = (
    "weights are loaded", "self-test", "decoding, resizing, network", "all figures with intervals"
)  # fmt: skip


def write_side(folder: Path, step: int) -> None:
    """Videos of noise that moves by so many pixels a frame."""
    from keras_i3d.data.video.encoding import write_mp4

    folder.mkdir()
    draw = np.random.default_rng(step)
    for number in range(VIDEOS.value):
        texture = draw.integers(0, 256, (16, 16, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        frames = (np.roll(texture, step * t, axis=1) for t in range(FRAMES.value))
        write_mp4(folder / f"{number}.mp4", frames, 25)


def main(_) -> None:
    """Write, measure, print."""
    from dataclasses import replace

    from keras_i3d.fvd.distances import frechet_distance
    from keras_i3d.fvd.figures import figures_of
    from keras_i3d.fvd.fvd_network import BATCH, FVDNetwork
    from keras_i3d.fvd.protocols import GOOGLE
    from keras_i3d.fvd.self_testing import self_test
    from keras_i3d.fvd.side_inputs import side_inputs
    from keras_i3d.fvd.side_reading import read_side

    protocol = replace(GOOGLE, frames=FRAMES.value)
    seconds: dict[str, float] = {}
    began = time.perf_counter()

    def lap(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[name], began = now - began, now

    with tempfile.TemporaryDirectory() as root:
        for name, step in (("real", 1), ("fake", 5)):
            write_side(Path(root) / name, step)
        lap("videos are written")
        network = FVDNetwork.opened(protocol, weights=WEIGHTS.value, engine=ENGINE.value)
        lap("weights are loaded")
        self_test(network)
        lap("self-test")
        real, fake = (
            read_side(side_inputs(Path(root) / name, protocol), network, keep=False).features
            for name in ("real", "fake")
        )
        lap("decoding, resizing, network")
        frechet_distance(real, fake)
        lap("distance alone")
        figures_of(real, fake)
        lap("all figures with intervals")
        clips = np.zeros((BATCH, FRAMES.value, 224, 224, 3), np.float32)
        for _ in range(4):
            network.engine.run(clips)
        lap("network alone")
    seconds["network alone"] *= 2 * VIDEOS.value / (4 * BATCH)
    first = sum(seconds[name] for name in PARTS)
    print(f"{VIDEOS.value} videos of {FRAMES.value} frames a side, {ENGINE.value}")
    for name, value in seconds.items():
        print(f"{name:40} {value:9.3f} s {100 * value / first:8.2f} %")
    print(f"{'one measurement':40} {first:9.3f} s   100.00 %")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory':40} {megabytes:9.0f} MB")


if __name__ == "__main__":
    app.run(main)
