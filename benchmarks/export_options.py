"""Measure the options of export_saved_model: milliseconds per clip and size on disk.

  python benchmarks/export_options.py [--frames=64] [--rounds=7] [--video=FILE]

I3D with the weights "kinetics" is exported as it is, with batch norm folded, in bfloat16, with
both, and compiled by XLA. Every export is loaded by a process of its own; they take turns, a clip
of --frames x 224 x 224 a turn to the signature `preprocessed`. Printed: the median of the turns,
its ratio to the plain export's, the folder's size, and the largest difference of the probabilities
from the plain export's. How fast bfloat16 is depends on the processor.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import contenders
import numpy as np
from absl import app, flags

FRAMES = flags.DEFINE_integer("frames", 64, "frames of the clip", lower_bound=9)
ROUNDS = flags.DEFINE_integer("rounds", 7, "turns of each contender", lower_bound=1)
VIDEO = flags.DEFINE_string("video", None, "a video to cut the clip from [noise]")
ONLY = flags.DEFINE_list("only", [], "exports to make, by name; by default all")
WORK = flags.DEFINE_string("work", None, "folder of the prepared data; for contenders")

COMMAND = Path(sys.executable).parent / "keras-i3d"
EXPORTS = {
    "plain": [],
    "folded": ["--fold_batch_norm"],
    "bfloat16": ["--precision=bfloat16"],
    "bfloat16 folded": ["--precision=bfloat16", "--fold_batch_norm"],
    "XLA folded": ["--jit_compile", "--fold_batch_norm"],
}


def contend(version: str) -> None:
    """A contender's process."""
    import tensorflow as tf

    loaded = tf.saved_model.load(f"{WORK.value}/{version}").signatures["preprocessed"]
    clip = tf.constant(np.load(f"{WORK.value}/clip.npy")[None])
    probabilities = tf.nn.softmax(loaded(rgb_clip=clip)["logits"])[0].numpy().tolist()
    contenders.serve(lambda: loaded(rgb_clip=clip)["logits"].numpy(), probabilities=probabilities)


def prepare(folder: str) -> dict[str, str]:
    """The clip and the exports, in `folder`; {name: version}."""
    if VIDEO.value:
        from keras_i3d.data import read_clip

        clip = read_clip(VIDEO.value, FRAMES.value)
    else:
        draw = np.random.default_rng(0)
        clip = draw.uniform(-1, 1, (FRAMES.value, 224, 224, 3)).astype(np.float32)
    np.save(f"{folder}/clip.npy", clip)
    versions = {}
    for number, (name, options) in enumerate(EXPORTS.items(), 1):
        if ONLY.value and name not in ("plain", *ONLY.value):
            continue
        print(f"exporting {name} ...", flush=True)
        if "--jit_compile" in options:
            options = [*options, f"--shape={len(clip)},256,256"]
        command = [COMMAND, "export_saved_model", f"--out={folder}/{number}", *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        versions[name] = str(number)
    return versions


def main(arguments) -> None:
    """Measure, and print the table."""
    if len(arguments) > 1:
        return contend(arguments[1])
    with tempfile.TemporaryDirectory() as folder:
        versions = prepare(folder)
        running = contenders.started(
            (
                name,
                [sys.executable, __file__, f"--work={folder}", "--", version],
                {"TF_CPP_MIN_LOG_LEVEL": "3"},
            )
            for name, version in versions.items()
        )
        contenders.take_turns(running, ROUNDS.value)
        frames = len(np.load(f"{folder}/clip.npy"))
        print(f"{frames} x 224 x 224, {os.cpu_count()} cores, median of {ROUNDS.value} turns")
        print(f"{'':18} {'ms':>7} {'/ plain':>8} {'MB':>6} {'difference':>11}")
        plain = running[0]
        for contender in running:
            files = Path(folder, versions[contender.name]).rglob("*")
            size = sum(path.stat().st_size for path in files if path.is_file())
            seconds, least = (statistics.median(c.seconds) for c in (contender, plain))
            first, second = (np.array(c.first["probabilities"]) for c in (contender, plain))
            print(
                f"{contender.name:18} {1000 * seconds:7.0f} {seconds / least:8.3f} "
                f"{size / 1e6:6.1f} {np.abs(first - second).max():11.1e}"
            )
            contender.close()


if __name__ == "__main__":
    app.run(main)
