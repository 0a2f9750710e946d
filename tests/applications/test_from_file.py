"""An inflated image network, from its file through prediction, training and evaluation."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.applications.from_file import PREPROCESSING, find_network, record_of_inflated
from keras_i3d.training.from_recipe import build_model
from keras_i3d.training.recipe_checks import check
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import train
from keras_i3d.weights.trained import write_record
from tests.conftest import write_video


@pytest.fixture
def inflated(tmp_path):
    """A still network of three classes, inflated, and its file."""
    image = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(image)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    x = keras.layers.Dense(3, activation="softmax", name="predictions")(x)
    model = keras_i3d.inflate(keras.Model(image, x))
    model.save(tmp_path / "video.keras")
    record = record_of_inflated(model, "caffe", {"source": "image.keras"}, frames=8)
    write_record(tmp_path / "video.keras", record)
    return model, record, tmp_path / "video.keras"


def test_the_record_says_how_the_image_network_saw(inflated):
    _, record, _ = inflated
    seen = record.inputs["rgb"]
    assert (seen.frames, seen.crop, seen.short_side) == (8, 32, 37)
    assert seen.preprocessing.bgr
    assert (record.output, record.logits, record.features) == (
        "softmax",
        "predictions",
        {"rgb": "conv"},
    )


def test_it_is_predicted_with_as_it_is(inflated, tmp_path):
    model, record, path = inflated
    grey = np.full((40, 40, 3), (200, 100, 50), np.uint8)
    video = write_video(tmp_path / "still.mkv", [grey] * 20)
    loaded = keras_i3d.load(path)
    came = keras_i3d.predict_video(loaded, str(video)).scores
    # By hand: blue first, less ImageNet's mean, no other scale.
    pixel = np.float32([50, 100, 200]) - np.float32([103.939, 116.779, 123.68])
    clip = np.broadcast_to(pixel, (1, 64, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(came, model.predict(clip, verbose=0)[0], atol=1e-4)


def test_it_is_trained_on_with_a_new_head(inflated, tmp_path):
    model, _, path = inflated
    recipe = replace(
        SYNTHETIC_SMALL,
        model=str(path),
        transfer="fixed",
        motions=("MoveLeft", "MoveUp"),
        num_frames=4,
        steps=2,
        warm_up=1,
        batch_size=2,
        validate_every=2,
        validation_videos=2,
        training_videos=4,
    )
    check(recipe)
    final = train(recipe, tmp_path / "run")
    loaded = keras_i3d.load(final)
    assert loaded.record.labels == ("MoveLeft", "MoveUp")
    assert loaded.record.inputs["rgb"].preprocessing.bgr
    kernels = [m.get_layer("conv").kernel.numpy() for m in (loaded.model, model)]
    np.testing.assert_array_equal(*kernels)


def test_clips_that_the_file_does_not_take_are_refused(inflated):
    _, _, path = inflated
    recipe = replace(SYNTHETIC_SMALL, model=str(path), transfer="fixed", crop=24)
    with pytest.raises(ValueError, match=r"clips of \(None, 32, 32\).*Received: \(16, 24, 24\)"):
        build_model(recipe, 3)


def test_what_has_no_record_is_refused(tmp_path):
    clip = keras.Input((4, 8, 8, 3))
    keras.Model(clip, keras.layers.Conv3D(2, 1)(clip)).save(tmp_path / "plain.keras")
    with pytest.raises(ValueError, match="a file without their record"):
        find_network(str(tmp_path / "plain.keras"))
    with pytest.raises(ValueError, match="or an existing file"):
        find_network(str(tmp_path / "gone.keras"))
    with pytest.raises(ValueError, match="model should be one of i3d"):
        find_network("i4d")


def test_networks_without_class_scores_have_no_record():
    clip = keras.Input((4, 8, 8, 3))
    features = keras.Model(clip, keras.layers.Conv3D(2, 1)(clip))
    assert record_of_inflated(features, "tf", {}) is None


@pytest.mark.parametrize(
    ("mode", "module"),
    [("tf", "inception_v3"), ("caffe", "resnet"), ("torch", "densenet"), ("pixels", "convnext")],
)
def test_pixels_are_those_of_keras_applications(mode, module):
    from keras_i3d.data.pixels.preprocessing import scale

    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 6, 3)).astype(np.float32)
    wanted = getattr(keras.applications, module).preprocess_input(pixels.copy())
    np.testing.assert_allclose(scale(pixels, PREPROCESSING[mode]), wanted, atol=2e-5)
