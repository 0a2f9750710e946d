"""ResNet's block and head by hand."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import BottleneckBlock3D, ConvUnit3D, HeadMean3D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_symmetric_padding_is_pytorchs():
    """Even sizes pad one before and none after, where TensorFlow's SAME does the reverse."""
    plain = {"use_batch_norm": False, "activation": None, "padding": "symmetric"}
    unit = ConvUnit3D(1, (1, 1, 3), (1, 1, 2), **plain)
    unit.build((None, 1, 1, None, 1))
    unit.conv_3d.kernel.assign(np.array([100, 10, 1]).reshape(1, 1, 3, 1, 1))
    four = numpy(unit(np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4, 1))).ravel()
    assert four.tolist() == [12, 234]
    five = numpy(unit(np.arange(1, 6, dtype=np.float32).reshape(1, 1, 1, 5, 1))).ravel()
    assert five.tolist() == [12, 234, 450]


def test_a_new_block_is_its_shortcut():
    """The last batch norm's scale is 0: out comes the clip, without what is below 0."""
    clip = np.random.default_rng(0).normal(size=(1, 3, 5, 5, 8)).astype(np.float32)
    block = BottleneckBlock3D(2, taps=3)
    np.testing.assert_array_equal(numpy(block(clip)), np.maximum(clip, 0))


@pytest.mark.parametrize(("taps", "frames"), [(1, [3]), (3, [2, 3, 4])])
def test_what_a_block_sees_of_time(taps, frames):
    """A change in one frame reaches as many frames as the first kernel has taps."""
    block = BottleneckBlock3D(2, taps=taps, stride=2, shortcut=True)
    clip = np.random.default_rng(0).normal(size=(1, 7, 5, 5, 4)).astype(np.float32)
    block(clip)
    block.branch_2[2].batch_norm.gamma.assign(np.ones(8))
    changed = clip.copy()
    changed[:, 3] += 1
    difference = np.abs(numpy(block(changed)) - numpy(block(clip))).max(axis=(0, 2, 3, 4))
    assert np.flatnonzero(difference).tolist() == frames
    assert block(clip).shape == (1, 7, 3, 3, 8)


def test_the_heads_mean_is_that_of_a_sliding_window():
    rng = np.random.default_rng(0)
    clip = rng.normal(size=(2, 6, 9, 7, 3)).astype(np.float32)
    places = np.lib.stride_tricks.sliding_window_view(clip, (4, 7, 7), axis=(1, 2, 3))
    wanted = places.mean(axis=(-3, -2, -1)).mean(axis=(1, 2, 3))
    came = numpy(HeadMean3D((4, 7, 7))(clip))
    np.testing.assert_allclose(came, wanted, atol=1e-6)


def test_a_clip_smaller_than_the_heads_window_counts_alike():
    clip = np.random.default_rng(0).normal(size=(2, 3, 5, 8, 3)).astype(np.float32)
    came = numpy(HeadMean3D((4, 7, 8))(clip))
    np.testing.assert_allclose(came, clip.mean(axis=(1, 2, 3)), atol=1e-6)


def test_the_heads_mean_in_a_graph_of_unknown_size():
    tf = pytest.importorskip("tensorflow")
    head = HeadMean3D((4, 7, 7))
    free = tf.function(head, input_signature=[tf.TensorSpec((None, None, None, None, 3))])
    clip = np.random.default_rng(0).normal(size=(2, 6, 5, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(numpy(free(clip)), numpy(head(clip)), atol=1e-6)
