"""Networks of keras.applications with random weights, against the law of still clips."""

import keras
import numpy as np
import pytest

from keras_i3d.inflation import boring_video_check, inflate
from keras_i3d.layers.keras_internals import all_layers
from tests.inflation.conftest import randomise

# The long ones take minutes where other work runs beside them.
pytestmark = pytest.mark.timeout(1200)

# The smallest inputs that Keras allows, or a few pixels more.
SIZES = {
    "VGG16": 32,
    "InceptionV3": 75,
    "InceptionResNetV2": 75,
    "Xception": 71,
    "ResNet50": 32,
    "ResNet50V2": 32,
    "ResNet101": 32,
    "DenseNet121": 32,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "MobileNetV3Large": 32,
    "EfficientNetB0": 32,
    "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32,
    "NASNetMobile": 224,
}


def networks(*quick):
    """All of them, those that are not named being long tests."""
    return [n if n in quick else pytest.param(n, marks=pytest.mark.long) for n in SIZES]


@pytest.fixture(autouse=True)
def names_forgotten():
    """Keras counts layers for their names, and keeps the graphs of a whole process."""
    yield
    keras.backend.clear_session()


def network(name):
    """The network, ending in logits, and an image.

    A softmax over logits of several hundred, which random weights give, would turn a rounding error
    of 1e-6 of theirs into 1e-4 of its own.
    """
    size = SIZES[name]
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(size, size, 3), classes=5, classifier_activation=None
    )
    image = np.random.default_rng(1).uniform(-1, 1, (1, size, size, 3)).astype("float32")
    return randomise(model), image


def expected_parameters(model, groups_of_kernels):
    """Each kernel of h x w grows to h x h x w: its parameters h times; all else stays."""
    total = 0
    for layer in all_layers(model):
        if layer.weights and not isinstance(layer, keras.Model):
            grown = groups_of_kernels.get(type(layer).__name__, 0)
            for number, weight in enumerate(layer.weights):
                time = layer.kernel_size[0] if number < grown else 1
                total += time * int(np.prod(weight.shape))
    return total


@pytest.mark.parametrize("name", networks("ConvNeXtTiny", "MobileNetV3Small", "ResNet50", "VGG16"))
def test_still_clips_give_the_image_networks_activations(name):
    model, image = network(name)
    before = [w.copy() for w in model.get_weights()]

    everywhere = inflate(model, "i3d", temporal_padding="replicate")
    check = boring_video_check(model, everywhere, image, frames=6)
    assert check.difference < 1e-4
    assert check.unchecked == ()
    assert len(check.rows) >= len(model.layers) - 1  # all but the input

    inside = inflate(model, "i3d")
    check = boring_video_check(model, inside, image, frames=24)
    assert check.difference < 1e-4
    assert check.border_effect > 1e-3  # zeros were padded, and the check sees it
    assert len(check.unchecked) < len(check.rows)

    kernels = dict.fromkeys(["Conv2D", "DepthwiseConv2D", "SeparableConv2D"], 1)
    assert inside.count_params() == expected_parameters(model, kernels)
    assert everywhere.count_params() == inside.count_params()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", networks("MobileNetV3Small"))
def test_save_load_and_a_step_of_training(name, tmp_path):
    model, image = network(name)
    inflated = inflate(model, "i3d", frames=4)
    # Four clips: of one, batch norm leaves nothing where a single pixel of a single step is left.
    clip = np.random.default_rng(2).normal(size=(4, 4, *image.shape[1:])).astype("float32")
    inflated.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    # Without graphs, which take most of the time of a deep network.
    logits, same = (keras.ops.convert_to_numpy(m(clip)) for m in (inflated, loaded))
    np.testing.assert_array_equal(logits, same)
    kernels = [v for v in loaded.trainable_variables if v.ndim > 1]
    start = [keras.ops.convert_to_numpy(v).copy() for v in kernels]
    loaded.compile("sgd", "mse", run_eagerly=True)
    history = loaded.fit(clip, logits + 1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    moved = [
        not np.array_equal(a, keras.ops.convert_to_numpy(v))
        for a, v in zip(start, kernels, strict=True)
    ]
    assert sum(moved) > len(moved) / 2


@pytest.mark.parametrize("name", networks("MobileNetV3Small", "VGG16"))
def test_without_a_schedule_every_frame_is_the_image(name):
    model, image = network(name)
    inflated = inflate(model, "none")
    assert inflated.count_params() == model.count_params()
    check = boring_video_check(model, inflated, image, frames=3)
    assert check.difference < 1e-4
    assert check.unchecked == () and check.border_effect == 0


def test_i3d_resnet50_has_the_published_size():
    """mmaction2 and pytorchvideo: 28.04 M; Keras' convolutions have biases, theirs have none."""
    model = keras.applications.ResNet50(weights=None, classes=400)
    inflated = inflate(model, "resnet_3x1x1", frames=32)
    biases = sum(
        int(np.prod(layer.bias.shape))
        for layer in inflated.layers
        if isinstance(layer, keras.layers.Conv3D)
    )
    trainable = sum(int(np.prod(v.shape)) for v in inflated.trainable_variables)
    assert biases == 26_560
    assert trainable - biases == 28_043_472
    assert inflated.get_layer("conv5_block3_out").output.shape == (None, 4, 7, 7, 2048)
    with_time = [
        layer.name
        for layer in inflated.layers
        if hasattr(layer, "kernel_size") and layer.kernel_size[0] > 1
    ]
    assert with_time == ["conv1_conv"] + [
        f"conv{stage}_block{block}_1_conv"
        for stage, block in [(2, 1), (2, 2), (2, 3), (3, 1), (3, 3), (4, 1), (4, 3), (4, 5), (5, 2)]
    ]


def test_i3d_resnet50_passes_the_check():
    model, image = network("ResNet50")
    inflated = inflate(model, "resnet_3x1x1", temporal_padding="replicate")
    check = boring_video_check(model, inflated, image, frames=16)
    assert check.difference < 1e-4 and check.unchecked == ()
    with pytest.raises(ValueError, match="should have the layer names.*Received: vgg16"):
        inflate(network("VGG16")[0], "resnet_3x1x1")
