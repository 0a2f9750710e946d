"""The same global batch gives the same weights, on however many devices and workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_i3d.training.devices import Devices, make_strategy
from tests.conftest import PROJECT, slow_or_long
from tests.training import several, tiny

# Of weights, averages, metrics and losses; what was seen is 5e-7 at most.
TOLERANCE = 2e-6
EVERYTHING = {
    "uneven": [8, 5, 1],
    "ema": True,
    "statistics": 2,
    "step": {
        "clip_norm": 0.5,
        "weight_decay": 0.01,
        "factors": {"Logits/kernel": 3.0, "Logits/bias": 3.0},
    },
}


def start(out, cpus, options, environment=None):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.several", str(out), str(cpus), json.dumps(options)],
        cwd=PROJECT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process, out):
    """What the process has learnt."""
    _, err = process.communicate(timeout=240)
    assert process.returncode == 0, err[-2000:]
    with np.load(out) as file:
        return {name.replace("|", "/"): file[name] for name in file.files}


def ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    numbers = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return numbers


def start_two(folder, options):
    addresses = [f"127.0.0.1:{port}" for port in ports(2)]
    return [
        start(
            folder / f"{n}.npz",
            1,
            options,
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": n}}
                )
            },
        )
        for n in range(2)
    ]


def differ(one, other):
    assert one.keys() == other.keys()
    one = dict(one)
    for name in [name for name in one if name.startswith("computed")]:  # larger numbers: in parts
        np.testing.assert_allclose(one.pop(name), other[name], rtol=1e-4, atol=TOLERANCE)
    return max(np.abs(one[k].astype(np.float64) - other[k].astype(np.float64)).max() for k in one)


@pytest.mark.parametrize("two", [pytest.param(False, marks=pytest.mark.slow), True])
def test_two_devices_are_as_one(tmp_path, two):
    """Batches of 8, 5 and 1 for two devices: synchronised statistics, clipping, everything.

    Also with two streams in a dictionary and two losses, each measured.
    """
    options = {**EVERYTHING, "two_of_all": two}
    process = start(tmp_path / "two.npz", 2, options)
    one = several.train(Devices(), **options)
    assert differ(one, end(process, tmp_path / "two.npz")) < TOLERANCE
    parts = {"cross_entropy", "size", "val_cross_entropy", "val_size"}
    assert parts & one.keys() == (parts if two else set())
    if two:
        for kind in ("", "val_"):
            total = one[f"{kind}cross_entropy"] + 0.3 * one[f"{kind}size"]
            assert one[f"{kind}loss"] == pytest.approx(total, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        ({"accumulate": 2, "own": {"global_clipnorm": 0.3, "weight_decay": 0.1}}, TOLERANCE),
        ({"uneven": [2, 3, 7]}, TOLERANCE),
        # Numbers of 8 bits, added up in another order; what was seen is 0.0015.
        ({"policy": "mixed_bfloat16"}, 0.02),
    ],
)
def test_three_devices_are_as_one(tmp_path, options, tolerance):
    process = start(tmp_path / "three.npz", 3, {"batch_size": 12, **options})
    one = several.train(Devices(), **{"batch_size": 12, **options})
    assert differ(one, end(process, tmp_path / "three.npz")) < tolerance


@pytest.mark.slow
def test_two_workers_are_as_one(tmp_path):
    options = {**EVERYTHING, "uneven": [], "accumulate": 2, "folder": str(tmp_path / "folder")}
    processes = start_two(tmp_path, options)
    one = several.train(Devices(), **{**options, "folder": None})
    learnt = [end(process, tmp_path / f"{n}.npz") for n, process in enumerate(processes)]
    assert differ(*learnt) == 0
    assert differ(one, learnt[0]) < TOLERANCE


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("victim", slow_or_long([0, 1], 0))
def test_when_a_worker_dies_the_other_says_so_and_the_same_command_resumes(tmp_path, victim):
    folder = tmp_path / "folder"
    options = {"steps": 400, "checkpoint_every": 20, "folder": str(folder), "dropout": 0.3}
    processes = start_two(tmp_path, options)
    wait_for(lambda: folder.exists() and any(folder.glob("step_*.npz")))
    processes[victim].send_signal(signal.SIGKILL)
    processes[victim].communicate()
    out, err = processes[1 - victim].communicate(timeout=600)
    assert processes[1 - victim].returncode == 3, err[-2000:]
    assert "another worker is gone; run the same command" in out
    again = start_two(tmp_path, options)
    learnt = [end(process, tmp_path / f"{n}.npz") for n, process in enumerate(again)]
    assert differ(*learnt) == 0


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bits(tmp_path):
    options = {"steps": 400, "checkpoint_every": 7, "dropout": 0.3, "ema": True}
    whole = end(start(tmp_path / "whole.npz", 1, options), tmp_path / "whole.npz")
    options["folder"] = str(tmp_path / "folder")
    rng = np.random.default_rng()
    for _ in range(5):
        process = start(tmp_path / "again.npz", 1, options)
        before = newest(tmp_path / "folder")
        wait_for(lambda before=before: newest(tmp_path / "folder") > before)
        time.sleep(rng.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert 0 < newest(tmp_path / "folder") < 400
    again = end(start(tmp_path / "again.npz", 1, options), tmp_path / "again.npz")
    assert all(np.array_equal(whole[name], again[name]) for name in whole)


def newest(folder):
    return max((int(p.stem[5:]) for p in folder.glob("step_*.npz")), default=0)


def wait_for(holds):
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_divided():
    """Of one device: the batch as it is, with weights of one where there are none."""
    x, y = tiny.batch_of(range(3))
    parts = Devices().divide((x, y))
    assert parts[0] is x
    assert parts[2].numpy().tolist() == [1, 1, 1]
    assert Devices().divide((x, y, [1, 2, 0]))[2].numpy().tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("name", "config", "wanted"),
    [
        ("two", None, "strategy should be one of auto, one.*Received: 'two'"),
        ("multi_worker", None, "needs TF_CONFIG"),
        ("auto", "[]", "TF_CONFIG should be a JSON object"),
        ("auto", "{", "TF_CONFIG should be a JSON object"),
        ("auto", '{"cluster": {"ps": ["a:1"]}}', r"chief and worker .* Received: \['ps'\]"),
    ],
)
def test_strategies_that_cannot_be(monkeypatch, name, config, wanted):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config is not None:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match=wanted):
        make_strategy(name)


def test_another_backend_is_refused(monkeypatch):
    """Not by what first fails, an attribute that its optimizers lack."""
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="train or export: set KERAS_BACKEND=tensorflow. R.* jax"):
        Devices()
