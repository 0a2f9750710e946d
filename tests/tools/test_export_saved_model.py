"""Any network that a tool can load is exported and served with its own labels and activation."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_i3d
from keras_i3d.applications.from_file import record_of_inflated
from keras_i3d.classes import SEVERAL
from keras_i3d.data.pixels.preprocessing import preprocess
from keras_i3d.training.checkpoints import save_network
from tests.conftest import write_video
from tests.export.conftest import LABELS, as_loaded, tiny_network
from tests.tools.test_predict import keras_i3d as tool
from tests.tools.test_serve import run, serving


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """By kind: what `--weights` is given."""
    folder = tmp_path_factory.mktemp("networks")
    run_folder = folder / "run"
    run_folder.mkdir()
    logits = as_loaded(tiny_network()).ending_in("logits")
    trained = as_loaded(logits, output="logits")
    save_network(trained.model, run_folder / "final.keras", trained.record)
    shutil.copy(run_folder / "final.keras", folder / "alone.keras")
    several = as_loaded(logits, output="logits", multi_label=True)
    save_network(several.model, folder / "several.keras", several.record)
    keras.utils.set_random_seed(1)
    clip = keras.Input((8, 32, 32, 3))
    x = keras.layers.Conv3D(4, 3, 2, activation="relu", name="conv")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    inflated = keras.Model(clip, keras.layers.Dense(3, activation="softmax")(x))
    record = record_of_inflated(inflated, "caffe", {"weights": "imagenet"})
    save_network(inflated, folder / "inflated.keras", record)
    return {
        "run": run_folder,
        "alone": folder / "alone.keras",
        "several": folder / "several.keras",
        "inflated": folder / "inflated.keras",
    }


@pytest.mark.slow  # TensorFlow is loaded twice for each
@pytest.mark.parametrize("kind", ["run", "alone", "several", "inflated"])
def test_every_kind_of_network_is_exported_as_it_is(networks, kind, tmp_path):
    shape = ["--shape=8,40,48"] if kind == "inflated" else []
    status, out, err = tool(
        "export_saved_model", f"--weights={networks[kind]}", f"--out={tmp_path}/m/1", *shape
    )
    assert (status, err) == (0, ""), out
    network = keras_i3d.load(networks[kind])
    record = network.record
    frames = np.random.default_rng(0).integers(0, 256, (8 if shape else 16, 40, 48, 3), np.uint8)
    answer = tf.saved_model.load(str(tmp_path / "m/1")).signatures["serving_default"](
        frames=tf.constant(frames[None])
    )
    pixels = preprocess(frames, record.inputs["rgb"].preprocessing)
    expected = network.classifier.predict(pixels[None], verbose=0)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-4)
    best = [label for label, _ in keras_i3d.decode_predictions(expected, 3, record.labels)[0]]
    assert [label.decode() for label in answer["labels"].numpy()[0, :3]] == best
    about = json.loads((tmp_path / "m/1/assets.extra/metadata.json").read_text())
    assert (tuple(about["labels"]), about["multi_label"]) == (record.labels, record.multi_label)
    assert about["inputs"]["rgb"]["preprocessing"]["bgr"] == (kind == "inflated")


@pytest.mark.slow  # a network is exported
def test_a_network_of_several_classes_is_served_from_its_file(networks, tmp_path):
    """Without an export of one's own; the probabilities are sigmoids, and it is said so."""
    frames = np.random.default_rng(0).integers(0, 256, (16, 40, 48, 3), np.uint8)
    video = write_video(tmp_path / "noise.mkv", list(frames))
    network = keras_i3d.load(networks["several"])
    predicted = keras_i3d.predict_video(network, video)
    assert SEVERAL in predicted.notes
    with serving(f"--model={networks['several']}") as (_, port, rest_port):
        servers = [f"--server=localhost:{port}"], [f"--server=localhost:{rest_port}", "--rest"]
        for server in servers:
            status, out, err = run(
                "query", *server, "--model=several", "--json", "--files=png", "--top=7", video
            )
            assert (status, err) == (0, "")
            answer = json.loads(out)
            found = {one["label"]: one["probability"] for one in answer["predictions"]}
            for label, probability in zip(LABELS, predicted.scores, strict=True):
                assert found[label] == pytest.approx(probability, abs=1e-3)
            assert sum(found.values()) > 1.5  # of seven sigmoids near a half
            assert SEVERAL in answer["notes"]


def test_what_is_no_model_is_told(tmp_path):
    gone = tmp_path / "gone.keras"
    status, _, err = run("serve", f"--model={gone}")
    assert (status, err.strip()) == (1, f"serve: --model={gone}: there is no such file")
