"""How a video is cut into clips: by tables and by laws."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.video.timing import looped
from keras_i3d.data.video.windows import cut, mean_scores, windows


def drawn(count, length, stride):
    """As the docstring draws them: x for what a window stands for, - for what it only sees."""
    pictures = []
    for window in windows(iter(range(count)), length, stride):
        places = ["."] * count
        for frame in window.frames:
            places[frame] = "-"
        places[window.start : window.end] = "x" * (window.end - window.start)
        pictures.append("".join(places))
    return pictures


@pytest.mark.parametrize(
    ("count", "length", "stride", "wanted"),
    [
        (10, 4, 3, ["xxxx......", "...xxxx...", "......xxxx"]),
        (9, 4, 3, ["xxxx.....", "...xxxx..", ".....--xx"]),
        (9, 4, 4, ["xxxx.....", "....xxxx.", ".....---x"]),
        (8, 4, 4, ["xxxx....", "....xxxx"]),
        (9, 3, 5, ["xxx......", ".....xxx.", "......--x"]),
        (13, 3, 5, ["xxx..........", ".....xxx.....", "..........xxx"]),
        (12, 3, 5, ["xxx.........", ".....xxx....", ".........xxx"]),
        (4, 4, 3, ["xxxx"]),
        (3, 4, 3, ["xxx"]),
        (0, 4, 3, []),
    ],
)
def test_windows_as_drawn(count, length, stride, wanted):
    assert drawn(count, length, stride) == wanted


def test_thirteen_seconds_in_windows_side_by_side():
    """325 frames: the last window sees frames 261 to 324, and stands for the five after 320."""
    *_, before, last = windows(range(325), 64, 64)
    assert (before.start, before.end) == (256, 320)
    assert (last.start, last.end, last.frames) == (320, 325, list(range(261, 325)))


@given(st.integers(1, 300), st.integers(1, 70), st.integers(1, 70))
def test_every_frame_is_told_of_and_none_twice_at_the_end(count, length, stride):
    found = list(windows(iter(range(count)), length, stride))
    assert all(len(window.frames) == length for window in found)
    starts = [window.start for window in found]
    assert starts == sorted(set(starts))
    assert found[-1].end == count
    for window in found:
        first = window.frames[0]
        assert window.frames == [(first + i) % max(count, 1) for i in range(length)]
        assert set(range(window.start, window.end)) <= set(window.frames)
    told = Counter(i for window in found for i in range(window.start, window.end))
    if stride <= length:
        assert set(told) == set(range(count))
    if stride >= length:
        assert set(told.values()) == {1}
    if len(found) > 1 and (count - length) % stride:
        assert found[-1].start >= found[-2].end


def test_a_short_video_is_one_piece():
    for count in (1, 63, 64, 65, 250):
        (window,) = cut(range(count), 64)
        assert (window.start, window.end) == (0, count)
        assert window.frames == looped(count, 64).tolist()
    assert list(cut(range(0), 64)) == []


def test_a_long_video_is_cut():
    found = list(cut(range(260), 64))
    assert [window.frames[0] for window in found] == [0, 32, 64, 96, 128, 160, 192, 196]
    assert [window.start for window in found] == [0, 32, 64, 96, 128, 160, 192, 256]
    assert [w.start for w in cut(range(100), 64, length=50, stride=50)] == [0, 50]
    assert [w.start for w in cut(range(64), 64, length=40)] == [0, 40]
    assert [w.start for w in cut(range(128), 64, one_piece=100)] == [0, 32, 64]


def test_a_network_of_few_frames_sees_as_few_at_once():
    """8 frames, each the eighth of a second at 30: four clips in one piece, else 8 every 4."""
    assert len(list(cut(range(31), 8))) == 1
    found = list(cut(range(32), 8))
    assert [window.start for window in found] == [0, 4, 8, 12, 16, 20, 24]
    assert all(len(window.frames) == 8 for window in found)


def test_a_window_counts_by_its_stretch():
    scores = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]
    assert mean_scores(scores, [64, 64]).tolist() == [0.5, 0.5]
    assert mean_scores(scores, [60, 20]).tolist() == [0.75, 0.25]
