"""Flow in Middlebury's colours."""

import numpy as np
import pytest

from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.visualisation.flow_colours import (
    colour_wheel,
    flow_legend,
    flow_picture,
    full_colour,
    write_flow_mp4,
)


def colour(x, y, largest=1.0):
    return flow_picture(np.array([[[x, y]]], np.float32), largest)[0, 0].tolist()


def test_colours_by_hand():
    """From colorcode.cpp: right is place 0 of the wheel, down 13.5, left 27 and up 40.5 of 54."""
    wheel = colour_wheel()
    assert wheel.shape == (55, 3)
    assert colour(1, 0) == [255, 0, 0]
    assert colour(0, 1) == (255 * (wheel[13] + wheel[14]) / 2).astype(int).tolist()
    assert colour(-1, 0) == (255 * wheel[27]).astype(int).tolist()
    assert colour(0, -1) == (255 * (wheel[40] + wheel[41]) / 2).astype(int).tolist()
    assert colour(0, 0) == [255, 255, 255]
    assert colour(0.5, 0) == [255, 127, 127]
    assert colour(3, 0) == [191, 0, 0], "faster than the largest: three quarters as bright"
    assert colour(np.nan, 0) == colour(1.7e9, 0) == [0, 0, 0], "unknown"
    assert colour(0, 0, None) == [255, 255, 255]


def test_hue_is_independent_of_the_scale():
    flow = np.random.default_rng(0).normal(size=(6, 8, 2))
    np.testing.assert_array_equal(flow_picture(flow), flow_picture(4 * flow))


def test_a_few_wild_vectors_leave_the_rest_its_colours():
    flow = np.zeros((10, 20, 2))
    flow[..., 0] = 2
    flow[0, 0] = 500, 0
    flow[0, 1] = np.nan
    flow[0, 2] = 1.7e9
    assert full_colour(flow) == 2
    assert flow_picture(flow)[5, 5].tolist() == [255, 0, 0]
    assert flow_picture(flow)[0, 0].tolist() == [191, 0, 0]


def test_where_little_moves_it_is_the_largest_that_counts():
    flow = np.zeros((100, 100, 2))
    flow[3, 3] = 0, 4
    assert full_colour(flow) == 4
    assert full_colour(0 * flow) == full_colour(np.full((1, 1, 2), np.nan)) == 0


def test_the_legend_has_right_to_the_right_and_its_rim_in_pixels():
    legend = flow_legend(2.5, 112)
    assert legend.shape == (112, 112, 3)
    # The wheel is 98 wide, its middle at (49, 56); two pixels are 0.04 of its radius.
    assert np.abs(legend[49, 103].astype(int) - (255, 0, 0)).max() < 0.05 * 255
    assert np.abs(legend[49, 56].astype(int) - 255).max() < 0.05 * 255, "no motion"
    assert (legend[0, [0, -1]] == 255).all(), "beside the wheel"
    assert (legend[98:] < 100).any(), "the text"
    assert (flow_legend(2.5) != flow_legend(7.5)).any()


def test_wrong_shape():
    with pytest.raises(ValueError, match="height, width, 2"):
        flow_picture(np.zeros((3, 4, 3)))


def test_a_film_has_its_legend_in_a_corner(tmp_path):
    write_flow_mp4(tmp_path / "f.mp4", [np.full((180, 200, 2), (10, 0), np.float32)], fps=5)
    with VideoFile(tmp_path / "f.mp4") as video:
        (frame,) = (frame.astype(int) for frame, _, _ in video)
    assert np.abs(frame[10, 10] - (255, 0, 0)).max() < 12
    assert np.abs(frame[94, 114] - 255).max() < 40, "the white corner of the wheel's square"


def test_a_film_of_flow(tmp_path):
    right = np.full((31, 41, 2), (10, 0), np.float32)
    assert write_flow_mp4(tmp_path / "f.mp4", [right, 0 * right], fps=5) == 2
    with VideoFile(tmp_path / "f.mp4") as video:
        first, second = (frame[10, 10].astype(int) for frame, _, _ in video)
        assert video.fps == 5
    assert first.shape == (3,) and np.abs(first - (255, 0, 0)).max() < 8
    assert np.abs(second - 255).max() < 8
