"""How streams go through a video together, by hand."""

from dataclasses import replace

import pytest

from keras_i3d.data.pixels.pace import Pace
from tests.data.seen import seen

MIDDLE = replace(seen(1, every=10)["rgb"], offset=5)
TWO_STREAM = Pace({"rgb": MIDDLE, "flow": seen(10)["rgb"]})


def test_of_one_stream_a_step_is_a_frame():
    pace = Pace(seen(32, every=2))
    assert (pace.every, pace.step, pace.clip, pace.reach) == (2, 2, 32, 1)
    assert pace.whole(7) == 4
    assert pace.places(3)["rgb"].tolist() == [0, 1, 2]


def test_of_two_a_step_is_a_picture_with_its_flow():
    assert (TWO_STREAM.every, TWO_STREAM.step, TWO_STREAM.clip) == (1, 10, 1)
    assert TWO_STREAM.reach == 10
    assert TWO_STREAM.frames(25) == {"rgb": 25, "flow": 250}
    assert [TWO_STREAM.whole(n) for n in (1, 10, 19, 20, 250)] == [1, 1, 1, 2, 25]
    assert [TWO_STREAM.whole(n, 5) for n in (49, 99, 100, 250)] == [1, 1, 2, 5]


def test_which_of_the_frames_that_were_read_each_stream_sees():
    seen_of_25 = TWO_STREAM.places(25)
    assert seen_of_25["rgb"].tolist() == [5, 15]
    assert seen_of_25["flow"].tolist() == list(range(20))
    looped = TWO_STREAM.places(4)
    assert looped["rgb"].tolist() == [1]
    assert looped["flow"].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]


def test_a_picture_in_the_middle_alone_is_read_at_every_fifth_frame():
    pace = Pace({"rgb": MIDDLE})
    assert pace.every == 5
    assert pace.places(6)["rgb"].tolist() == [1, 3, 5]  # the video's frames 5, 15 and 25


def test_streams_of_different_stretches():
    with pytest.raises(ValueError, match="frames times every should be the same for all streams"):
        _ = Pace({"rgb": seen(1)["rgb"], "flow": seen(10)["rgb"]}).clip


def test_the_fewest_frames_that_hold_what_each_stream_needs():
    assert TWO_STREAM.holding({"rgb": 3, "flow": 21}) == 30
    assert TWO_STREAM.holding({"rgb": 1, "flow": 1}) == 10
    assert Pace(seen(32, every=2)).holding({"rgb": 9}) == 9
    # A picture at 5 and 15 of the video: the frames 0, 5, 10 and 15 of every fifth.
    assert Pace({"rgb": MIDDLE}).holding({"rgb": 2}) == 4
