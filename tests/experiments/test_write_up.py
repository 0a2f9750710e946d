"""The report of the tables says of given results what came of them."""

import re

import pytest

from keras_i3d.experiments import TABLES
from keras_i3d.experiments.runs import Result, in_order
from keras_i3d.experiments.write_up import write_up
from tests.experiments.made_results import result, scores, write_history

GOOD = {
    "motion_rgb": 100,
    "motion_frames": 25,
    "joint_rgb": 80,
    "joint_flow": 30,
    "new_original": 40,
    "new_fixed": 60,
    "new_full": 70,
}


def report(folder, only=TABLES, **right):
    tables = [TABLES[name] for name in only]
    runs = in_order(row for table in tables for row in table.rows)
    for run in runs:
        write_history(folder / run.name)
    results = {
        run.name: result(right[run.name], 12 if run.recipe.task == "joint" else 4) for run in runs
    }
    page = write_up(folder, tables, results)
    assert page.read_text().count("<svg") == len(tables)
    return (folder / "report.md").read_text()


def test_what_came_true(tmp_path):
    """Both streams together are exactly as good as RGB, the surer one: that shows nothing."""
    said = report(tmp_path, **GOOD)
    assert "| I3D on clips | 100.0 | 96.3 to 100.0 | 25.0 | 100 | 400 | 60 |" in said
    assert "| I3D on clips: above 95 % | 100.0 % | 96.3 to 100.0 | yes |" in said
    assert "| both (logits added) | 80.0 | 71.1 to 86.7 | 8.3 | 100 |  |  |" in said
    verdicts = re.findall(r"\| (yes|no|not shown) \|", said)
    assert verdicts == ["yes", "yes", "not shown", "yes", "yes", "yes"]
    assert "7 trainings, 420 s in all" in said


@pytest.mark.parametrize(
    "changes, wanted, run",
    [
        ({"motion_rgb": 96}, "clips: above 95 % | 96.0 % | 90.2 to 98.4 | not shown", "motion_rgb"),
        ({"motion_rgb": 80}, "clips: above 95 % | 80.0 % | 71.1 to 86.7 | no", "motion_rgb"),
        ({"motion_frames": 30}, "| 30.0 % | 21.9 to 39.6 | not shown", "motion_frames"),
        ({"new_full": 44}, "| +4.0 points | -0.8 to +4.0 | not shown", "new_full"),
        ({"new_fixed": 12}, "| -28.0 points | -28.0 to -21.1 | no", "new_original"),
    ],
)
def test_what_did_not_is_said_with_the_course_of_its_runs(changes, wanted, run, tmp_path):
    said = report(tmp_path, only=("motion_needs_time", "new_task"), **{**GOOD, **changes})
    assert wanted in said
    assert said.count("yes") == 3
    assert f"{run}, right in training and in validation at step 10: 50 % and 40 %." in said


def test_seconds_that_a_killed_process_took_with_it(tmp_path):
    tables = [TABLES["motion_needs_time"]]
    results = {"motion_rgb": result(100), "motion_frames": Result(scores(25), float("nan"))}
    write_up(tmp_path, tables, results)
    said = (tmp_path / "report.md").read_text()
    assert "| 400 | not known |" in said
    assert "2 trainings, 60 s in all" in said


def test_what_came_true_needs_no_explanation(tmp_path):
    assert "right in training" not in report(tmp_path, only=("new_task",), **GOOD)
