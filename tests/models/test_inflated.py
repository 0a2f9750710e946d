"""I3D from the networks of keras.applications."""

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.models.inflated import build_inflated


def trainable(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_weights)


def test_resnet50_has_the_published_parameters():
    """28.04 M (pytorchvideo), 28.0 M (mmaction2), and Keras' biases of its 53 convolutions."""
    model = keras_i3d.I3DResNet50(weights=None, classes=400)
    kernels = [v for v in model.trainable_weights if v.path.endswith("conv/kernel")]
    biases = sum(v.shape[-1] for v in kernels)
    assert len(kernels) == 53
    assert trainable(model) - biases == 28_043_472
    assert model.output_shape == (None, 400)


def test_the_other_networks_have_a_head_and_both_streams():
    vgg = keras_i3d.I3DVGG16(weights=None, stream="flow", classes=5, input_shape=(16, 64, 64, 2))
    scores = vgg.predict_on_batch(np.zeros((1, 16, 64, 64, 2), np.float32))
    assert scores.shape == (1, 5)
    assert scores.sum() == pytest.approx(1, abs=1e-5)
    features = keras_i3d.I3DInceptionV3(weights=None, include_top=False, pooling="avg")
    assert features.output_shape == (None, 2048)


def test_the_flow_stem_is_the_mean_of_the_rgb_stem(monkeypatch):
    """Weights as keras.applications would fetch them: random, the same in both calls."""
    rgb = keras.applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))

    def fetched(weights, **options):
        return rgb if weights == "imagenet" else keras.applications.VGG16(weights=None, **options)

    monkeypatch.setitem(
        build_inflated.__globals__["INFLATED"], "i3d_vgg16", (fetched, "i3d", 64, None)
    )
    flow = build_inflated("i3d_vgg16", "imagenet", "flow", include_top=False)
    kernel = np.array(flow.get_layer("block1_conv1").kernel)
    mean = np.array(rgb.get_layer("block1_conv1").kernel).mean(axis=2)
    for channel in (0, 1):
        for moment in range(3):
            np.testing.assert_allclose(kernel[moment, :, :, channel], mean / 3, rtol=1e-5)
    deeper = np.array(flow.get_layer("block5_conv3").kernel).sum(axis=0)
    wanted = np.array(rgb.get_layer("block5_conv3").kernel)
    np.testing.assert_allclose(deeper, wanted, rtol=1e-4, atol=1e-7)


def test_saved_weights_come_back(tmp_path):
    options = {"classes": 3, "input_shape": (8, 64, 64, 3)}
    model = keras_i3d.I3DVGG16(weights=None, **options)
    model.save_weights(tmp_path / "vgg.weights.h5")
    again = keras_i3d.I3DVGG16(weights=str(tmp_path / "vgg.weights.h5"), **options)
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_weights_that_cannot_be_fetched_are_one_error(monkeypatch):
    def fails(**_):
        raise Exception("URL fetch failure on http://x: None -- not known")

    monkeypatch.setitem(
        build_inflated.__globals__["INFLATED"], "i3d_vgg16", (fails, "i3d", 64, None)
    )
    with pytest.raises(OSError, match="of keras.applications: URL fetch failure"):
        keras_i3d.I3DVGG16(include_top=False)
    with pytest.raises(ValueError, match="should have a head. .* new_head=True"):
        keras_i3d.I3DVGG16()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"stream": "depth"}, "stream should be one of"),
        ({"input_shape": (16, 64, 64, 2)}, r"should be \(frames, height, width, 3\)"),
        ({"weights": "kinetics"}, "neither a name nor a file"),
    ],
)
def test_arguments_that_do_not_go_together(options, wanted):
    with pytest.raises(ValueError, match=wanted):
        keras_i3d.I3DVGG16(**{"weights": None, **options})
