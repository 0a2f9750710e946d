"""Seconds and peak memory of a training step of I3D, beside its peers in one run.

  python benchmarks/training.py [--batch=2] [--frames=16] [--size=224] [--rounds=5]

On a GPU, with the share of its peak that the convolutions reach:

  python benchmarks/training.py --batch=8 --frames=64 --precision=mixed_bfloat16 \
    --on_device --peak=989 --only=JAX,"PyTorch's own layers" [--forward_only]

The same network from the same random start, SGD with momentum, cross entropy, 101 classes, on
random clips. Each contender is a process of its own; they take turns, one step a turn. Printed: the
median of the turns, its ratio to the first one's, clips per second, the peak of the memory, the
GPU's where one is used, and the first step's loss, which must agree. "PyTorch's own layers" are not
Keras': the network of benchmarks/pytorch_i3d.py, from a random start of its own.
"""

import math
import os
import statistics
import sys
from functools import partial

import contenders
import numpy as np
from absl import app, flags

BATCH = flags.DEFINE_integer("batch", 2, "clips of a step", lower_bound=1)
FRAMES = flags.DEFINE_integer("frames", 16, "frames of a clip", lower_bound=9)
SIZE = flags.DEFINE_integer("size", 224, "rows and columns of a frame", lower_bound=193)
ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each contender", lower_bound=1)
PRECISION = flags.DEFINE_enum("precision", "float32", ["float32", "mixed_bfloat16"], "of the step")
FORWARD = flags.DEFINE_bool("forward_only", False, "inference in place of a training step")
ON_DEVICE = flags.DEFINE_bool(
    "on_device", False, "clips lie in the device's memory, as after a prefetch"
)
PEAK = flags.DEFINE_float(
    "peak", None, "the device's matrix products, TFLOP/s; prints the share of it that is reached"
)
ONLY = flags.DEFINE_list("only", [], "contenders to run, by name; by default all")

CLASSES = 101
BACKENDS = {"our loop": "tensorflow", "Keras' train_on_batch": "tensorflow", "JAX": "jax"}
BACKENDS |= {"PyTorch": "torch", "PyTorch's own layers": "torch"}
BACKENDS |= {"PyTorch's own layers in channels_last_3d": "torch"}


def data() -> tuple[np.ndarray, np.ndarray]:
    """One batch of clips and labels."""
    draw = np.random.default_rng(0)
    shape = (BATCH.value, FRAMES.value, SIZE.value, SIZE.value, 3)
    clips = draw.uniform(-1, 1, shape).astype(np.float32)
    return clips, draw.integers(0, CLASSES, BATCH.value)


def network():
    """I3D from a random start, ready to be compiled."""
    import keras

    from keras_i3d.models.i3d import build_i3d

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(PRECISION.value)
    # Without dropout, whose draws differ from backend to backend.
    shape = (FRAMES.value, SIZE.value, SIZE.value, 3)
    return build_i3d(classes=CLASSES, input_shape=shape, classifier_activation=None, dropout=0.0)


def by_keras():
    """train_on_batch or predict_on_batch, on the Keras backend that the environment names."""
    import keras

    model, (clips, labels) = network(), data()
    if ON_DEVICE.value:
        clips, labels = (keras.ops.convert_to_tensor(x) for x in (clips, labels))
    model.compile(
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    if FORWARD.value:
        return lambda: float(model.predict_on_batch(clips).mean()), model
    return lambda: float(np.asarray(model.train_on_batch(clips, labels))), model


def by_our_loop():
    """A step of `keras_i3d.training`, on TensorFlow."""
    import keras

    from keras_i3d.training.devices import Devices
    from keras_i3d.training.forward import supervised
    from keras_i3d.training.step import Step

    model, devices = network(), Devices()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    step = Step(model, keras.optimizers.SGD(0.01, momentum=0.9), supervised(loss), devices=devices)
    batch = devices.divide(data())

    def turn():
        step.reset()
        step.update(batch)
        return step.results()["loss"]

    return turn, model


def by_pytorch(layout: str = "contiguous_format"):
    """PyTorch's usual training step, or inference, of the same layers."""
    import pytorch_i3d
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    # The fastest convolutions for these sizes, and float32's products as JAX has them: TF32.
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.manual_seed(0)
    layout = getattr(torch, layout)
    head = torch.nn.LazyConv3d(CLASSES, 1)
    model = torch.nn.Sequential(pytorch_i3d.trunk(3, layout), head).to(device)
    model.train(not FORWARD.value)
    clips, labels = (torch.from_numpy(x) for x in data())
    clips = clips.movedim(-1, 1).contiguous(memory_format=layout)
    if ON_DEVICE.value:
        clips, labels = clips.to(device), labels.to(device)
    half = torch.autocast(device, torch.bfloat16, enabled=PRECISION.value == "mixed_bfloat16")

    def logits():
        with half:
            return model(clips.to(device)).mean((2, 3, 4))

    with torch.inference_mode(FORWARD.value):
        logits()  # makes the head
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)

    def turn():
        if FORWARD.value:
            with torch.inference_mode():
                return float(logits().mean())
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(logits().float(), labels.to(device))
        loss.backward()
        optimizer.step()
        return float(loss)

    return turn, None


