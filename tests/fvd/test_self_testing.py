"""Zeros against ones: the table of DeepMind's own code, and wrong ports known by their values."""

from dataclasses import replace

import numpy as np
import pytest

import keras_i3d
from keras_i3d import engines
from keras_i3d.fvd import SelfTestError, self_test
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.measuring import measured
from keras_i3d.fvd.protocols import GOOGLE
from keras_i3d.fvd.self_testing import TABLE, WRONG_AT_30, diagnosis, zeros_against_ones
from keras_i3d.fvd.side_inputs import side_inputs
from keras_i3d.fvd.side_reading import read_side
from tests.conftest import slow_or_long


@pytest.fixture(scope="module")
def loaded(shared):
    return keras_i3d.load(shared / "checkpoints" / "rgb_scratch" / "model.ckpt")


@pytest.fixture(scope="module")
def engine(loaded):
    with engines.open(loaded, outputs=("logits",)) as opened:
        yield opened


def test_the_table_for_the_protocols_frames(loaded, engine):
    found = self_test(FVDNetwork(loaded, engine, GOOGLE))
    assert (found.frames, found.expected, found.passed) == (16, 152.9017, True)
    assert found.value == pytest.approx(152.9017, rel=1e-5)
    assert found.verdict == "as DeepMind's code"


@pytest.mark.parametrize("frames", slow_or_long(TABLE, 10, 13, 30))
def test_the_whole_table(loaded, engine, frames):
    found = zeros_against_ones(FVDNetwork(loaded, engine, GOOGLE), frames)
    assert found == pytest.approx(TABLE[frames], rel=1e-5)


@pytest.mark.slow
def test_a_wrong_range_is_named(loaded, engine):
    """0..1 given to a network that wants -1..1."""
    wrong = replace(GOOGLE, frames=30, range=(0.0, 1.0))
    with pytest.raises(SelfTestError, match=r"31\.81.* 30 frames.*not scaled to \[-1, 1\]"):
        self_test(FVDNetwork(loaded, engine, wrong))
    allowed = self_test(FVDNetwork(loaded, engine, wrong, allow_approximate=True))
    assert allowed.passed is False and "not scaled" in allowed.verdict


@pytest.mark.slow
def test_what_is_coarser_than_float32_is_no_wrong_network(loaded, engine, monkeypatch):
    """152.9 becomes 30 or so with the wrong range: far off, but that is not what is looked for."""
    monkeypatch.setattr(engine, "precision", "int8")
    wrong = FVDNetwork(loaded, engine, replace(GOOGLE, range=(0.0, 1.0)), allow_approximate=True)
    found = self_test(wrong)
    assert found.passed is False
    assert found.verdict.endswith("% off: computed in int8")


@pytest.mark.slow
def test_a_wrong_epsilon_is_named(shared):
    wrong = keras_i3d.load(shared / "checkpoints" / "rgb_scratch" / "model.ckpt")
    for layer in wrong.model._flatten_layers():
        if hasattr(layer, "epsilon"):
            layer.epsilon = 1e-5
    named = pytest.raises(SelfTestError, match="epsilon is 1e-5 instead of 1e-3")
    with FVDNetwork.opened(GOOGLE, weights=wrong) as network, named:
        self_test(network)


@pytest.mark.parametrize(("value", "cause"), WRONG_AT_30.items())
def test_known_faults_are_told_apart(value, cause):
    assert diagnosis(value * 1.0001) == cause
    assert cause not in diagnosis(value * 1.002)


def test_values_that_no_fault_gives():
    assert "TensorFloat-32" in diagnosis(151.168)  # published, of a graphics card
    assert "no known fault" in diagnosis(200.0)


def test_other_weights_have_no_table(means, small):
    found = self_test(small)
    assert found.expected is None and found.passed is None
    # Four frames are taken for ten: the mean of ones is 2 from that of zeros, in three dimensions.
    assert found.value == pytest.approx(12, rel=1e-5)


def test_frames_of_128_are_tested_with_30(means):
    with FVDNetwork.opened(replace(GOOGLE, frames=128), weights=means) as network:
        assert self_test(network).frames == 30


@pytest.mark.parametrize("way", ["legacy", pytest.param("half_pixel", marks=pytest.mark.slow)])
def test_a_pair_by_tensorflows_resize_and_the_textbooks_formula(loaded, engine, way):
    """Four moving pictures of 96 x 128 a side, not degenerate; the network is the tested one."""
    tf = pytest.importorskip("tensorflow", reason="the resize to compare with is TensorFlow's")
    draw = np.random.default_rng(0)
    texture = draw.integers(0, 256, (4, 24, 32, 3)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    sides = [
        np.stack([[np.roll(one, step * t, axis=1) for t in range(10)] for one in texture])
        for step in (1, 5)
    ]

    def logits(videos):
        resize = tf.compat.v1.image.resize_bilinear if way == "legacy" else tf.image.resize
        frames = resize(videos.reshape(-1, 96, 128, 3), (224, 224)).numpy()
        clips = (2 * frames / 255 - 1).reshape(4, 10, 224, 224, 3)
        return engine.run(clips)["logits"].astype(float)

    x, y = map(logits, sides)
    mine = replace(GOOGLE, frames=10, resizing=(replace(GOOGLE.resizing[0], way=way),))
    network = FVDNetwork(loaded, engine, mine)
    real, fake = (read_side(side_inputs(one, mine), network, keep=False) for one in sides)
    for ddof in (0, 1):
        s, t = (np.cov(one, rowvar=False, ddof=ddof) for one in (x, y))
        root = np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0)).sum()
        expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * root
        found = measured(real, fake, replace(mine, ddof=ddof)).value
        assert found == pytest.approx(expected, rel=1e-4) and found > 10
