"""Seconds and peak memory of a training step of I3D, beside its peers in one run.

  python benchmarks/training.py [--batch=2] [--frames=16] [--size=224] [--rounds=5]
  python benchmarks/training.py --batch=8 --frames=64 --precision=mixed_bfloat16 --only=JAX  (a GPU)

The same network from the same random start, SGD with momentum, cross entropy, 101 classes, on
random clips that lie in memory. Each contender is a process of its own; they take turns, one step a
turn. Printed: the median of the turns, its ratio to the first one's, clips per second, the peak of
the process's memory (not the GPU's), and the first step's loss, which must agree.
"""

import os
import statistics
import sys

import contenders
import numpy as np
from absl import app, flags

BATCH = flags.DEFINE_integer("batch", 2, "clips of a step", lower_bound=1)
FRAMES = flags.DEFINE_integer("frames", 16, "frames of a clip", lower_bound=9)
SIZE = flags.DEFINE_integer("size", 224, "rows and columns of a frame", lower_bound=193)
ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each contender", lower_bound=1)
PRECISION = flags.DEFINE_string("precision", "float32", "Keras' dtype policy")
ONLY = flags.DEFINE_list("only", [], "contenders to run, by name; by default all")

CLASSES = 101


def network():
    """I3D from a random start, ready to be compiled; one batch of clips and labels."""
    import keras

    from keras_i3d.models.i3d import build_i3d

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(PRECISION.value)
    draw = np.random.default_rng(0)
    shape = (FRAMES.value, SIZE.value, SIZE.value, 3)
    clips = draw.uniform(-1, 1, (BATCH.value, *shape)).astype(np.float32)
    labels = draw.integers(0, CLASSES, BATCH.value)
    # Without dropout, whose draws differ from backend to backend.
    model = build_i3d(classes=CLASSES, input_shape=shape, classifier_activation=None, dropout=0.0)
    return model, clips, labels


def by_keras():
    """train_on_batch, on the Keras backend that the environment names."""
    import keras

    model, clips, labels = network()
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return lambda: float(np.asarray(model.train_on_batch(clips, labels)))


def by_our_loop():
    """A step of `keras_i3d.training`, on TensorFlow."""
    import keras

    from keras_i3d.training.devices import Devices
    from keras_i3d.training.forward import supervised
    from keras_i3d.training.step import Step

    model, clips, labels = network()
    devices = Devices()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    step = Step(model, keras.optimizers.SGD(0.01, momentum=0.9), supervised(loss), devices=devices)
    batch = devices.divide((clips, labels))

    def turn():
        step.reset()
        step.update(batch)
        return step.results()["loss"]

    return turn


CONTENDERS = {
    "our loop": ("tensorflow", by_our_loop),
    "Keras' train_on_batch": ("tensorflow", by_keras),
    "JAX": ("jax", by_keras),
    "PyTorch": ("torch", by_keras),
}


def contend(name: str) -> None:
    """A contender's process: build, two steps for compilation, then one a turn."""
    turn = CONTENDERS[name][1]()
    losses = [turn() for _ in range(2)]
    contenders.serve(turn, losses=losses)


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        return contend(arguments[1])
    passed = [f"--{f.name}={f.value}" for f in (BATCH, FRAMES, SIZE, PRECISION)]
    running = contenders.started(
        (name, [sys.executable, __file__, *passed, "--", name], {"KERAS_BACKEND": backend})
        for name, (backend, _) in CONTENDERS.items()
        if not ONLY.value or name in ONLY.value
    )
    contenders.take_turns(running, ROUNDS.value)
    what = f"{BATCH.value} x {FRAMES.value} x {SIZE.value} x {SIZE.value}, {PRECISION.value}"
    print(f"I3D, one step of {what}, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    print(
        f"{'':24} {'median s':>9} {'/ first':>8} {'clips/s':>8} {'peak MB':>8} {'first loss':>11}"
    )
    first = statistics.median(running[0].seconds)
    for contender in running:
        middle = statistics.median(contender.seconds)
        print(
            f"{contender.name:24} {middle:9.3f} {middle / first:8.2f} {BATCH.value / middle:8.2f} "
            f"{contender.megabytes:8d} {contender.first['losses'][0]:11.4f}"
        )
        contender.close()


if __name__ == "__main__":
    app.run(main)
