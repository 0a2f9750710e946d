"""A network with what it was trained for: from a name, a run's folder, a file alone."""

import dataclasses
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS
from keras_i3d.models.catalogue import network
from keras_i3d.training.checkpoints import save_network
from keras_i3d.weights.trained import MEMBER, as_json, from_json, read_record, record_of

# A run of version 0.1, which kept no record inside its files: of a tiny network.
OLD_RUN = Path(__file__).parent.parent / "golden" / "run_0_1"
CLIP = np.linspace(-1, 1, 4 * 8 * 8 * 3, dtype=np.float32).reshape(1, 4, 8, 8, 3)
OLD_LOGITS = [0.07061833, -0.11603668, 0.03019675]


def tiny(classes=3):
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.Conv3D(2, 1, name="Mixed_5c")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    return keras.Model(clip, keras.layers.Dense(classes, name="Logits")(x))


def tiny_record(**changes):
    inputs = {"rgb": DEEPMIND_INPUTS["rgb"].changed(4, 2, 40, 32)}
    record = record_of(network("i3d"), "rgb", inputs, ("a", "b", "c"))
    return dataclasses.replace(record, **changes)


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_run_of_the_first_version(what):
    loaded = keras_i3d.load(OLD_RUN if what == "folder" else OLD_RUN / "final.keras")
    record = loaded.record
    assert record.labels == ("MoveDown", "MoveLeft", "MoveUp")
    assert record.inputs == {"rgb": DEEPMIND_INPUTS["rgb"].changed(16, 1, 36, 32)}
    assert not record.multi_label
    logits = loaded.ending_in("logits").predict(CLIP, verbose=0)
    np.testing.assert_allclose(logits, [OLD_LOGITS], atol=1e-5)
    scores = loaded.ending_in("probabilities").predict(CLIP, verbose=0)
    np.testing.assert_allclose(scores, softmax(np.array([OLD_LOGITS])), atol=1e-6)


def test_a_file_that_is_copied_elsewhere_knows_itself(tmp_path):
    model, record = tiny(), tiny_record(multi_label=True, made={"recipe": {"seed": 3}})
    save_network(model, tmp_path / "run" / "final.keras", record)
    shutil.copy(tmp_path / "run" / "final.keras", tmp_path / "mine.keras")
    loaded = keras_i3d.load(tmp_path / "mine.keras")
    assert loaded.record == record
    logits = model.predict(CLIP, verbose=0)
    scores = loaded.ending_in("probabilities").predict(CLIP, verbose=0)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-logits)), atol=1e-6)
    # Keras itself reads the file too.
    again = keras.saving.load_model(tmp_path / "mine.keras")
    np.testing.assert_array_equal(again.predict(CLIP, verbose=0), logits)


def test_labels_of_ones_own(tmp_path):
    save_network(tiny(), tmp_path / "x.keras", tiny_record())
    named = keras_i3d.load(tmp_path / "x.keras", labels=["x", "y", "z"])
    assert named.record.labels == ("x", "y", "z")
    with pytest.raises(ValueError, match="labels should be 3 names.*Received: 2"):
        keras_i3d.load(tmp_path / "x.keras", labels=["x", "y"])


def test_what_is_no_network(tmp_path):
    with pytest.raises(ValueError, match="training run's folder, with final.keras or best.keras"):
        keras_i3d.load(tmp_path)
    with pytest.raises(ValueError, match="'kinetics900', which is neither a name nor a file"):
        keras_i3d.load("kinetics900")
    with pytest.raises(ValueError, match="model should be one of i3d"):
        keras_i3d.load("kinetics", model="i4d")
    (tmp_path / "torn.keras").write_bytes(b"PK\3\4" + bytes(99))
    with pytest.raises(ValueError, match=r"torn\.keras is damaged or not a \.keras file"):
        keras_i3d.load(tmp_path / "torn.keras")
    shutil.copytree(OLD_RUN, tmp_path / "run")
    (tmp_path / "run" / "recipe.json").write_text('{"model": "i3d"}')
    with pytest.raises(ValueError, match=r"recipe\.json should be a training run's recipe"):
        keras_i3d.load(tmp_path / "run")
    (tmp_path / "run" / "labels.txt").unlink()
    with pytest.raises(ValueError, match=r"recipe|labels\.txt beside it cannot be read"):
        keras_i3d.load(tmp_path / "run")


def test_a_record_comes_back_from_json_and_nothing_else_is_one():
    inputs = network("i3d_resnet50").seen("rgb")
    record = record_of(network("i3d_resnet50"), "rgb", inputs, ("ü", "b"), made={"steps": 3})
    assert from_json(as_json(record)) == record
    for text in ("[]", "{}", "nonsense", as_json(record).replace('"crop"', '"crops"')):
        with pytest.raises(ValueError, match="should be the record of a trained network"):
            from_json(text)
    with pytest.raises(ValueError, match="output should be one of"):
        tiny_record(output="scores")


def test_a_huge_record_is_not_read(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "x.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, b"[" * (17 << 20))
    with pytest.raises(ValueError, match="is larger than"):
        read_record(tmp_path / "x.keras")


@pytest.mark.parametrize("activation", ["layer", "own"])
def test_logits_of_a_network_that_ends_in_probabilities(tmp_path, activation):
    """Of an activation layer, and of a dense layer that has its own, as keras.applications'."""
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.GlobalAveragePooling3D()(clip)
    own = {"activation": "softmax"} if activation == "own" else {}
    x = keras.layers.Dense(3, name="Logits", **own)(x)
    if activation == "layer":
        x = keras.layers.Activation("softmax")(x)
    model = keras.Model(clip, x)
    save_network(model, tmp_path / "x.keras", tiny_record(output="softmax"))
    loaded = keras_i3d.load(tmp_path / "x.keras")
    scores = loaded.ending_in("probabilities").predict(CLIP, verbose=0)
    logits = loaded.ending_in("logits").predict(CLIP, verbose=0)
    np.testing.assert_allclose(scores, model.predict(CLIP, verbose=0), atol=1e-7)
    np.testing.assert_allclose(softmax(logits), scores, atol=1e-6)
    assert abs(logits.sum()) > 1e-4  # not the logarithms of probabilities


def test_lists_of_networks_and_weights():
    assert keras_i3d.list_models()[:2] == ["i3d", "two_stream_i3d"]
    found = {(w.model, w.weights): w for w in keras_i3d.list_weights()}
    assert found["i3d", "kinetics"].top_1 == {"rgb": 68.4, "flow": 61.5}
    assert found["i3d", "kinetics600"].streams == ("rgb",)
    assert found["i3d_resnet50", "imagenet"].classes == 1000
    assert found["i3d_vgg16", "imagenet"].classes is None  # its head cannot be inflated
    # A joint network needs weights for both of its streams.
    assert [w.weights for w in keras_i3d.list_weights("two_stream_i3d")] == [
        "kinetics",
        "imagenet+kinetics",
    ]
    with pytest.raises(ValueError, match="model should be one of"):
        keras_i3d.list_weights("i4d")
