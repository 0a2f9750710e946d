"""Whole frames at the short side that is wanted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB, resize, resize_and_crop
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import resized_frames


@given(st.integers(8, 60), st.integers(8, 60), st.integers(8, 40), st.data())
def test_the_crop_of_the_whole_frame_is_that_of_resize_and_crop(height, width, side, data):
    crop = data.draw(st.integers(1, side))
    spec = replace(DEEPMIND_RGB, short_side=side, crop=crop)
    frame = np.random.default_rng(height * width).integers(0, 256, (height, width, 3), np.uint8)
    least = min(height, width)
    rows, columns = ((2 * s * side + least) // (2 * least) for s in (height, width))
    whole = resize(frame, rows, columns)
    top, left = (rows - crop) // 2, (columns - crop) // 2
    np.testing.assert_array_equal(
        whole[top : top + crop, left : left + crop], resize_and_crop(frame, spec)
    )


@pytest.mark.parametrize(("fps", "numbers"), [(25, range(10)), (50, np.repeat(range(10), 2))])
def test_frames_of_a_video(counting_video, fps, numbers):
    spec = replace(DEEPMIND_RGB, fps=fps, short_side=15)
    with VideoFile(counting_video) as video:
        frames = np.stack(list(resized_frames(video, spec)))
    assert frames.shape == (len(numbers), 15, 20, 3)
    assert np.abs(frames[:, 7, 7, 0] - 20.0 * np.asarray(numbers)).max() <= 1
