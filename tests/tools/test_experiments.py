"""The experiments: what the report says of given results, and all of them in small."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.evaluation.scores import Scores
from keras_i3d.tools.experiments_report import Result, wilson, write_report
from keras_i3d.tools.experiments_table import experiments
from keras_i3d.training.recipe_checks import check

CLASSES = {"motion": 4, "joint": 12}


def result(right, classes):
    """Scores of 100 videos, of which so many are told right."""
    labels = np.arange(100) % classes
    told = np.where(np.arange(100) < right, labels, (labels + 1) % classes)
    logits = right / 20 * np.eye(classes, dtype=np.float32)[told]  # the better, the surer
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    names = tuple(f"class {n}" for n in range(classes))
    ids = np.array([f"video {n}" for n in range(100)])
    return Result(Scores(ids, logits, chances.astype(np.float32), labels, names, {}, {}), 60.0)


def report(folder, **right):
    planned = experiments(folder, seed=0, scale=1.0)
    for one in planned:
        (folder / one.name).mkdir(exist_ok=True)
        with open(folder / one.name / "history.csv", "w", newline="") as file:
            rows = csv.DictWriter(file, ["step", "accuracy", "val_accuracy"])
            rows.writeheader()
            rows.writerow({"step": 10, "accuracy": 0.5, "val_accuracy": 0.4})
    results = {
        one.name: result(right[one.name], 12 if one.recipe.task == "joint" else 4)
        for one in planned
    }
    page = write_report(folder, planned, results)
    assert "<svg" in page.read_text()
    return (folder / "report.md").read_text()


GOOD = {
    "motion_rgb": 96,
    "motion_frames": 30,
    "joint_rgb": 80,
    "joint_flow": 30,
    "new_original": 40,
    "new_fixed": 60,
    "new_full": 70,
}


def test_what_came_out_as_hoped(tmp_path):
    said = report(tmp_path, **GOOD)
    assert len(re.findall(r"Yes: ", said)) == 5
    assert "No: " not in said
    assert "| I3D, clips | 96.0 | 90.2 to 98.4 | 25.0 | 400 | 60 |" in said
    assert "100 videos" in said and "420 s in all" in said


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"motion_rgb": 94}, "No: clips reach 95 %."),
        ({"motion_frames": 36}, "No: single frames stay within 10 points of chance."),
        ({"new_full": 40}, "No: all of the trained network beats random weights."),
        ({"new_fixed": 12}, "No: a new head beats random weights."),
    ],
)
def test_what_did_not_is_said_with_the_course(changes, wanted, tmp_path):
    said = report(tmp_path, **{**GOOD, **changes})
    assert wanted in said
    assert "step 10 50 % and 40 %" in said


def test_wilsons_interval():
    """Of 1 in 10, as published for this method: 0.018 to 0.404."""
    low, high = wilson(0.1, 10)
    assert (round(low, 3), round(high, 3)) == (0.018, 0.404)
    assert wilson(0.0, 10)[0] == pytest.approx(0)
    assert wilson(1.0, 10)[1] == pytest.approx(1)


@pytest.mark.parametrize("scale", [0.001, 1.0, 3.0])
def test_all_recipes_are_possible(scale, tmp_path):
    planned = experiments(tmp_path, seed=1, scale=scale)
    names = [one.name for one in planned]
    for one in planned:
        check(one.recipe)
        assert one.recipe.seed == 1
        if one.recipe.weights:  # what it starts from comes before it
            assert Path(one.recipe.weights).parent.name in names[: names.index(one.name)]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_of_them_in_small(tmp_path):
    program = Path(__file__).parents[2] / "tools" / "experiments.py"
    command = [sys.executable, program, f"--out={tmp_path}", "--scale=0.004", "--videos=12"]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    assert first.stdout.strip().endswith(f"{tmp_path}/report.html")
    report = (tmp_path / "report.md").read_bytes()
    assert report.count(b"\n| ") >= 14
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "loss" not in again.stderr  # nothing is trained a second time
    assert (tmp_path / "report.md").read_bytes() == report
    other = subprocess.run([*command, "--seed=1"], capture_output=True, text=True)
    assert other.returncode == 2
    assert "seed: was 0, now 1" in other.stderr and "Traceback" not in other.stderr
