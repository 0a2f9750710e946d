"""Seconds a window of I3D in each engine, beside video_features' I3D in PyTorch, in one run.

  python benchmarks/engines.py [--windows=4] [--rounds=5] [--videos=FOLDER]

Contenders are processes of their own which take turns; a turn computes --windows windows, 64 x 224
x 224 each, as features of videos are computed: some under way at once where the engine can. Printed
for each: the median of the turns in seconds a window, how many times as fast that is as PyTorch and
as Keras on TensorFlow, and the least cosine of the windows' features to TensorFlow's.

Windows are cut from synthetic videos, or from those in --videos; int8 is calibrated on 24 others
and checks itself. PyTorch's I3D has video_features' layers (pytorch_i3d.py), in PyTorch's usual
layout as there, and once more in channels_last_3d. "/ PyTorch" is beside the first.
"""

import os
import statistics
import sys

import contenders
import numpy as np
from absl import app, flags

WINDOWS = flags.DEFINE_integer("windows", 4, "windows of a turn", lower_bound=2)
ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each contender", lower_bound=1)
VIDEOS = flags.DEFINE_string("videos", None, "a folder of videos [synthetic videos]")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", "of the engines' I3D")
ONLY = flags.DEFINE_list("only", [], "contenders to run, by name; by default all")

PYTORCH, TENSORFLOW = "video_features' I3D in PyTorch", "keras on TensorFlow"
CHANNELS_LAST = "the same, channels last"
ENGINES = {
    TENSORFLOW: ("keras", "float32"),
    "openvino float32": ("openvino", "float32"),
    "openvino bfloat16": ("openvino", "bfloat16"),
    "openvino int8": ("openvino", "int8"),
}


def windows(network, seed: int):
    """24 windows of the videos."""
    from keras_i3d.data.synthetic.videos import SyntheticVideos
    from keras_i3d.engines import calibration_clips
    from keras_i3d.evaluation.int8_views import int8_views
    from keras_i3d.prediction_inputs import find_videos

    if VIDEOS.value:
        paths = [video.path for video in find_videos([VIDEOS.value]) if not video.cause]
        return calibration_clips(network, paths, seed)
    made = SyntheticVideos("val", num_videos=24, num_frames=64, size=(256, 340), seed=seed, fps=25)
    return int8_views(network, made, seed)


def engine(name: str) -> None:
    """A process of ours."""
    import keras_i3d
    from keras_i3d import engines

    kind, precision = ENGINES[name]
    network = keras_i3d.load(WEIGHTS.value)
    calibration = windows(network, seed=1) if precision == "int8" else None
    options = {"engine": kind, "precision": precision, "calibration": calibration}
    opened = engines.open(network, outputs="features", **options)
    clips = [clip for clip, _ in zip(windows(network, seed=0), range(WINDOWS.value), strict=False)]
    computed: dict = {}

    def turn():
        computed.update(opened.stream(enumerate(clips)))

    turn()  # compilation
    features = [computed[n]["features"][0].tolist() for n in range(WINDOWS.value)]
    contenders.serve(turn, features=features, check=opened.details.get("check"))


def pytorch(layout: str) -> None:
    """A process of video_features' layers, one window after the other."""
    import torch
    from pytorch_i3d import trunk

    layout = getattr(torch, layout)
    model = trunk(layout=layout)
    clip = torch.rand(1, 3, 64, 224, 224).contiguous(memory_format=layout)

    def turn():
        with torch.no_grad():
            for _ in range(WINDOWS.value):
                model(clip).mean((2, 3, 4)).numpy()

    turn()
    contenders.serve(turn)


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        if arguments[1] in ENGINES:
            return engine(arguments[1])
        return pytorch("contiguous_format" if arguments[1] == PYTORCH else "channels_last_3d")
    given = [one.serialize() for one in (WINDOWS, VIDEOS, WEIGHTS) if one.value is not None]
    backends = dict.fromkeys((PYTORCH, CHANNELS_LAST), "torch")
    backends |= dict.fromkeys(ENGINES, "tensorflow")
    running = contenders.started(
        (name, [sys.executable, __file__, *given, "--", name], {"KERAS_BACKEND": backend})
        for name, backend in backends.items()
        if not ONLY.value or name in (TENSORFLOW, *ONLY.value)
    )
    contenders.take_turns(running, ROUNDS.value)
    medians = {one.name: statistics.median(one.seconds) / WINDOWS.value for one in running}
    reference = next(one.first["features"] for one in running if one.name == TENSORFLOW)
    print(f"I3D, {WINDOWS.value} windows, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    heads = ("s a window", "/ PyTorch", "/ TensorFlow", "CPU s", "cosine")
    print(" " * 30, "{:>10} {:>10} {:>13} {:>7} {:>8}".format(*heads))
    for one in running:
        ratios = [medians.get(peer, np.nan) / medians[one.name] for peer in (PYTORCH, TENSORFLOW)]
        alike = np.nan
        if "features" in one.first:
            alike = min(map(cosine, one.first["features"], reference))
        print(
            f"{one.name:30} {medians[one.name]:10.3f} {ratios[0]:10.1f} {ratios[1]:13.1f} "
            f"{statistics.median(one.cpu) / WINDOWS.value:7.2f} {alike:8.4f}"
        )
        if one.first.get("check"):
            print(f"    its own check: {one.first['check']}")
        one.close()


def cosine(one, other) -> float:
    """Of two vectors."""
    return float(np.dot(one, other) / np.linalg.norm(one) / np.linalg.norm(other))


if __name__ == "__main__":
    app.run(main)
