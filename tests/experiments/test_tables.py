"""The tables: all recipes are possible, each run comes after the one that it starts from."""

import json
from pathlib import Path

import pytest

from keras_i3d.experiments import filters, table_1
from keras_i3d.experiments.measurement import run_experiments
from keras_i3d.experiments.runs import Fusion, Run, in_order, in_waves
from keras_i3d.experiments.tables import TABLES
from keras_i3d.training.networks import check_network, inputs_of
from keras_i3d.training.recipe_checks import check

RUNS = in_order(row for table in TABLES.values() for row in table.rows)
BY_NAME = {run.name: run for run in RUNS}


@pytest.mark.parametrize("scale", [0.001, 1.0, 3.0])
def test_all_recipes_are_possible(scale, tmp_path):
    before = []
    for run in RUNS:
        recipe = run.recipe_at(tmp_path, 1, scale)
        check(recipe)
        check_network(recipe)
        assert recipe.seed == 1
        assert recipe.steps == max(1, round(run.recipe.steps * scale))
        if run.start:
            assert run.start.name in before
            assert Path(recipe.weights) == tmp_path / run.start.name / "final.keras"
        before.append(run.name)
    assert len(set(before)) == len(before)


def test_runs_of_a_wave_need_those_of_earlier_ones_alone():
    done = set()
    for wave in in_waves(RUNS):
        for run in wave:
            assert {before.name for before in (run.start, run.teacher) if before} <= done
        done |= {run.name for run in wave}
    assert done == set(BY_NAME)


def test_a_table_alone_has_the_runs_that_it_starts_from():
    assert [run.name for run in in_order(TABLES["filters"].rows)] == [
        "stills_2d_rgb",
        "joint_i3d_rgb_from_images",
        "joint_i3d_flow_from_images",
    ]
    assert in_order(TABLES["table_1"].rows) == []
    names = {run.name for run in in_order(TABLES["table_4"].rows)}
    assert {"second_i3d_flow_fixed", "joint_i3d_flow", "second_c3d_rgb_full"} <= names


def test_an_expectation_is_about_rows_of_its_table_and_says_why():
    for name, table in TABLES.items():
        assert table.name == name
        assert table.expects or table.measure
        for expectation in table.expects:
            assert {row.name for row in expectation.rows} <= {row.name for row in table.rows}
            assert expectation.why


@pytest.mark.parametrize(
    "name, frames",
    [
        ("order_lstm_flow", {"flow": (25, 5)}),
        ("order_c3d_rgb", {"rgb": (16, 1)}),
        ("order_2d_rgb", {"rgb": (1, 10)}),
        ("order_2d_flow", {"flow": (10, 1)}),
        ("order_fused_both", {"rgb": (5, 10), "flow": (50, 1)}),
        ("order_i3d_rgb", {"rgb": (64, 1)}),
        ("joint_i3d_rgb", {"rgb": (16, 1)}),
        ("joint_lstm_rgb", {"rgb": (25, 5)}),
    ],
)
def test_each_network_sees_what_the_paper_gives_it(name, frames):
    """Frames, and every how many; I3D fewer where the motion lasts all the video."""
    seen = inputs_of(BY_NAME[name].recipe)
    assert {stream: (one.frames, one.every) for stream, one in seen.items()} == frames


def test_two_streams_probabilities_are_averaged_and_i3ds_logits_added():
    fusions = {row.name: row.average for row in TABLES["table_2"].rows if isinstance(row, Fusion)}
    assert fusions["joint_2d_both"]
    assert not fusions["joint_i3d_both"]
    assert "joint_fused_both" not in fusions  # one network


def test_the_papers_figures_stand_beside():
    [grid] = TABLES["table_4"].grids
    assert [line.paper for line in grid.lines] == [
        ("18.3", "47.1", "49.7"),
        ("24.3", "47.0", "49.4"),
        ("47.1", "65.9", "64.3"),
        ("37.3", "64.6", "66.5"),
        ("62.2", "78.6", "81.3"),
    ]
    joint, _ = TABLES["table_2"].grids
    assert joint.lines[-1].paper == ("71.1", "63.4", "74.2")
    assert joint.lines[1].paper == ("56.1", "–", "–")
    assert [isinstance(cell, Run) for cell in joint.lines[3].cells] == [False, False, True]


def test_table_1_says_what_was_measured_and_measures_it_once(tmp_path, monkeypatch):
    names = ("convnet_lstm", "convnet_3d", "two_stream", "fused_3d", "two_stream_i3d")
    costs = dict.fromkeys(names, {"parameters": 12_058_560, "gflops": 2.04, "seconds": 0.125})
    kept = {"by": table_1.measured_by(), "costs": costs}
    (tmp_path / table_1.KEPT).write_text(json.dumps(kept))
    rows = table_1.measure(tmp_path).rows
    assert rows[2] == (
        "Two-Stream",
        "12,058,560",
        "12 M",
        "1 rgb, 10 flow",
        "1 rgb, 10 flow",
        "0.40",
        "0.4 s",
        "2.0",
        "0.12",
    )
    assert [row[5] for row in rows] == ["4.84", "0.64", "0.40", "2.00", "2.56"]
    # What another processor took, or an earlier version, which kept no such record, is not "here".
    monkeypatch.setattr(table_1, "cost_of", lambda name: table_1.Cost(1, 1.0, 0.5))
    for elsewhere in ({**kept, "by": {**kept["by"], "processor": "another"}}, costs):
        (tmp_path / table_1.KEPT).write_text(json.dumps(elsewhere))
        assert table_1.measure(tmp_path).rows[2][-1] == "0.50"
        assert json.loads((tmp_path / table_1.KEPT).read_text())["by"] == kept["by"]


def test_how_far_filters_have_moved():
    import numpy as np

    start = np.array([3.0, 4.0])
    assert filters.moved_by(start, np.array([3.0, 3.0])) == pytest.approx(0.2)
    assert filters.likeness(start, 2 * start) == pytest.approx(1)
    assert filters.likeness(start, np.array([-4.0, 3.0])) == pytest.approx(0)
    assert ": agrees." in filters.verdict([30, 31, 32], [20, 21, 22])
    assert ": disagrees." in filters.verdict([20, 21, 22], [30, 31, 32])
    assert ": not shown." in filters.verdict([30, 31, 32], [20, 40, 22])
    assert "of one seed" in filters.verdict([30], [20])


def test_an_unknown_table_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(ValueError, match="one of table_1, .* Received: motion"):
        run_experiments(tmp_path / "new", ["motion"])
    assert not (tmp_path / "new").exists()
