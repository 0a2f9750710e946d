"""Measure what a teacher costs: seconds and peak memory of a training step of S3D-G.

  python benchmarks/distillation.py [--batch=2] [--frames=16] [--size=112] [--rounds=7]

The teacher is S3D-G on flow, matched at the scores. Random clips that lie in memory, SGD with
momentum, 101 classes. Each contender is a process of its own; they take turns, one step a turn.
"""

import os
import statistics
import sys

import contenders
import numpy as np
from absl import app, flags

BATCH = flags.DEFINE_integer("batch", 2, "clips of a step", lower_bound=1)
FRAMES = flags.DEFINE_integer("frames", 16, "frames of a clip", lower_bound=1)
SIZE = flags.DEFINE_integer("size", 112, "rows and columns of a frame", lower_bound=1)
ROUNDS = flags.DEFINE_integer("rounds", 7, "turns of each contender", lower_bound=1)

CLASSES = 101
CONTENDERS = ("labels alone", "with a teacher")


def step(taught: bool):
    """Return a function that takes one step."""
    import keras

    from keras_i3d.models.catalogue import S3D_G
    from keras_i3d.training.devices import Devices
    from keras_i3d.training.distillation import Action, Distillation, Matching, Teacher
    from keras_i3d.training.step import Step

    keras.utils.set_random_seed(0)
    networks = {
        stream: S3D_G.model(stream, classes=CLASSES, classifier_activation=None)
        for stream in ("rgb", "flow")[: 1 + taught]
    }
    draw = np.random.default_rng(0)
    shape = (BATCH.value, FRAMES.value, SIZE.value, SIZE.value)
    clips = {
        stream: draw.uniform(-1, 1, (*shape, network.input_shape[-1])).astype(np.float32)
        for stream, network in networks.items()
    }
    labels = np.eye(CLASSES, dtype=np.float32)[draw.integers(0, CLASSES, BATCH.value)]
    terms = [Action(keras.losses.CategoricalCrossentropy(from_logits=True))]
    if taught:
        terms.append(Matching("Logits"))
    teacher = Teacher(networks["flow"], ("flow",)) if taught else None
    distillation = Distillation(networks["rgb"], ("rgb",), terms, teacher)
    taken = Step(
        distillation.learner,
        keras.optimizers.SGD(0.01, momentum=0.9),
        distillation.forward,
        loss_weights=distillation.loss_weights,
    )
    batch = Devices().divide((clips, labels))

    def turn():
        taken.reset()
        taken.update(batch)
        return taken.results()["loss"]

    return turn


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        turn = step(arguments[1] == CONTENDERS[1])
        contenders.serve(turn, losses=[turn() for _ in range(2)])
        return
    passed = [f"--{f.name}={f.value}" for f in (BATCH, FRAMES, SIZE)]
    running = contenders.started(
        (name, [sys.executable, __file__, *passed, "--", name], {}) for name in CONTENDERS
    )
    contenders.take_turns(running, ROUNDS.value)
    what = f"{BATCH.value} x {FRAMES.value} x {SIZE.value} x {SIZE.value}"
    print(f"S3D-G, one step of {what}, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    print(f"{'':16} {'median s':>9} {'/ first':>8} {'peak MB':>8}")
    first = statistics.median(running[0].seconds)
    for contender in running:
        middle = statistics.median(contender.seconds)
        print(f"{contender.name:16} {middle:9.3f} {middle / first:8.2f} {contender.megabytes:8d}")
        contender.close()


if __name__ == "__main__":
    app.run(main)
