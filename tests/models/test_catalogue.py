"""What every network of the catalogue must do."""

import keras
import numpy as np
import pytest

from keras_i3d.layers.keras_internals import forget_variables_without_values
from keras_i3d.models.catalogue import NETWORKS, network
from keras_i3d.models.inflated import INFLATED
from keras_i3d.models.resnet_3d import DESIGNS
from keras_i3d.weights.trained import record_of

EVERY = [(name, stream) for name, record in NETWORKS.items() for stream in record.streams]
# Those of each kind that take a few seconds; InceptionV3 and the ResNets take half a minute each.
QUICK = ("i3d", "convnet_lstm", "nl_i3d_r50")
# Those that take a few seconds to learn, too.
SMALL = ("nl_i3d_r50",)
# Inflated, of one table, or I3D with something around it: tests/test_every_network.py, which walks
# through training to serving, takes one of each kind.
ALIKE = ("d3d", "i3d_inception_v3", "i3d_resnet101", "i3d_vgg16", "learnt_flow_i3d", *DESIGNS)
# The 3D ResNets are of one table: what is counted of the others is in the long tests.
OTHER_RESNETS = [name for name in DESIGNS if name != "nl_i3d_r50"]


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


def without_values(record, stream, **options):
    """A network whose values are not drawn, which is quicker; inflation copies them."""
    if record.name in INFLATED:
        return record.model(stream, **options)
    try:
        with keras.StatelessScope(initialize_variables=False):
            return record.model(stream, **options)
    finally:
        forget_variables_without_values()


def counted():
    for name, stream in EVERY:
        others = (*OTHER_RESNETS, "i3d_inception_v3", "i3d_resnet101", "learnt_flow_i3d")
        marks = [pytest.mark.long] if name in others else []
        yield pytest.param(name, stream, marks=marks)


def test_both_streams_of_a_network_are_of_the_same_frames():
    """So that RGB can learn from flow. What is published of flow, I3D's, is of 25 a second."""
    for record in NETWORKS.values():
        for inputs in (record.inputs, *record.layouts.values()):
            assert len({one.preprocessing.fps for one in inputs.values()}) == 1, record.name
            if not any(one.offset for one in inputs.values()):  # frames, and flow around each
                clips = {(i.frames, i.every, i.short_side, i.crop) for i in inputs.values()}
                assert len(clips) == 1, record.name
    assert NETWORKS["i3d"].inputs["flow"].preprocessing.fps == 25
    assert NETWORKS["i3d_r50"].inputs["flow"].preprocessing.fps == 30
    assert NETWORKS["s3d"].inputs["flow"].preprocessing.fps == 15


@pytest.mark.parametrize(("name", "stream"), counted())
def test_parameters_and_names_are_those_of_the_record(name, stream):
    record = network(name)
    model = without_values(record, stream, classes=400)
    assert count(model.trainable_weights) == record.parameters[stream]
    layers = {layer.name: layer for layer in model.layers}
    assert layers[record.logits].output.shape == (None, 400)
    assert set(record.feature_layers(stream).values()) <= layers.keys()
    heads = [layers[layer] for layer in record.head]
    # Only the head depends on the number of classes.
    other = without_values(record, stream, classes=7)
    different = {
        ours.path
        for ours, theirs in zip(model.weights, other.weights, strict=True)
        if ours.shape != theirs.shape
    }
    assert different == {v.path for head in heads for v in head.weights}
    came = model.input if record.joint else {stream: model.input}
    channels = {s: one.channels for s, one in record.seen(stream).items()}
    assert {s: tensor.shape[-1] for s, tensor in came.items()} == channels


def cases(quick):
    for name, stream in EVERY:
        marks = [] if name in quick and stream != "flow" else [pytest.mark.long]
        yield pytest.param(name, stream, marks=marks)


class Small:
    """A network of the catalogue on its least clip, of its least width; drawn weights."""

    def __init__(self, name, stream, **options):
        self.record, self.stream = network(name), stream
        steps, *sides = self.record.least_clip
        side = max(sides)
        self.inputs = {
            s: one.changed(frames=steps * one.stack, short_side=side, crop=side)
            for s, one in self.record.seen(stream).items()
        }
        if self.record.any_width:
            options["width"] = 1 / 16
        if not self.record.any_size:
            shapes = {s: (None, side, side, one.channels) for s, one in self.inputs.items()}
            options["input_shape"] = shapes if self.record.joint else shapes[stream]
        self.model = self.record.model(
            stream, classes=7, dropout=0, classifier_activation=None, **options
        )
        # A flow network begins at no motion at all, of which the layers behind it learn nothing.
        draw = np.random.default_rng(1)
        for variable in self.model.weights:
            if variable.path.endswith("/kernel") and not np.any(variable):
                variable.assign(draw.normal(0, 0.1, variable.shape))

    def clip(self, larger=(0, 0, 0), batch=2):
        """Noise of the least size, or larger by some steps, rows and columns."""
        rng = np.random.default_rng(0)
        steps, rows, columns = larger
        clips = {}
        for s, one in self.inputs.items():
            frames = one.frames + steps * one.stack
            shape = (batch, frames, one.crop + rows, one.crop + columns, one.channels)
            clips[s] = rng.uniform(-1, 1, shape).astype(np.float32)
        return clips if self.record.joint else clips[self.stream]


