"""The layers by hand, and what every layer must do."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d import layers as our_layers
from keras_i3d.layers import (
    BottleneckBlock3D,
    ConvUnit3D,
    FeatureGating,
    HeadPooling3D,
    InceptionBlock3D,
    NonLocalBlock3D,
    SeparableConvUnit3D,
    SeparableInceptionBlock3D,
)
from keras_i3d.layers.head_pooling import least_clip


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_conv_unit_by_hand():
    """A row of ones, a kernel of ones over three columns, batch norm with known statistics."""
    unit = ConvUnit3D(1, (1, 1, 3))
    unit.build((None, 1, 1, 4, 1))
    unit.conv_3d.kernel.assign(np.ones((1, 1, 3, 1, 1)))
    unit.batch_norm.beta.assign([0.5])
    unit.batch_norm.moving_mean.assign([2.5])
    unit.batch_norm.moving_variance.assign([0.249])  # with epsilon 1e-3: a deviation of 0.5
    came = numpy(unit(np.ones((1, 1, 1, 4, 1), np.float32))).ravel()
    # Sums 2 3 3 2, then (sum - 2.5) / 0.5 + 0.5, then cut at zero.
    np.testing.assert_allclose(came, [0, 1.5, 1.5, 0], atol=1e-6)


def test_padding_at_stride_two_is_tensorflows():
    """Even sizes pad nothing before and one after; odd sizes one on each side."""
    unit = ConvUnit3D(1, (1, 1, 3), (1, 1, 2), use_batch_norm=False, activation=None)
    unit.build((None, 1, 1, None, 1))
    unit.conv_3d.kernel.assign(np.array([100, 10, 1]).reshape(1, 1, 3, 1, 1))
    four = numpy(unit(np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4, 1))).ravel()
    assert four.tolist() == [123, 340]
    five = numpy(unit(np.arange(1, 6, dtype=np.float32).reshape(1, 1, 1, 5, 1))).ravel()
    assert five.tolist() == [12, 234, 450]


def test_initial_kernels_have_sonnets_deviation():
    """A normal of deviation 1/sqrt(fan_in), cut at two: none beyond, 0.8796 of the deviation."""
    unit = ConvUnit3D(64, 3)
    unit.build((None, None, None, None, 50))
    kernel = numpy(unit.conv_3d.kernel)
    deviation = (27 * 50) ** -0.5
    assert np.abs(kernel).max() <= 2 * deviation
    assert kernel.std() == pytest.approx(0.8796 * deviation, rel=0.01)


def test_initial_kernels_follow_keras_seed():
    def kernel():
        keras.utils.set_random_seed(7)
        units = [ConvUnit3D(4, 3) for _ in "ab"]
        for unit in units:
            unit.build((None, None, None, None, 5))
        return [numpy(unit.conv_3d.kernel) for unit in units]

    (first, second), again = kernel(), kernel()
    np.testing.assert_array_equal(first, again[0])
    assert np.abs(first - second).max() > 0


def test_inception_block_joins_its_branches_in_order():
    block = InceptionBlock3D(1, (2, 3), (4, 5), 6)
    clip = np.random.default_rng(0).normal(size=(1, 2, 4, 4, 7)).astype(np.float32)
    joined = numpy(block(clip))
    assert joined.shape == (1, 2, 4, 4, 1 + 3 + 5 + 6)
    first = numpy(block.branches[0](clip))
    np.testing.assert_array_equal(joined[..., :1], first)
    pool, unit = block.branches[3].parts
    np.testing.assert_allclose(joined[..., -6:], numpy(unit(pool(clip))), rtol=1e-6)


def test_head_pooling_slides():
    """Five steps of time through a window of two: means of neighbours, ends weigh less."""
    steps = np.arange(5, dtype=np.float32).reshape(1, 5, 1, 1, 1)
    came = numpy(HeadPooling3D((2, 1, 1))(steps)).ravel()
    assert came.tolist() == [0.5, 1.5, 2.5, 3.5]


def test_head_pooling_shrinks_to_what_there_is_and_takes_all_of_an_axis():
    steps = np.arange(6, dtype=np.float32).reshape(1, 3, 2, 1, 1)  # rows (0 1) (2 3) (4 5)
    whole = HeadPooling3D((9, 9, 9), shrinks=True)
    assert numpy(whole(steps)).ravel().tolist() == [2.5]
    assert numpy(HeadPooling3D((2, None, 9), shrinks=True)(steps)).ravel().tolist() == [1.5, 3.5]
    with pytest.raises(ValueError, match="should have at least 13 frames of 17 x 17 pixels"):
        HeadPooling3D((4, None, None), least_clip=(13, 17, 17))(steps)


def test_symmetric_padding_at_stride_two_is_pytorchs():
    """One on each side, of even sizes too."""
    unit = ConvUnit3D(1, (1, 1, 3), (1, 1, 2), False, activation=None, padding="symmetric")
    unit.build((None, 1, 1, None, 1))
    unit.conv_3d.kernel.assign(np.array([100, 10, 1]).reshape(1, 1, 3, 1, 1))
    four = numpy(unit(np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4, 1))).ravel()
    assert four.tolist() == [12, 234]
    five = numpy(unit(np.arange(1, 6, dtype=np.float32).reshape(1, 1, 1, 5, 1))).ravel()
    assert five.tolist() == [12, 234, 450]


@given(st.integers(1, 5), st.integers(1, 9))
def test_the_least_clip_is_the_least_by_brute_force(size, stride):
    fits = [n for n in range(1, 100) if math.ceil(n / stride) >= size]
    assert least_clip((size,), (stride,)) == (fits[0],)


CONFIGURED = [
    ConvUnit3D(4, (1, 3, 3), (1, 2, 2), use_bias=True, activation="sigmoid", name="unit"),
    ConvUnit3D(4, 1, use_batch_norm=False, activation=None),
    InceptionBlock3D(1, (2, 3), (4, 5), 6),
    HeadPooling3D((2, 3, 3), (4, 8, 8)),
    HeadPooling3D((9, 7, None), shrinks=True),
    ConvUnit3D(4, 3, 2, padding="symmetric", norm={"scale": True}, kernel_initializer="zeros"),
    SeparableConvUnit3D(4, 3, 2),
    SeparableConvUnit3D(4, 3, 2, "torchvision", gating=True),
    SeparableConvUnit3D(4, 1, temporal=False, gating=True),
    SeparableInceptionBlock3D(1, (2, 3), (4, 5), 6, gating=True),
    FeatureGating(use_bias=True),
    ConvUnit3D(4, 3, 2, padding="symmetric", norm={"scale": True}, kernel_initializer="he_normal"),
    BottleneckBlock3D(2, taps=3, stride=2, shortcut=True),
    NonLocalBlock3D("dot_product", inner=2, pool_first=False),
    NonLocalBlock3D("concatenation", sub_sample=None, batch_norm=False),
]


@pytest.mark.parametrize("layer", CONFIGURED, ids=lambda layer: type(layer).__name__)
def test_every_layer_comes_back_from_its_config(layer, tmp_path):
    clip = keras.Input((5, 8, 8, 3))
    model = keras.Model(clip, layer(clip))
    assert tuple(layer.compute_output_shape((None, 5, 8, 8, 3))) == model.output_shape
    model.save(tmp_path / "layer.keras")
    again = keras.saving.load_model(tmp_path / "layer.keras")
    config = again.layers[-1].get_config()
    assert config == layer.get_config()
    x = np.random.default_rng(0).normal(size=(2, 5, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(again.predict_on_batch(x), model.predict_on_batch(x))


@pytest.mark.parametrize("layer", CONFIGURED, ids=lambda layer: type(layer).__name__)
def test_a_frozen_layer_is_frozen_when_it_is_loaded(layer):
    """Else the optimizer of a saved network with a frozen trunk would not fit the loaded one."""
    clip = keras.Input((5, 8, 8, 3))
    frozen = type(layer).from_config({**layer.get_config(), "trainable": False})
    model = keras.Model(clip, frozen(clip))
    assert model.trainable_variables == []
    assert len(model.weights) == len(keras.Model(clip, layer(clip)).weights)
    frozen.trainable = True
    assert len(model.trainable_variables) == len(keras.Model(clip, layer(clip)).trainable_variables)


def test_every_layer_is_registered():
    for name in our_layers.__all__:
        layer = getattr(our_layers, name)
        assert keras.saving.get_registered_name(layer) == f"keras_i3d>{name}"


def test_mixed_precision_reaches_the_parts():
    block = InceptionBlock3D(1, (2, 3), (4, 5), 6, dtype="mixed_bfloat16")
    block.build((None, 2, 4, 4, 3))
    unit = block.branches[1].parts[1]
    assert keras.backend.standardize_dtype(unit.conv_3d.kernel.dtype) == "float32"
    assert unit.compute_dtype == unit.conv_3d.compute_dtype == "bfloat16"
