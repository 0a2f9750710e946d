"""An image network in, a checked video network out, or nothing."""

import hashlib
import json

import keras
import numpy as np
import pytest
from PIL import Image

from tests.tools.test_predict import keras_i3d


@pytest.fixture(scope="module")
def image_network(tmp_path_factory):
    """A small branching network, saved."""
    path = tmp_path_factory.mktemp("network") / "image.keras"
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    x = keras.layers.Add(name="add")([x, keras.layers.BatchNormalization(name="norm")(x)])
    keras.Model(image, keras.layers.GlobalAveragePooling2D(name="mean")(x)).save(path)
    return path


@pytest.mark.parametrize("name", ["video.keras", "video.weights.h5"])
def test_a_network_is_written_with_a_record_of_what_it_is(image_network, tmp_path, name):
    out = tmp_path / name
    status, text, err = keras_i3d("inflate_weights", f"--source={image_network}", f"--out={out}")
    assert (status, err) == (0, "")
    assert text.splitlines()[-1] == f"wrote {out} and {out}.json"
    assert "conv" in text
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert record["schedule"] == "i3d"
    assert record["check"]["largest_difference"] < 1e-4
    assert record["file_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert sorted(p.name for p in tmp_path.iterdir()) == [name, f"{name}.json"]
    if name.endswith(".keras"):
        kernel = keras.saving.load_model(out).get_layer("conv").kernel
        flat = keras.saving.load_model(image_network).get_layer("conv").kernel
        np.testing.assert_allclose(np.array(kernel)[1], np.array(flat) / 3, rtol=1e-6)
    status, _, err = keras_i3d("inflate_weights", f"--source={image_network}", f"--out={out}")
    assert (status, "exists; --overwrite" in err) == (2, True)


def test_a_network_that_cannot_be_inflated_leaves_nothing(tmp_path):
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, name="conv")(image)
    x = keras.layers.MultiHeadAttention(1, 2, name="look")(x, x)
    keras.Model(image, x).save(tmp_path / "attention.keras")
    flags = (f"--source={tmp_path}/attention.keras", f"--out={tmp_path}/out.keras")
    status, _, err = keras_i3d("inflate_weights", *flags)
    assert status == 2
    assert "look (MultiHeadAttention)" in err
    assert len(err.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["attention.keras"]


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (["--source=x.keras", "--out=/nowhere/y.keras"], "there is no folder /nowhere"),
        (["--source=x.keras", "--out=y.h5"], "should end in .keras or .weights.h5"),
        (["--source=x.keras", "--out=y.keras"], "--source=x.keras: no such file"),
        (["--source=resnet99", "--out=y.keras"], "source should be a .keras file, inception_v1, "),
        (["--source=x.keras", "--out=y.keras", "--schedule=slow"], "flag --schedule=slow"),
        (["--out=y.keras"], "--source is missing: give --source=..."),
    ],
)
def test_wrong_flags_exit_with_two(flags, wanted):
    status, out, err = keras_i3d("inflate_weights", *flags)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert wanted in err


def test_kernels_are_drawn(real_weights, tmp_path):
    out = tmp_path / "kernels.png"
    status, text, _ = keras_i3d("visualise", f"--out={out}")
    assert (status, text) == (0, f"wrote {out}\n")
    picture = np.asarray(Image.open(out))
    # Four strips of seven slices of 28 pixels and a gap, with a number before and a margin after
    # each; above them the moments, and around all a margin.
    assert picture.shape == (26 + 16 * 30 + 40, 4 * (28 + 7 * 30 + 12) + 24, 3)
    assert [p.name for p in tmp_path.iterdir()] == ["kernels.png"]
    status, _, err = keras_i3d("visualise", "--out=/nowhere/x.png")
    assert (status, "there is no folder" in err) == (2, True)
