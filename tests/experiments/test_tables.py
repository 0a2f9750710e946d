"""The tables: all recipes are possible, each run comes after the one that it starts from."""

from pathlib import Path

import pytest

from keras_i3d.experiments import TABLES
from keras_i3d.experiments.measurement import run_experiments
from keras_i3d.experiments.runs import in_order
from keras_i3d.training.networks import check_network
from keras_i3d.training.recipe_checks import check

ROWS = [row for table in TABLES.values() for row in table.rows]


@pytest.mark.parametrize("scale", [0.001, 1.0, 3.0])
def test_all_recipes_are_possible(scale, tmp_path):
    before = []
    for run in in_order(ROWS):
        recipe = run.recipe_at(tmp_path, 1, scale)
        check(recipe)
        check_network(recipe)
        assert recipe.seed == 1
        assert recipe.steps == max(1, round(run.recipe.steps * scale))
        assert recipe.validation_videos == {0.001: 1, 1.0: 100, 3.0: 100}[scale]
        if run.start:
            assert run.start.name in before
            assert Path(recipe.weights) == tmp_path / run.start.name / "final.keras"
        before.append(run.name)
    assert len(set(before)) == len(before) == 7


def test_a_table_alone_has_the_runs_that_it_starts_from():
    names = [run.name for run in in_order(TABLES["new_task"].rows)]
    assert names == ["new_original", "motion_rgb", "new_fixed", "new_full"]
    names = [run.name for run in in_order(TABLES["two_streams"].rows)]
    assert names == ["motion_rgb", "joint_rgb", "joint_flow"]


def test_an_expectation_is_about_rows_of_its_table():
    for name, table in TABLES.items():
        assert table.name == name
        assert table.expects
        for expectation in table.expects:
            assert set(expectation.rows) <= set(table.rows)


def test_an_unknown_table_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(ValueError, match="one of motion_needs_time, .* Received: motion"):
        run_experiments(tmp_path / "new", ["motion"])
    assert not (tmp_path / "new").exists()
