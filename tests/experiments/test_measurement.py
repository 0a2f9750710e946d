"""What comes of all trainings, and of one that fails in a process of its own."""

import pytest

from keras_i3d.evaluation.scores import save_scores
from keras_i3d.experiments import measurement
from keras_i3d.experiments.measurement import run_experiments
from keras_i3d.training.failures import FailedError
from keras_i3d.training.networks import resolved
from keras_i3d.training.recipes import to_json
from tests.experiments.failing import fail
from tests.experiments.made_results import result, write_history

CLASSES = {"joint": 12, "motion": 4, "order": 2}


def pretend(recipe, folder, videos, watch=None, clips=None):
    """What a training and its test leave; half of the videos are right."""
    assert clips == (5 if folder.name.startswith("order") else None)
    folder.parent.mkdir(exist_ok=True)
    write_history(folder)
    (folder / "recipe.json").write_text(to_json(resolved(recipe)))
    (folder / "final.keras").touch()
    (folder / "seconds.json").write_text('{"seconds": 60}')
    found = result(50, CLASSES[folder.name.split("_")[0]])
    save_scores(folder / "test.npz", found.scores)
    return found


def test_every_run_comes_once_and_what_is_compared_in_every_repetition(monkeypatch, tmp_path):
    """Two networks of the order task are compared; each starts from one of the motion task."""
    monkeypatch.setattr(measurement, "measure", pretend)
    told = []
    page = run_experiments(tmp_path, ["order"], repetitions=2, seed=5, tell=told.append)
    assert page == tmp_path / "report.html"
    said = (tmp_path / "report.md").read_text("utf-8")
    assert "22 trainings" in said
    assert "Repetitions: seed_5, seed_6." in said
    names = [line.split(": top_1")[0] for line in told if "top_1" in line]
    assert len(names) == len(set(names)) == 18 + 4
    before, after = (names.index(f"seed_5, order: {task}_i3d_rgb") for task in ("motion", "order"))
    assert before < after
    again = {name for name in names if name.startswith("seed_6")}
    compared = [f"{task}_{one}_rgb" for task in ("motion", "order") for one in ("lstm", "i3d")]
    assert again == {f"seed_6, order: {name}" for name in compared}


def test_a_narrower_call_leaves_the_rest_in_the_report(monkeypatch, tmp_path):
    """Other tables and other seeds stay; nothing is trained again, and other steps do not count."""
    monkeypatch.setattr(measurement, "measure", pretend)
    run_experiments(tmp_path, ["order"], repetitions=2, seed=9)
    whole = (tmp_path / "report.md").read_text("utf-8")
    assert "Repetitions: seed_9, seed_10." in whole
    told = []
    run_experiments(tmp_path, ["order"], repetitions=1, seed=9, tell=told.append)
    assert [line for line in told if "top_1" in line] == []
    assert "Repetitions: seed_9, seed_10." in (tmp_path / "report.md").read_text("utf-8")
    run_experiments(tmp_path, ["table_2"], repetitions=1, seed=9, tell=told.append)
    said = (tmp_path / "report.md").read_text("utf-8")
    assert said.index("Table 2") < said.index("Order: one motion")
    assert said.endswith(whole[whole.index("## Order") :])
    trained = [line for line in told if "top_1" in line]
    assert len(trained) == 9 and all("table_2: joint_" in line for line in trained)
    run_experiments(tmp_path, ["order"], repetitions=1, seed=9, videos=50)
    assert "Table 2" not in (tmp_path / "report.md").read_text("utf-8")


def test_a_training_that_fails_says_which_and_where_more_is(monkeypatch, tmp_path):
    monkeypatch.setattr(measurement, "measure_apart", fail)
    with pytest.raises(FailedError, match=r"no motion_\w+ today; .*motion_\w+.log has more"):
        run_experiments(tmp_path, ["order"], repetitions=1, processes=2)
    assert not (tmp_path / "report.md").exists()
