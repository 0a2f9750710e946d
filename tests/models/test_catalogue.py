"""What every network of the catalogue must do."""

import keras
import numpy as np
import pytest

from keras_i3d.models.catalogue import NETWORKS, network

EVERY = [(name, stream) for name, record in NETWORKS.items() for stream in record.streams]
# InceptionV3 and the ResNets take half a minute each.
QUICK = ("i3d", "inception_v1_frames")


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


@pytest.mark.parametrize(("name", "stream"), EVERY)
def test_parameters_and_names_are_those_of_the_record(name, stream):
    record = network(name)
    model = record.model(stream, classes=400)
    assert count(model.trainable_weights) == record.parameters[stream]
    layers = {layer.name: layer for layer in model.layers}
    assert layers[record.logits].output.shape == (None, 400)
    assert set(record.feature_layers(stream).values()) <= layers.keys()
    heads = [layers[layer] for layer in record.head]
    # Only the head depends on the number of classes.
    other = record.model(stream, classes=7)
    different = {
        ours.path
        for ours, theirs in zip(model.weights, other.weights, strict=True)
        if ours.shape != theirs.shape
    }
    assert different == {v.path for head in heads for v in head.weights}
    came = model.input if record.joint else {stream: model.input}
    channels = {s: one.channels for s, one in record.seen(stream).items()}
    assert {s: tensor.shape[-1] for s, tensor in came.items()} == channels


def cases():
    for name, stream in EVERY:
        marks = [] if name in QUICK and stream == "rgb" else [pytest.mark.slow]
        yield pytest.param(name, stream, marks=marks)


@pytest.mark.parametrize(("name", "stream"), cases())
def test_every_network(name, stream, tmp_path):
    """The least clip, a gradient in every variable, saved and loaded without custom_objects."""
    tf = pytest.importorskip("tensorflow")
    record = network(name)
    sizes = record.least_clip
    inputs = record.seen(stream)
    shapes = {s: (*sizes, i.channels) for s, i in inputs.items()}
    given = shapes if record.joint else shapes[stream]
    options = {"classes": 7, "dropout": 0, "classifier_activation": None, "input_shape": given}
    model = record.model(stream, **options)
    rng = np.random.default_rng(0)
    clips = {s: rng.uniform(-1, 1, (2, *shape)).astype(np.float32) for s, shape in shapes.items()}
    clip = clips if record.joint else clips[stream]
    with tf.GradientTape() as tape:
        logits = model(clip, training=True)
    assert logits.shape == (2, 7)
    variables = model.trainable_variables
    gradients = tape.gradient(logits, [v.value for v in variables])
    idle = [v.path for v, g in zip(variables, gradients, strict=True) if g is None]
    assert not idle, f"no gradient reaches {idle}"
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict_on_batch(clip), model.predict_on_batch(clip))
    assert [v.path for v in again.weights] == [v.path for v in model.weights]


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(ValueError, match="model should be one of i3d, two_stream_i3d.*'i4d'"):
        network("i4d")
    with pytest.raises(ValueError, match="'rgb', 'flow'.* Received: stream='both'"):
        network("i3d").seen("both")
    assert list(network("two_stream_i3d").seen("both")) == ["rgb", "flow"]
