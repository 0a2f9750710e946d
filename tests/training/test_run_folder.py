"""A run's folder: what it says of its network, and what is told where it is broken."""

import json

import keras
import numpy as np
import pytest

from keras_i3d.training.recipes import SYNTHETIC_SMALL, to_json
from keras_i3d.training.run_folder import RunFolderError, read_run


def tiny(classes=2):
    """From any clip to logits: weighted means of its colours."""
    clip = keras.Input((None, None, None, 3))
    mean = keras.layers.GlobalAveragePooling3D()(clip)
    return keras.Model(clip, keras.layers.Dense(classes, use_bias=False, name="Logits")(mean))


@pytest.fixture
def run(tmp_path):
    (tmp_path / "recipe.json").write_text(to_json(SYNTHETIC_SMALL))
    (tmp_path / "labels.txt").write_text("jump\nrun\n")
    return tmp_path


def test_a_run_is_read_back(run):
    model = tiny()
    model.set_weights([np.array([[1, 0], [0, 1], [0, 0]], np.float32)])
    model.save(run / "final.keras")
    found = read_run(run)
    assert found.recipe == SYNTHETIC_SMALL
    assert found.classes == ("jump", "run")
    clip = np.full((1, 4, 8, 8, 3), (0.25, -0.5, 9), np.float32)
    assert found.load_network().model.predict_on_batch(clip).tolist() == [[0.25, -0.5]]


def test_a_recipe_of_an_older_version_gets_the_defaults_of_newer_fields(run):
    kept = json.loads(to_json(SYNTHETIC_SMALL))
    del kept["seed"], kept["centred"]
    (run / "recipe.json").write_text(json.dumps(kept))
    assert (read_run(run).recipe.seed, read_run(run).recipe.centred) == (0, False)


def test_another_folder_is_no_run(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not the folder of a training run: recipe.json"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    "file, content, message",
    [
        ("recipe.json", b"[1]", "recipe.json is damaged"),
        ("recipe.json", b'{"stepz": 3}', "unknown recipe fields"),
        ("labels.txt", b"\xff\xfe", "labels.txt is damaged"),
        ("final.keras", b"no zip", "final.keras is damaged"),
    ],
)
def test_a_damaged_run_is_told_in_one_line(run, file, content, message):
    (run / file).write_bytes(content)
    with pytest.raises(RunFolderError, match=message) as caught:
        read_run(run).load_network()
    assert "\n" not in str(caught.value)


def test_an_unfinished_run_has_its_best_network(run):
    with pytest.raises(RunFolderError, match="final.keras does not exist yet") as caught:
        read_run(run).network_file()
    assert "best" not in str(caught.value)
    (run / "best.keras").write_bytes(b"")
    with pytest.raises(RunFolderError, match="--network=best takes the best one so far"):
        read_run(run).network_file()
    assert read_run(run).network_file("best") == run / "best.keras"
