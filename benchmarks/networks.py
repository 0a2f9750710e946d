"""Seconds and multiply-adds a clip of every network, batch 1, each beside I3D in one run.

  python benchmarks/networks.py [--rounds=5] [--only=s3d,s3d_g]

Every network runs on TensorFlow in a process of its own, with random weights, on one clip of the
sizes in its record, and takes turns with I3D's process, so that whatever else the machine does
meets both alike. S3D and I3D-R50 run in PyTorch too: torchvision's S3D where torchvision is
installed, else ours on Keras' PyTorch backend; the row says which.

Multiply-adds are those of convolutions and matrix products, counted in TensorFlow's graph; papers
call them FLOPs.
"""

import importlib.util
import math
import os
import statistics
import sys

import contenders
import numpy as np
from absl import app, flags

ROUNDS = flags.DEFINE_integer("rounds", 5, "turns of each network", lower_bound=1)
ONLY = flags.DEFINE_list("only", [], "networks to run, by name; by default all")

# Run in PyTorch too.
IN_PYTORCH = ("s3d", "i3d_r50")
PYTORCH = " in PyTorch"


def sees(name: str) -> dict:
    """Return the inputs of each stream; RGB alone where each stream has its own network."""
    from keras_i3d.models.catalogue import network

    record = network(name)
    return record.seen("both" if record.joint else "rgb")


def build(name: str):
    """The network with random weights, and a clip, or a clip a stream."""
    from keras_i3d.models.catalogue import network

    record, rng = network(name), np.random.default_rng(0)
    shapes = {s: (one.frames, one.crop, one.crop, one.channels) for s, one in sees(name).items()}
    clips = {s: rng.uniform(-1, 1, (1, *shape)).astype(np.float32) for s, shape in shapes.items()}
    if record.joint:
        return record.model("both", input_shape=shapes), clips
    return record.model("rgb", input_shape=shapes["rgb"]), clips["rgb"]


def on_tensorflow(name: str) -> None:
    """A network's process."""
    from keras_i3d.training.multiply_adds import multiply_adds

    model, clip = build(name)
    model.predict_on_batch(clip)  # compilation
    contenders.serve(
        lambda: model.predict_on_batch(clip),
        parameters=sum(math.prod(v.shape) for v in model.trainable_weights),
        multiply_adds=multiply_adds(model, clip),
        code="keras_i3d",
    )


def on_pytorch(name: str) -> None:
    """The same in PyTorch: torchvision's own S3D, else our network on Keras' PyTorch backend."""
    import torch

    model, clip = build(name)
    parameters = sum(math.prod(v.shape) for v in model.trainable_weights)
    code = "keras_i3d on Keras' PyTorch backend"
    if name == "s3d" and importlib.util.find_spec("torchvision"):
        import torchvision

        model = torchvision.models.video.s3d().eval()
        clip, code = torch.from_numpy(clip).movedim(-1, 1), "torchvision"
    else:
        clip = torch.from_numpy(clip)

    def turn():
        with torch.inference_mode():
            model(clip)

    turn()
    contenders.serve(turn, parameters=parameters, multiply_adds=None, code=code)


def main(arguments) -> None:
    """Run every network beside I3D, and print a row each."""
    if len(arguments) > 1:
        name = arguments[1]
        plain = name.removesuffix(PYTORCH)
        return on_tensorflow(plain) if plain == name else on_pytorch(plain)
    from keras_i3d.models.catalogue import NETWORKS

    names = [name for name in NETWORKS if not ONLY.value or name in ONLY.value]
    names += [name + PYTORCH for name in IN_PYTORCH if name in names]
    [i3d] = start("i3d")
    print(f"1 clip, {os.cpu_count()} cores, {ROUNDS.value} rounds")
    print(f"{'network':24} {'clip':>12} {'M param.':>9} {'G mult.':>8} {'s/clip':>7} {'/ i3d':>6}")
    for name in names:
        for contender in start(name):
            i3d.seconds.clear()
            contenders.take_turns([i3d, contender], ROUNDS.value)
            print(row(contender, i3d), flush=True)
            contender.close()
    i3d.close()


def start(name: str) -> list[contenders.Contender]:
    """The network's process, ready; none where it cannot be started."""
    backend = "torch" if name.endswith(PYTORCH) else "tensorflow"
    command = [sys.executable, __file__, "--", name]
    return contenders.started([(name, command, {"KERAS_BACKEND": backend})])


def row(contender, i3d) -> str:
    """A line of the table."""
    said, seconds = contender.first, statistics.median(contender.seconds)
    seen = sees(contender.name.removesuffix(PYTORCH)).values()
    clip = f"{'+'.join(str(one.frames) for one in seen)} x {next(iter(seen)).crop}^2"
    counted = said["multiply_adds"]
    code = "" if said["code"] == "keras_i3d" else f"  ({said['code']})"
    return (
        f"{contender.name:24} {clip:>12} {said['parameters'] / 1e6:9.2f} "
        f"{'' if counted is None else f'{counted / 1e9:.1f}':>8} {seconds:7.2f} "
        f"{seconds / statistics.median(i3d.seconds):6.2f}{code}"
    )


if __name__ == "__main__":
    app.run(main)
