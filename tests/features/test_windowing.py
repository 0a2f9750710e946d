"""Windows of a video: lists of frame numbers that were written down by hand, and laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.features.windowing import TAILS, Cutting, stretches


def frames(count, **how):
    return [stretch.frames for stretch in stretches(range(count), Cutting(**how))]


def places(count, **how):
    return [(s.start, s.centre, s.end) for s in stretches(range(count), Cutting(**how))]


@pytest.mark.parametrize(
    ("tail", "last"),
    [("loop", [6, 7, 8, 6]), ("repeat_last", [6, 7, 8, 8]), ("partial", [6, 7, 8]), ("drop", None)],
)
def test_tails(tail, last):
    whole = [[0, 1, 2, 3], [3, 4, 5, 6]]
    how = {"window": 4, "stride": 3, "tail": tail}
    assert frames(9, **how) == whole + ([] if last is None else [last])
    assert frames(10, **how) == [*whole, [6, 7, 8, 9]]
    stretch = [(0, 2, 4), (3, 5, 7)] + ([] if last is None else [(6, 7.5, 9)])
    assert places(9, **how) == stretch


def test_gaps_between_windows_are_no_tail():
    how = {"window": 3, "stride": 5, "tail": "loop"}
    assert frames(10, **how) == [[0, 1, 2], [5, 6, 7]]
    assert frames(11, **how) == [[0, 1, 2], [5, 6, 7], [10, 10, 10]]


def test_short_videos():
    assert frames(0) == []
    assert frames(3, window=5, stride=5) == [[0, 1, 2, 0, 1]]
    assert frames(3, window=5, stride=1) == [[0, 1, 2, 0, 1]]
    assert frames(3, window=5, tail="drop") == []
    assert frames(1, window=3, windows="centred") == [[0, 0, 0]]


def test_what_downstream_code_counts():
    # RTFM: a last window of fewer frames repeats the last, so 17 frames give two features.
    assert len(frames(17, window=16, stride=16, tail="repeat_last")) == 2
    # ActionFormer: whole windows alone, (n - 16) // 4 + 1.
    assert len(frames(20, window=16, stride=4, tail="drop")) == 2
    assert len(frames(19, window=16, stride=4, tail="drop")) == 1


def test_a_window_around_each_frame():
    assert frames(5, window=3, stride=1, windows="centred") == [
        [0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 4]
    ]  # fmt: skip
    assert places(5, window=3, stride=1, windows="centred") == [
        (0, 0.5, 2), (0, 1.5, 3), (1, 2.5, 4), (2, 3.5, 5), (3, 4.5, 5)
    ]  # fmt: skip
    # SSTDA's answer: frames n - 7 to n + 7.
    assert frames(100, window=15, stride=1, windows="centred")[50] == list(range(43, 58))


def test_a_window_around_each_step():
    how = {"window": 4, "stride": 2, "windows": "centred"}
    assert frames(6, **how) == [[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 5, 5]]
    assert [centre for _, centre, _ in places(6, **how)] == [1, 3, 5]
    assert frames(5, **how) == [[0, 0, 1, 2], [1, 2, 3, 4], [3, 4, 4, 4]]
    assert frames(7, window=1, stride=3, windows="centred") == [[1], [4], [6]]


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 20), st.sampled_from(TAILS))
def test_windows_from_the_start(count, window, stride, tail):
    made = list(stretches(range(count), Cutting(window, stride, tail)))
    whole = max(0, (count - window) // stride + 1)
    assert [s.frames for s in made[:whole]] == [
        list(range(i * stride, i * stride + window)) for i in range(whole)
    ]
    assert [s.start for s in made] == [i * stride for i in range(len(made))]
    assert len(made) - whole in ((0,) if tail == "drop" else (0, 1))
    seen = {frame for s in made for frame in s.frames}
    if tail != "drop" and stride <= window:
        assert seen == set(range(count))
    for s in made:
        assert set(s.frames) == set(range(s.start, s.end))
        assert tail == "partial" or len(s.frames) == window


@given(st.integers(0, 60), st.integers(1, 20), st.integers(1, 20))
def test_windows_around_steps(count, window, stride):
    made = list(stretches(range(count), Cutting(window, stride, windows="centred")))
    assert len(made) == math.ceil(count / stride)
    for number, stretch in enumerate(made):
        first = number * stride + (stride - window) // 2
        assert stretch.frames == [
            min(max(frame, 0), count - 1) for frame in range(first, first + window)
        ]
        assert stretch.centre == min(number * stride + stride / 2, count)
        assert (stretch.start, stretch.end) == (stretch.frames[0], stretch.frames[-1] + 1)


def test_frames_are_not_kept():
    """Of an endless video windows come, and no more frames than a window's are alive."""
    alive = set()

    class Frame:
        def __init__(self):
            alive.add(id(self))

        def __del__(self):
            alive.discard(id(self))

    def endless():
        while True:
            yield Frame()

    for how in (Cutting(8, 3), Cutting(8, 3, windows="centred")):
        made = stretches(endless(), how)
        for _ in range(50):
            stretch = next(made)
            assert len(alive) <= 9
            del stretch


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tail": "cut"}, "tail should be one of loop, repeat_last, drop, partial"),
        ({"windows": "all"}, "windows should be one of from_start, centred"),
        ({"window": 0}, "window should be a whole number of frames, at least 1"),
        ({"stride": 1.5}, "stride should be a whole number of frames, at least 1"),
    ],
)
def test_wrong_cuttings(wrong, says):
    with pytest.raises(ValueError, match=says):
        Cutting(**wrong)
