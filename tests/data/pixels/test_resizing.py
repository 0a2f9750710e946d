"""Bilinear resizing: whole frames and parts of them, alike in NumPy, compiled and in the graph."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_i3d.data.pixels.cropping import Cropper, crop_corner
from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB, resize_and_crop
from keras_i3d.data.pixels.resizing import resample, resize, resized, taps
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


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 70), st.data())
def test_every_way_to_resize_gives_the_same_pixels(height, width, side, data):
    """Any crop of the whole resized frame, by NumPy, by numba and (the centre) by TensorFlow."""
    rows, columns = resized(height, width, side)
    crop = data.draw(st.integers(1, side))
    place = data.draw(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 1)))
    frame = np.random.default_rng(data.draw(st.integers(0, 99))).integers(
        0, 256, (height, width, 3), np.uint8
    )
    whole = resize(frame, rows, columns)

    def part(top, left):
        return whole[top : top + crop, left : left + crop]

    top, left = crop_corner(rows, columns, crop, place)
    down, across = taps(height, rows, top, crop), taps(width, columns, left, crop)
    np.testing.assert_array_equal(resample(frame, down, across), part(top, left))
    cropper = Cropper(height, width, side, crop, [place])  # compiled where numba is installed
    np.testing.assert_array_equal(cropper(frame)[0], part(top, left))
    spec = replace(DEEPMIND_RGB, short_side=side, crop=crop)
    centre = part((rows - crop) // 2, (columns - crop) // 2)
    np.testing.assert_array_equal(resize_and_crop(frame, spec), centre)
    in_graph = pytest.importorskip("keras_i3d.data.pixels.graph_preprocessing")
    np.testing.assert_array_equal(in_graph.resize_and_crop(frame, spec), centre)


@pytest.mark.parametrize(("fps", "numbers"), [(25, range(10)), (50, np.repeat(range(10), 2))])
def test_frames_of_a_video(counting_video, fps, numbers):
    spec = replace(DEEPMIND_RGB, fps=fps, short_side=15)
    with VideoFile(counting_video) as video:
        frames = np.stack(list(resized_frames(video, spec)))
    assert frames.shape == (len(numbers), 15, 20, 3)
    assert np.abs(frames[:, 7, 7, 0] - 20.0 * np.asarray(numbers)).max() <= 1
