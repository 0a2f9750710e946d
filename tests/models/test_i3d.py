"""What every network of the catalogue must do, and I3D's own arguments."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d.layers import ConvUnit3D
from keras_i3d.models.i3d import build_i3d, build_two_stream_i3d

SMALLEST = (1, 9, 193, 193)


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


@pytest.mark.parametrize(
    ("stream", "classes", "trainable"),
    [("rgb", 400, 12_689_984), ("flow", 400, 12_668_032), ("rgb", 600, 12_894_984)],
)
def test_parameter_counts_are_the_published_ones(stream, classes, trainable):
    model = build_i3d(stream, classes=classes, dropout=0)
    assert count(model.trainable_weights) == trainable
    assert count(model.non_trainable_weights) == 14_560


def test_every_end_point_of_the_original_is_a_layer():
    model = build_i3d(input_shape=(64, 224, 224, 3))
    # kinetics-i3d, i3d.py, VALID_ENDPOINTS; sizes for 64 x 224 x 224 by the strides of each.
    sizes = {
        "Conv3d_1a_7x7": (32, 112, 112, 64),
        "MaxPool3d_2a_3x3": (32, 56, 56, 64),
        "Conv3d_2b_1x1": (32, 56, 56, 64),
        "Conv3d_2c_3x3": (32, 56, 56, 192),
        "MaxPool3d_3a_3x3": (32, 28, 28, 192),
        "Mixed_3b": (32, 28, 28, 256),
        "Mixed_3c": (32, 28, 28, 480),
        "MaxPool3d_4a_3x3": (16, 14, 14, 480),
        "Mixed_4b": (16, 14, 14, 512),
        "Mixed_4c": (16, 14, 14, 512),
        "Mixed_4d": (16, 14, 14, 512),
        "Mixed_4e": (16, 14, 14, 528),
        "Mixed_4f": (16, 14, 14, 832),
        "MaxPool3d_5a_2x2": (8, 7, 7, 832),
        "Mixed_5b": (8, 7, 7, 832),
        "Mixed_5c": (8, 7, 7, 1024),
        "Logits": (400,),
        "Predictions": (400,),
    }
    for name, size in sizes.items():
        assert model.get_layer(name).output.shape == (None, *size), name


def test_arguments_of_keras_applications():
    features = keras_i3d.I3D(weights=None, include_top=False)
    assert features.output_shape == (None, None, None, None, 1024)
    pooled = keras_i3d.I3D(weights=None, include_top=False, pooling="avg", name="trunk")
    assert (pooled.output_shape, pooled.name) == ((None, 1024), "trunk")
    clip = keras.Input((16, 224, 224, 2))
    flow = keras_i3d.I3D(weights=None, stream="flow", input_tensor=clip * 2, classes=5)
    assert flow.output_shape == (None, 5)
    assert flow.input_shape == (None, 16, 224, 224, 2)
    assert keras_i3d.I3D(weights=None, classes=3).layers[-1].name == "Predictions"


def test_pooling_max_is_the_maximum_of_the_features():
    features = keras_i3d.I3D(weights=None, include_top=False)
    pooled = keras_i3d.I3D(weights=None, include_top=False, pooling="max")
    pooled.set_weights(features.get_weights())
    clip = np.random.default_rng(0).uniform(-1, 1, (1, 8, 64, 64, 3)).astype(np.float32)
    wanted = features.predict_on_batch(clip).max(axis=(1, 2, 3))
    np.testing.assert_allclose(pooled.predict_on_batch(clip), wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"stream": "depth"}, "stream should be one of"),
        ({"pooling": "sum", "include_top": False}, "pooling should be one of"),
        ({"input_shape": (8, 224, 224, 3)}, "at least 9 frames of 193 x 193"),
        ({"input_shape": (16, 192, 224, 3)}, "at least 9 frames of 193 x 193"),
        ({"input_shape": (16, 224, 224, 2)}, r"should be \(frames, height, width, 3\)"),
        ({"input_shape": (224, 224, 3)}, r"should be \(frames, height, width, 3\)"),
        ({"input_tensor": np.zeros((1, 16, 224, 224, 3))}, "should be a Keras tensor"),
        (
            {"classes": 7, "weights": "kinetics"},
            "classes should be 400.*Received: classes=7.*new_head=True",
        ),
        ({"weights": "kinetics600", "stream": "flow"}, "'kinetics600' \\(rgb\\)"),
        ({"weights": "kinetics700"}, "'kinetics700', which is neither a name nor a file"),
        ({"weights": "kinetics", "new_head": True}, "new_head=True should come with classes=n"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, wanted):
    with pytest.raises(ValueError, match=wanted):
        keras_i3d.I3D(**{"weights": None, **arguments})


def test_two_streams_need_both_weights():
    with pytest.raises(ValueError, match="an entry for each of"):
        keras_i3d.TwoStreamI3D(weights={"rgb": "kinetics"})
    with pytest.raises(ValueError, match="kinetics600"):
        keras_i3d.TwoStreamI3D(weights="kinetics600")
    with pytest.raises(ValueError, match="streams"):
        build_two_stream_i3d(input_shape={"depth": (16, 224, 224, 3)})


def test_a_clip_that_is_too_short_names_the_least_length():
    model = build_i3d()
    with pytest.raises(ValueError, match="at least 9 frames of 193 x 193 pixels"):
        model(np.zeros((1, 8, 224, 224, 3), np.float32))


def test_a_clip_that_is_too_short_never_gives_nan_in_a_graph_of_unknown_length():
    """keras.Model.predict gives up on fixed shapes after the second one."""
    tf = pytest.importorskip("tensorflow")
    model = build_i3d(classifier_activation=None)

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, None, 3))])
    def serve(clip):
        return model(clip)

    assert np.isfinite(serve(np.zeros((1, 9, 193, 193, 3), np.float32))).all()
    for shape in ((1, 8, 193, 193, 3), (1, 9, 192, 193, 3), (1, 9, 193, 192, 3)):
        with pytest.raises(tf.errors.InvalidArgumentError, match="AvgPool3d_0a_7x7"):
            serve(np.zeros(shape, np.float32))


@pytest.mark.parametrize("imports", ["import keras, keras_i3d", "import keras_i3d, keras"])
def test_a_saved_network_is_loaded_after_importing_the_package_alone(imports, tmp_path):
    clip = keras.Input((None, None, None, 3))
    keras.Model(clip, ConvUnit3D(2, 3)(clip)).save(tmp_path / "unit.keras")
    program = f"{imports}; keras.saving.load_model({str(tmp_path / 'unit.keras')!r})"
    subprocess.run([sys.executable, "-c", program], check=True)
