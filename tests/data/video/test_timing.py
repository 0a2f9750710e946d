"""Arithmetic of time and indices, by tables and by laws."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.video.timing import looped, resample, spans, ticks_before

F = Fraction
TICK = F(1, 25)


def shown(stamps, duration=TICK):
    """[(start, end)] of frames with these time stamps, in seconds times 25."""
    frames = [(i, None if s is None else s * TICK, duration) for i, s in enumerate(stamps)]
    return [(float(a / TICK), float(b / TICK)) for _, a, b in spans(frames, TICK)]


@pytest.mark.parametrize(
    ("stamps", "wanted"),
    [
        ([0, 1, 2], [(0, 1), (1, 2), (2, 3)]),
        ([7, 8, 9], [(0, 1), (1, 2), (2, 3)]),  # a late start is no gap
        ([None, None], [(0, 1), (1, 2)]),  # a raw stream
        ([0, 1, 6, 7], [(0, 1), (1, 6), (6, 7), (7, 8)]),  # shown until the next
        ([0, 5, 10], [(0, 5), (5, 10), (10, 15)]),  # the last as long as the one before it
        ([0, 1, 2, 50, 51], [(0, 1), (1, 2), (2, 50), (50, 51), (51, 52)]),
        ([0, 50], [(0, 50), (50, 75)]),  # but no longer than a second
        ([9, 10, 0, 1], [(0, 1), (1, 2), (2, 3), (3, 4)]),  # a clock that jumps back
        ([0, 1, 9000, 9001], [(0, 1), (1, 2), (2, 3), (3, 4)]),  # or ahead by minutes
        ([0, 2, 2, 3], [(0, 2), (2, 2), (2, 3), (3, 4)]),  # two frames of one time
        ([0, None, 2], [(0, 1), (1, 2), (2, 3)]),
        ([], []),
    ],
)
def test_when_each_frame_is_shown(stamps, wanted):
    assert shown(stamps) == wanted


stamp_lists = st.lists(
    st.one_of(st.none(), st.fractions(-1000, 1000, max_denominator=90_000)), min_size=1, max_size=40
)


@given(stamp_lists, st.fractions(F(1, 240), 2, max_denominator=1000))
def test_spans_follow_one_another_from_zero(stamps, nominal):
    frames = [(i, stamp, None) for i, stamp in enumerate(stamps)]
    found = list(spans(frames, nominal))
    assert [frame for frame, _, _ in found] == list(range(len(stamps)))
    assert found[0][1] == 0
    for (_, _, end), (_, start, _) in zip(found, found[1:], strict=False):
        assert start == end
    assert all(start <= end for _, start, end in found)
    assert found[-1][2] <= 61 * len(stamps)


def constant(count, fps):
    return [(i, F(i, fps), F(i + 1, fps)) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "fps", "wanted"),
    [
        (4, 25, [0, 1, 2, 3]),
        (6, 50, [1, 3, 5]),
        (2, 10, [0, 0, 1, 1, 1]),
        (6, 30, [0, 1, 3, 4, 5]),  # middles .02 .06 .10 .14 .18; frame 3 begins at .10
        (120, 120, [int(F(2 * k + 1, 50) * 120) for k in range(25)]),
        (1, 1000, [0]),  # shorter than a tick: kept all the same
    ],
)
def test_each_tick_takes_the_frame_shown_in_its_middle(count, fps, wanted):
    assert list(resample(constant(count, fps), 25)) == wanted


@given(st.integers(1, 200), st.integers(1, 240), st.integers(1, 60))
def test_resampling_by_the_definition(count, fps, out):
    came = list(resample(constant(count, fps), out))
    middles = [F(2 * k + 1, 2 * out) for k in range(count * out // fps + 2)]
    wanted = [int(m * fps) for m in middles if m < F(count, fps)]
    assert came == (wanted or [count - 1])


@given(st.integers(0, 500), st.floats(-0.009, 0.009))
def test_time_stamps_a_little_off_change_nothing_at_the_same_rate(count, jitter):
    off = [(i, F(i, 25), F(i + 1, 25) + F(jitter)) for i in range(count)]
    assert list(resample(off, 25)) == list(range(count))


def test_ticks_before():
    assert [ticks_before(F(n, 100), 25) for n in (0, 1, 2, 3, 6, 7)] == [0, 0, 0, 1, 1, 2]


def test_looped():
    assert looped(3, 5).tolist() == [0, 1, 2, 0, 1]
    assert looped(3, 2).tolist() == [0, 1, 2]
