"""Strips of a clip's pictures."""

import numpy as np
import pytest

from keras_i3d.visualisation.filmstrips import filmstrip, filmstrips


def counting(count, height=10, width=20):
    return np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones(
        (height, width, 3), np.uint8
    )


def test_first_last_and_between():
    strip = filmstrip(counting(11), count=3, height=10)
    assert strip.shape == (10, 3 * 20 + 2 * 2, 3)
    assert strip[5, [10, 32, 54], 0].tolist() == [0, 5, 10]
    assert (strip[:, 20:22] == 255).all()


def test_a_short_clip_shows_all_it_has():
    assert filmstrip(counting(2), count=6, height=5).shape == (5, 2 * 10 + 2, 3)
    assert filmstrip(counting(1), count=6).shape == (96, 192, 3)


def test_one_strip_for_each_clip():
    picture = filmstrips({"long caption": counting(3), "b": counting(9, 10, 10)}, 2, 10)
    left = len("long caption") * 8 + 16
    assert picture.shape == (10 + 8 + 10 + 16, left + 42 + 8, 3)
    assert picture[12, left + 5].tolist() == [0, 0, 0]
    assert picture[8 + 10 + 8 + 5, left + 15].tolist() == [8, 8, 8]
    assert (picture[8:18, :left] < 128).any(), "the caption"


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (counting(0), r"Received: \(0, 10, 20, 3\)"),
        (counting(3)[0], "time, height"),
        (1.0 * counting(2), "float64"),
    ],
)
def test_what_is_no_clip(frames, message):
    with pytest.raises(ValueError, match=message):
        filmstrip(frames)


def test_nothing_to_show():
    with pytest.raises(ValueError, match="clips should be at least one"):
        filmstrips({})
    with pytest.raises(ValueError, match="at least 1"):
        filmstrip(counting(3), count=0)