@pytest.mark.parametrize(("name", "stream"), cases(QUICK))
def test_every_network(name, stream, tmp_path):
    """Two sizes, features, a gradient in every variable, saved and loaded as it is."""
    tf = pytest.importorskip("tensorflow")
    small = Small(name, stream)
    model, clip = small.model, small.clip()
    # A free size takes any larger clip; a fixed one is fixed in space alone.
    larger = small.clip((3, 5, 8) if small.record.any_size else (3, 0, 0))
    assert np.isfinite(keras.ops.convert_to_numpy(model(larger))).all()
    features = {
        s: model.get_layer(n).output for s, n in small.record.feature_layers(stream).items()
    }
    for values in keras.Model(model.input, features)(clip).values():
        assert len(values.shape) == 5 and np.isfinite(keras.ops.convert_to_numpy(values)).all()
    with tf.GradientTape() as tape:
        logits = model(clip, training=True)
    assert logits.shape == (2, 7)
    variables = model.trainable_variables
    gradients = tape.gradient(logits, [v.value for v in variables])
    idle = [v.path for v, g in zip(variables, gradients, strict=True) if g is None]
    assert not idle, f"no gradient reaches {idle}"
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(*(keras.ops.convert_to_numpy(m(clip)) for m in (again, model)))
    assert [v.path for v in again.weights] == [v.path for v in model.weights]


@pytest.mark.filterwarnings("ignore:.*run_functions_eagerly")
@pytest.mark.parametrize(("name", "stream"), cases(SMALL))
def test_every_network_learns(name, stream, eagerly):
    """One step moves its head."""
    pytest.importorskip("tensorflow")
    from keras_i3d.training import Step, supervised

    small = Small(name, stream)
    model = small.model
    before = {v.path: keras.ops.convert_to_numpy(v) for v in model.weights}
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    step = Step(model, keras.optimizers.SGD(0.1), supervised(loss))
    labels, weights = np.eye(7, dtype=np.float32)[[1, 4]], np.ones(2, np.float32)
    step.update((small.clip(), labels, weights))
    moved = {
        v.path for v in model.weights if (keras.ops.convert_to_numpy(v) != before[v.path]).any()
    }
    heads = {v.path for head in small.record.head for v in model.get_layer(head).weights}
    assert heads <= moved


@pytest.mark.long
@pytest.mark.parametrize("name", ALIKE)
def test_every_network_is_exported_and_served(name, tmp_path):
    """Written, compared with the Keras model, loaded by the local server, and asked."""
    pytest.importorskip("tensorflow")
    from keras_i3d.applications import LoadedNetwork
    from keras_i3d.export import GrpcClient, export_saved_model
    from keras_i3d.export.server.local_server import LocalServer
    from keras_i3d.export.server.options import ModelConfig, Options

    stream = network(name).streams[0]
    small = Small(name, stream)
    labels = [f"class {n}" for n in range(7)]
    record = record_of(small.record, stream, small.inputs, labels, output="logits")
    export_saved_model(LoadedNetwork(small.model, record, name), tmp_path / name / "1")
    options = Options(port=0, rest_port=0, warm_up=False)
    clip = small.clip(batch=1)
    inputs = {f"{s}_clip": c for s, c in (clip if small.record.joint else {stream: clip}).items()}
    with LocalServer([ModelConfig(name, tmp_path / name)], options) as server:
        client = GrpcClient(f"localhost:{server.port}", model=name, timeout=60)
        logits = client.predict(inputs, "preprocessed").outputs["logits"]
    np.testing.assert_allclose(logits, small.model(clip).numpy(), rtol=1e-3, atol=1e-4)


def test_unknown_names_are_refused_with_those_there_are(tmp_path):
    with pytest.raises(ValueError, match="model should be one of i3d, two_stream_i3d.*'i4d'"):
        network("i4d")
    with pytest.raises(ValueError, match="give a training's folder or file as weights"):
        network(str(tmp_path))
    with pytest.raises(ValueError, match="'rgb', 'flow'.* Received: stream='both'"):
        network("i3d").seen("both")
    assert list(network("two_stream_i3d").seen("both")) == ["rgb", "flow"]
