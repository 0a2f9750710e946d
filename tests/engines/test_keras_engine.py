"""The interface of the engines, by the one that is the Keras model itself."""

import itertools

import keras
import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.models.catalogue import network
from keras_i3d.weights.trained import record_of


def tiny(classes=3):
    """A network of I3D's record: features Mixed_5c, logits Logits, for clips of any size."""
    clip = keras.Input((None, None, None, 3))
    x = keras.layers.Conv3D(4, 1, activation="relu", name="Mixed_5c")(clip)
    x = keras.layers.GlobalAveragePooling3D()(x)
    model = keras.Model(clip, keras.layers.Dense(classes, name="Logits")(x), name="tiny")
    i3d = network("i3d")
    return LoadedNetwork(model, record_of(i3d, "rgb", i3d.seen("rgb"), "abc"), "tiny")


def clips(count=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, 4, 8, 8, 3)).astype(np.float32)


def test_outputs_are_those_of_the_layers():
    loaded = tiny()
    kernel, bias = loaded.model.get_layer("Mixed_5c").get_weights()
    point = np.maximum(clips() @ kernel[0, 0, 0] + bias, 0)
    head, shift = loaded.model.get_layer("Logits").get_weights()
    logits = point.mean((1, 2, 3)) @ head + shift
    scores = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    wanted = {
        "Mixed_5c": point,
        "features": point.mean((1, 2, 3)),
        "logits": logits,
        "probabilities": scores,
    }
    with engines.open(loaded, outputs=wanted) as engine:
        found = engine.run(clips())
    assert (engine.name, engine.precision, engine.streams) == ("keras", "float32", ("rgb",))
    assert list(found) == list(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=1e-6, err_msg=name)


def test_features_are_pooled_as_the_head_does():
    """Three steps of time through the head's pool of two: ((a + b) / 2 + (b + c) / 2) / 2."""
    model = keras_i3d.I3D(weights=None, classes=3, input_shape=(17, 193, 193, 3))
    clip = np.random.default_rng(1).uniform(-1, 1, (1, 17, 193, 193, 3)).astype(np.float32)
    with engines.open(model, outputs=("features", "Mixed_5c", "probabilities")) as engine:
        found = engine.run({"rgb": clip})
    point = found["Mixed_5c"]
    assert point.shape == (1, 3, 7, 7, 1024)
    a, b, c = point[0].mean((1, 2))
    np.testing.assert_allclose(found["features"][0], (a + 2 * b + c) / 4, atol=1e-5)
    assert found["probabilities"].sum() == pytest.approx(1, abs=1e-5)


def test_a_joint_network_gives_the_features_of_each_stream():
    streams = {s: keras.Input((None, None, None, c), name=s) for s, c in CHANNELS.items()}
    points = {
        s: keras.layers.Conv3D(2, 1, name=f"{n}_Mixed_5c")(streams[s])
        for s, n in (("rgb", "RGB"), ("flow", "Flow"))
    }
    sums = [keras.layers.GlobalAveragePooling3D()(x) for x in points.values()]
    model = keras.Model(streams, keras.layers.Add(name="Logits")(sums))
    given = {"rgb": clips(1), "flow": clips(1)[..., :2]}
    names = ("features", "rgb_features", "flow_features", "logits")
    with engines.open(model, outputs=names, model="two_stream_i3d") as engine:
        found = engine.run(given)
        with pytest.raises(ValueError, match="should be those of rgb, flow. Received: rgb"):
            engine.run(clips(1))
    both = [found["rgb_features"], found["flow_features"]]
    np.testing.assert_array_equal(found["features"], np.concatenate(both, -1))
    np.testing.assert_allclose(found["logits"], sum(both), atol=1e-6)


def test_results_come_in_order_and_little_is_held():
    read = []

    def batches():
        for number in range(6):
            read.append(number)
            yield number, np.full((1, 4, 8, 8, 3), number / 6, np.float32)

    with engines.open(tiny(), outputs=["logits"]) as engine:
        alone = [engine.run(batch)["logits"] for _, batch in batches()]
        read.clear()
        for count, (key, found) in enumerate(engine.stream(batches())):
            assert key == count
            assert len(read) - count <= engine.in_flight + 1
            np.testing.assert_array_equal(found["logits"], alone[key])
    assert count == 5


def test_a_stream_that_breaks_or_is_left_leaves_nothing_behind():
    def broken():
        yield 0, clips(1)
        raise OSError("no more")

    with engines.open(tiny()) as engine:
        with pytest.raises(OSError, match="no more"):
            list(engine.stream(broken()))
        endless = engine.stream((n, clips(1)) for n in itertools.count())
        assert next(endless)[0] == 0
        endless.close()
        assert engine.run(clips(1))["probabilities"].shape == (1, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "abacus"}, "engine should be one of keras, openvino. Received: 'abacus'"),
        ({"precision": "int8"}, "should be one of float32 for the keras engine. Received: 'int8'"),
        ({"outputs": ()}, "outputs should name one at least"),
        ({"outputs": ["Mixed_5d"]}, "layers of tiny, such as Mixed_5c.*Received: 'Mixed_5d'"),
    ],
)
def test_what_cannot_be_opened_is_said(options, message):
    with pytest.raises(ValueError, match=message):
        engines.open(tiny(), **options)


def test_a_model_of_a_name_that_says_nothing_is_asked_about():
    with pytest.raises(ValueError, match="which network of the catalogue 'tiny' is"):
        engines.open(tiny().model)
    engines.open(tiny().model, model="i3d").close()


@pytest.mark.parametrize("shape", [(4, 8, 8, 3), (1, 4, 8, 8, 3, 1)])
def test_clips_of_another_rank_are_refused(shape):
    with engines.open(tiny()) as engine, pytest.raises(ValueError, match="batch, time, height"):
        engine.run(np.zeros(shape, np.float32))
