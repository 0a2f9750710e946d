"""The tool: flags, a run from end to end, killed and started again."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from keras_i3d import layers  # noqa: F401  what a .keras file is made of
from tests.tools.test_predict import keras_i3d

# A network whose steps are so short that making its graphs does not take most of the time.
SMALL = ["--model=five_units", "--num_frames=8", "--resize=32", "--crop=32", "--batch_size=2"]
SMALL += ["--warm_up=2", "--deterministic"]
SMALL += ["--validation_videos=3", "--validate_every=8", "--log_every=4", "--checkpoint_every=2"]
# As `keras-i3d train`, of the checkout.
COMMAND = [
    sys.executable,
    "-c",
    "import sys\n"
    "from keras_i3d.tools import running, train\n"
    "running.run(train.main, ['train', *sys.argv[1:]])",
]


def train(*flags):
    """(exit status, standard output, standard error)."""
    return keras_i3d("train", *flags)


CASES = [
    ([], "--output_dir is missing: give --output_dir=FOLDER"),
    (["--output_dir=x", "--steps=0", "--crop=90"], "steps=0 is not at least 1; crop=90 is"),
    (["--stepz=3"], "Unknown command line flag 'stepz'"),
    (["--recipe=fast"], "flag --recipe=fast"),
    (["--output_dir=x", "--steps=ten"], "steps should be a whole number. Received: steps='ten'"),
    (["--output_dir=x", "--model=s4d"], "model should be one of i3d, two_stream_i3d"),
    (["--output_dir=x", "--precision=mixed_float16"], "mixed_float16 needs a GPU"),
    (["--output_dir=x", "--strategy=multi_worker"], "strategy=multi_worker needs TF_CONFIG"),
    (["--output_dir=x", "more"], "unexpected argument; use flags only. Received: more"),
    (["--output_dir=x", "--keep=0"], "flag --keep=0"),
    (["--output_dir=x", "--weights=y.keras", "--transfer=full"], "neither a name nor a file"),
    (
        ["--output_dir=x", "--optimizer=sgd", "--rates=Mixed_9=2"],
        "'Mixed_9' matches no trainable variable",
    ),
    (["--output_dir=x", "--data=/nowhere"], "data should be a folder, a list of videos"),
]


@pytest.mark.parametrize(("flags", "wanted"), CASES)
def test_wrong_flags_exit_with_two(flags, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    status, out, err = train(*flags)
    assert (status, out, len(err.splitlines())) == (2, "", 1), err
    assert wanted in err
    assert os.listdir(tmp_path) == []


def test_a_recipe_is_shown():
    status, out, _ = train("--print_recipe", "--clip_norm=none", "--boundaries=", "--ema=0.9")
    recipe = json.loads(out)
    assert status == 0
    assert (recipe["clip_norm"], recipe["ema"], recipe["boundaries"]) == (None, 0.9, [])
    assert recipe["steps"] == 500


@pytest.mark.slow
def test_a_run_from_end_to_end(tmp_path):
    flags = [f"--output_dir={tmp_path}/run", "--steps=10", "--ema=0.5", *SMALL]
    status, out, err = train(*flags)
    assert (status, out) == (0, f"wrote {tmp_path}/run/final.keras\n"), err
    said = err.splitlines()
    assert [line.split()[0] for line in said[:4]] == ["network", "data", "run", "output"]
    # On a machine that is so busy that a step takes half a minute, there are lines between.
    rows = ("4/10", "8/10", "10/10")
    assert [word for line in said[4:] if (word := line.split()[0]) in rows] == list(rows)
    names = sorted(os.listdir(tmp_path / "run"))
    assert names == [
        *("best.keras", "checkpoints", "final.keras", "history.csv", "labels.txt"),
        *("recipe.json", "tensorboard"),
    ]
    checkpoints = sorted(os.listdir(tmp_path / "run/checkpoints"))
    assert checkpoints == [f"step_{n:08d}.npz" for n in (6, 8, 10)]
    with open(tmp_path / "run/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4", "8", "10"]
    model = keras.saving.load_model(tmp_path / "run/final.keras")
    assert model(np.zeros((1, 8, 32, 32, 3), np.float32)).shape == (1, 10)

    status, out, err = train(*flags)
    assert (status, err) == (0, "")
    assert out == f"{tmp_path}/run: finished already; the network is {tmp_path}/run/final.keras\n"
    status, _, err = train(*flags, "--steps=12", "--ema=none")
    assert status == 2
    assert "another recipe: steps: was 10, now 12; ema: was 0.5, now None" in err


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_finished_run_is_made_longer(tmp_path):
    """By rates that are known from the start; its history and its first network stay."""
    folder = tmp_path / "run"
    flags = [f"--output_dir={folder}", "--schedule=step", *SMALL]
    assert train(*flags, "--steps=6")[0] == 0
    status, out, err = train(*flags, "--steps=10")
    assert (status, out) == (0, f"wrote {folder}/final.keras\n"), err
    assert "10 steps of 2 clips (8 x 32 x 32), on 1 CPU, float32; 6 steps are done" in err
    assert "final_6.keras" in os.listdir(folder)
    with open(folder / "history.csv", newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["4", "6", "8", "10"]
    whole = tmp_path / "whole"
    assert train(*[f"--output_dir={whole}", *flags[1:]], "--steps=10")[0] == 0
    one, other = (keras.saving.load_model(f / "final.keras") for f in (folder, whole))
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def start(folder):
    return subprocess.Popen(
        [*COMMAND, f"--output_dir={folder}", *SMALL, "--steps=60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_a_checkpoint(folder, after):
    deadline = time.monotonic() + 600
    while newest(folder) <= after:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def newest(folder):
    return max((int(p.stem[5:]) for p in folder.glob("checkpoints/step_*.npz")), default=0)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_interrupted_and_killed_it_ends_with_the_same_bits(tmp_path):
    whole = start(tmp_path / "whole")
    whole.communicate(timeout=600)
    assert whole.returncode == 0

    folder = tmp_path / "again"
    process = start(folder)
    wait_for_a_checkpoint(folder, 0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 130
    assert "of 60; run the same command to continue" in err
    assert "Traceback" not in err
    process = start(folder)
    wait_for_a_checkpoint(folder, newest(folder))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (last := max(folder.glob("checkpoints/step_*.npz"))).write_bytes(last.read_bytes()[:-100])
    process = start(folder)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 0
    assert f"{last.name} is damaged and skipped" in err
    one, other = (keras.saving.load_model(tmp_path / f / "final.keras") for f in ("whole", "again"))
    for a, b in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