CONTENDERS = {name: by_keras for name in BACKENDS} | {
    "our loop": by_our_loop,
    "PyTorch's own layers": by_pytorch,
    "PyTorch's own layers in channels_last_3d": partial(by_pytorch, "channels_last_3d"),
}


def multiply_adds(model) -> int:
    """A clip's, of all convolutions: each kernel's numbers times the places it is laid on.

    All convolutions of one of I3D's layers have that layer's grid.
    """
    return sum(
        math.prod(layer.output.shape[1:4]) * math.prod(weight.shape)
        for layer in model.layers
        for weight in layer.trainable_weights
        if len(weight.shape) == 5
    )


def gpu_megabytes() -> int | None:
    """The most memory of a GPU that this process has had; None without one."""
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() // 2**20
    if jax := sys.modules.get("jax"):
        statistics = jax.local_devices()[0].memory_stats() or {}
        return statistics.get("peak_bytes_in_use", 0) // 2**20 or None
    return None


def contend(name: str) -> None:
    """A contender's process: build, two steps for compilation, then one a turn."""
    turn, model = CONTENDERS[name]()
    losses = [turn() for _ in range(2)]
    counted = model and multiply_adds(model)
    contenders.serve(turn, losses=losses, multiply_adds=counted, gpu_megabytes=gpu_megabytes())


def main(arguments) -> None:
    """Run the rounds and print the table."""
    if len(arguments) > 1:
        return contend(arguments[1])
    passed = [f"--{f.name}={f.value}" for f in (BATCH, FRAMES, SIZE, PRECISION, FORWARD, ON_DEVICE)]
    running = contenders.started(
        (name, [sys.executable, __file__, *passed, "--", name], {"KERAS_BACKEND": backend})
        for name, backend in BACKENDS.items()
        if not ONLY.value or name in ONLY.value
    )
    contenders.take_turns(running, ROUNDS.value)
    what = f"{BATCH.value} x {FRAMES.value} x {SIZE.value} x {SIZE.value}, {PRECISION.value}"
    work = "inference" if FORWARD.value else "one step"
    print(f"I3D, {work} of {what}, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    print(
        f"{'':36} {'median s':>9} {'/ first':>8} {'clips/s':>8} {'peak MB':>8} {'first loss':>11}"
        + (f" {'of peak':>8}" if PEAK.value else "")
    )
    first = statistics.median(running[0].seconds)
    counted = next((c.first["multiply_adds"] for c in running if c.first["multiply_adds"]), None)
    for contender in running:
        middle = statistics.median(contender.seconds)
        said = contender.first
        share = ""
        if PEAK.value and counted:
            # Two operations each; backward takes two products for one of forward.
            done = 2 * counted * BATCH.value * (1 if FORWARD.value else 3)
            share = f" {done / middle / PEAK.value / 1e12:8.1%}"
        print(
            f"{contender.name:36} {middle:9.4f} {middle / first:8.2f} {BATCH.value / middle:8.2f} "
            f"{said['gpu_megabytes'] or contender.megabytes:8d} {said['losses'][0]:11.4f}{share}"
        )
        contender.close()


if __name__ == "__main__":
    app.run(main)
