"""Trains the tiny network on several devices or workers; tests start it, a process each.

python -m tests.training.several OUT.npz CPUS '{"option": ...}' with TF_CONFIG for a worker.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.batch_statistics import compute_statistics
from keras_i3d.training.checkpoints import Checkpoints
from keras_i3d.training.devices import Devices, make_deterministic, make_strategy
from keras_i3d.training.failures import WorkerLostError
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.progress import History, Progress
from tests.training import tiny

OPTIONS = {
    "steps": 6,
    "batch_size": 8,
    "accumulate": 1,
    "uneven": [],  # sizes of batches instead
    "dropout": 0.0,
    "ema": False,
    "own": {},  # of the optimizer
    "step": {},  # of the step
    "two_of_all": False,  # two streams, two losses
    "policy": "float32",
    "statistics": 0,  # batches for those of batch norm
    "folder": None,
    "checkpoint_every": 3,
}


def train(devices, **options):
    """{name: array} of what the tiny network has learnt, and its rows."""
    given = {**OPTIONS, **options}
    two = {
        "streams": ("rgb", "flow"),
        "forward": tiny.two_losses,
        "loss_weights": {"cross_entropy": 1.0, "size": 0.3},
    }
    keras.config.set_dtype_policy(given["policy"])
    try:
        step = tiny.step(
            devices,
            given["dropout"],
            lambda: keras.optimizers.SGD(
                0.1, momentum=0.9, use_ema=given["ema"], ema_momentum=0.9, **given["own"]
            ),
            [
                keras.metrics.CategoricalAccuracy(name="accuracy"),
                keras.metrics.AUC(name="auc", from_logits=True),
            ],
            **given["step"],
            **(two if given["two_of_all"] else {}),
        )
    finally:
        keras.config.set_dtype_policy("float32")
    make_batches = tiny.endless(given["batch_size"] // given["accumulate"])
    if given["uneven"]:
        make_batches = tiny.of_sizes(given["uneven"])
    make_validation = tiny.finite(13, 4)
    if given["two_of_all"]:
        make_batches, make_validation = map(tiny.in_streams, (make_batches, make_validation))
    rows = []
    folder = given["folder"]
    fit(
        step,
        make_batches,
        Plan(
            *(given[name] for name in ("steps", "batch_size", "accumulate", "steps")),
            checkpoint_every=given["checkpoint_every"],
        ),
        make_validation=make_validation,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda n, row: rows.append(row))],
        checkpoints=Checkpoints(folder) if folder else None,
        history=History(Path(folder) / "history.csv") if folder else None,
        progress=Progress(given["steps"], given["batch_size"]),
        save_best=(lambda: step.model.save(Path(folder) / "best.keras")) if folder else None,
    )
    learnt = {v.path: v.numpy() for v in step.model.variables}
    with averaged_weights(step.model):
        learnt |= {f"averaged {v.path}": v.numpy() for v in step.model.trainable_variables}
    measured = {
        name: np.float32(value)
        for row in rows
        for name, value in row.items()
        if name not in ("clips_per_second", "memory_gb", "learning_rate")  # the chief's alone
    }
    if given["statistics"]:
        batches = make_batches(0, (step.devices.worker, step.devices.workers))
        compute_statistics(step, batches, given["statistics"])
        learnt |= {f"computed {v.path}": v.numpy() for v in step.model.variables}
    return measured | learnt


def main(out, cpus, options):
    """One process; exit status 3 where another worker is gone."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * int(cpus)
    tf.config.set_logical_device_configuration(cpu, logical)
    make_deterministic()
    devices = Devices(make_strategy("auto" if int(cpus) == 1 else "mirrored"))
    try:
        learnt = train(devices, **json.loads(options))
    except WorkerLostError as error:
        print(f"lost: {error}", flush=True)
        sys.exit(3)
    np.savez(out, **{name.replace("/", "|"): array for name, array in learnt.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
