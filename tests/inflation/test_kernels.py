"""Kernels by hand and by the law of still clips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.inflation.kernels import KERNEL_RULES, inflate_kernel

KERNEL = np.array([[3.0, 6.0]])[..., None, None]  # height 1, width 2


@pytest.mark.parametrize(
    ("taps", "rule", "stride", "slices"),
    [
        (1, "average", 1, [1]),
        (3, "average", 1, [1 / 3, 1 / 3, 1 / 3]),
        (3, "centre", 1, [0, 1, 0]),
        (4, "centre", 1, [0, 1, 0, 0]),
        (7, "centre", 1, [0, 0, 0, 1, 0, 0, 0]),
        (4, "average", 2, [1 / 2, 1 / 2, 1 / 2, 1 / 2]),
        (4, "centre", 2, [0, 1, 1, 0]),
        (2, "centre", 2, [1, 1]),
    ],
)
def test_slices(taps, rule, stride, slices):
    wanted = np.array(slices)[:, None, None, None, None] * KERNEL
    np.testing.assert_allclose(inflate_kernel(KERNEL, taps, rule, stride), wanted)


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from(KERNEL_RULES))
def test_every_frame_gets_the_whole_kernel(multiple, stride, rule):
    """A frame of output meets every stride-th slice, from any of the first ones on."""
    inflated = inflate_kernel(KERNEL, multiple * stride, rule, stride)
    for first in range(stride):
        np.testing.assert_allclose(inflated[first::stride].sum(axis=0), KERNEL)


def test_errors_name_what_came():
    with pytest.raises(ValueError, match="'average', 'centre'.*kernel='median'"):
        inflate_kernel(KERNEL, 3, "median")
    with pytest.raises(ValueError, match="multiple of its stride, 2, .* Received: 3"):
        inflate_kernel(KERNEL, 3, "average", 2)
