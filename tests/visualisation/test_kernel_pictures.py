"""Pictures of kernels, pixel by pixel."""

import numpy as np
import pytest

from keras_i3d.visualisation import (
    kernel_picture,
    save_picture,
    side_by_side,
    with_time_and_numbers,
)


def test_a_kernel_becomes_a_strip_of_its_slices():
    """Two moments of one pixel: the peak is white, its opposite black, zero grey."""
    kernel = np.zeros((3, 1, 1, 3, 1), np.float32)
    kernel[0], kernel[2] = 2, -2
    picture = kernel_picture(kernel, zoom=1, columns=1)
    assert picture.shape == (1 + 2, 3 * (1 + 2) + 12, 3)
    assert picture[0, [0, 3, 6]].tolist() == [[255] * 3, [128] * 3, [0] * 3]


def test_flow_is_red_and_green():
    kernel = np.array([1.0, -1.0]).reshape(1, 1, 1, 2, 1)
    assert kernel_picture(kernel, zoom=1)[0, 0].tolist() == [255, 0, 128]


def test_a_repeated_kernel_shows_the_same_slice():
    still = np.random.default_rng(0).normal(size=(1, 5, 5, 3, 6)).repeat(4, axis=0)
    picture = kernel_picture(still, zoom=2, columns=3)
    first = picture[:10, :10]
    for moment in range(1, 4):
        np.testing.assert_array_equal(picture[:10, 12 * moment : 12 * moment + 10], first)


def test_numbers_and_an_arrow_stand_around_the_strips():
    """Two columns of two strips of three moments; each strip is where its number is, unchanged."""
    kernel = np.random.default_rng(0).normal(size=(3, 5, 5, 3, 4))
    plain = kernel_picture(kernel, zoom=4, columns=2)
    picture = with_time_and_numbers(plain, kernel, zoom=4)
    tall, wide = 5 * 4 + 2, 3 * (5 * 4 + 2) + 12
    assert picture.shape == (26 + 2 * tall, 2 * (28 + wide), 3)
    for column in range(2):
        left = column * (28 + wide)
        strips = picture[26:, left + 28 : left + 28 + wide]
        np.testing.assert_array_equal(strips, plain[:, column * wide : (column + 1) * wide])
        assert (picture[:12, left + 28 :][:, :60] == 0).any(), "the arrow"
        for moment in range(3):
            above = picture[13:24, left + 28 + 22 * moment :][:, :20]
            assert (above < 100).any(), f"the number of moment {moment}"
        for row in range(2):
            beside = picture[26 + row * tall :, left : left + 26][: tall - 2]
            assert (beside < 100).any(), f"the number of kernel {2 * row + column}"


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="kernel should be"):
        kernel_picture(np.zeros((3, 3, 64)))


def test_pictures_in_a_row_are_saved_whole(tmp_path):
    row = side_by_side({"a": np.zeros((5, 7, 3), np.uint8), "b": np.zeros((9, 7, 3), np.uint8)})
    assert row.shape == (9 + 24 + 16, 12 + 2 * (7 + 12), 3)
    save_picture(row, tmp_path / "row.png")
    assert [p.name for p in tmp_path.iterdir()] == ["row.png"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError):  # a file is in the place of the folder
        save_picture(row, tmp_path / "file" / "row.png")
