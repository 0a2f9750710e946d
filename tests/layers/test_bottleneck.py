"""ResNet's block by hand."""

import keras
import numpy as np
import pytest

from keras_i3d.layers import BottleneckBlock3D


def numpy(x):
    return keras.ops.convert_to_numpy(x)


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
