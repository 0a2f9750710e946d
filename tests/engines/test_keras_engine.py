"""The interface of the engines, by the one that is the Keras model itself."""

import itertools

import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines
from tests.engines.conftest import noise


def test_outputs_are_those_of_the_layers(tiny):
    clips = noise()
    point = engines.open(tiny, outputs="Mixed_5c").run(clips)["Mixed_5c"]
    head, shift = tiny.model.get_layer("Logits").get_weights()
    logits = point.mean((1, 2, 3)) @ head + shift
    scores = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    wanted = {
        "Mixed_5c": point,
        "features": point.mean((1, 2, 3)),
        "logits": logits,
        "probabilities": scores,
    }
    with engines.open(tiny, outputs=wanted) as engine:
        found = engine.run(clips)
    assert (engine.name, engine.precision, engine.streams) == ("keras", "float32", ("rgb",))
    assert point.shape == (2, 2, 4, 4, 16)
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


def test_a_joint_network_gives_the_features_of_each_stream(joint):
    given = {"rgb": noise(1), "flow": noise(1, channels=2)}
    names = ("features", "rgb_features", "flow_features", "logits")
    with engines.open(joint, outputs=names) as engine:
        found = engine.run(given)
        with pytest.raises(ValueError, match="should be those of rgb, flow. Received: rgb"):
            engine.run(noise(1))
    both = [found["rgb_features"], found["flow_features"]]
    np.testing.assert_array_equal(found["features"], np.concatenate(both, -1))
    np.testing.assert_allclose(found["logits"], sum(both), atol=1e-6)


def test_results_come_in_order_and_little_is_held(tiny):
    read = []

    def batches():
        for number in range(6):
            read.append(number)
            yield number, np.full((1, 4, 8, 8, 3), number / 6, np.float32)

    with engines.open(tiny, outputs=["logits"]) as engine:
        alone = [engine.run(batch)["logits"] for _, batch in batches()]
        read.clear()
        for count, (key, found) in enumerate(engine.stream(batches())):
            assert key == count
            assert len(read) - count <= engine.in_flight + 1
            np.testing.assert_array_equal(found["logits"], alone[key])
    assert count == 5


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_stream_of_few(tiny, count):
    with engines.open(tiny) as engine:
        assert [key for key, _ in engine.stream(enumerate([noise(1)] * count))] == [0, 1][:count]


def test_a_stream_that_breaks_or_is_left_leaves_nothing_behind(tiny):
    def broken():
        yield from enumerate([noise(1)] * 3)
        raise OSError("no more")

    with engines.open(tiny) as engine:
        with pytest.raises(OSError, match="no more"):
            list(engine.stream(broken()))
        endless = engine.stream((n, noise(1)) for n in itertools.count())
        assert next(endless)[0] == 0
        endless.close()
        assert engine.run(noise(1))["probabilities"].shape == (1, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "abacus"}, "engine should be one of keras, openvino. Received: 'abacus'"),
        ({"precision": "int8"}, "should be one of float32 for the keras engine. Received: 'int8'"),
        ({"outputs": ()}, "outputs should name at least one"),
        ({"outputs": ["Mixed_5d"]}, "layers of tiny, such as Mixed_5c.*Received: 'Mixed_5d'"),
    ],
)
def test_what_cannot_be_opened_is_said(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        engines.open(tiny, **options)


def test_a_model_of_a_name_that_says_nothing_is_asked_about(tiny):
    with pytest.raises(ValueError, match="which network of the catalogue 'tiny' is"):
        engines.open(tiny.model)
    engines.open(tiny.model, model="i3d").close()


@pytest.mark.parametrize("shape", [(4, 8, 8, 3), (1, 4, 8, 8, 3, 1)])
def test_clips_of_another_rank_are_refused(tiny, shape):
    with engines.open(tiny) as engine, pytest.raises(ValueError, match="batch, time, height"):
        engine.run(np.zeros(shape, np.float32))
