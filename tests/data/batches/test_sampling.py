"""Arithmetic of clips, views and workers, by hand and by its laws."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.batches import sampling
from keras_i3d.data.pixels.cropping import CENTRE, END, START, crop_corner
from tests.data.seen import seen

counts = st.integers(1, 400)
places = st.floats(0, 1, exclude_max=True)


def test_clips_by_hand():
    assert sampling.clip_indices(2, 10, 4, 2).tolist() == [2, 4, 6, 8]
    assert sampling.clip_indices(2, 5, 4, 2).tolist() == [2, 4, 1, 3]
    assert [sampling.placed(place, 10, 8) for place in (0, 0.32, 0.34, 0.99)] == [0, 0, 1, 2]
    assert sampling.placed(0.99, 5, 8) == 0
    assert seen(4, every=3)["rgb"].span == 10


@given(place=places, total=counts, frames=counts, stride=st.integers(1, 5))
def test_a_clip_never_runs_past_the_end_where_it_fits(place, total, frames, stride):
    spec = seen(frames, stride)
    numbers = sampling.view_numbers(place, total, spec)["rgb"]
    assert len(numbers) == frames
    assert 0 <= numbers.min() <= numbers.max() < total
    if total >= spec["rgb"].span:
        assert (np.diff(numbers) == stride).all()
    else:
        assert numbers[0] == 0
        assert (np.diff(numbers) % total == stride % total).all()


def test_every_beginning_is_as_probable():
    starts = [sampling.placed(i / 600, 10, 8) for i in range(600)]
    assert np.bincount(starts).tolist() == [200, 200, 200]


@given(rest=st.integers(0, 5000), crop=st.integers(1, 300))
def test_crops_lie_at_the_ends_and_in_the_middle(rest, crop):
    size = crop + rest
    assert sampling.placed(START, size, crop) == 0
    assert sampling.placed(CENTRE, size, crop) == rest // 2
    assert sampling.placed(END, size, crop) == rest


def test_three_crops_follow_the_longer_side():
    crops = sampling.evaluation_crops(3)
    assert [crop_corner(256, 341, 224, c) for c in crops] == [(16, 0), (16, 58), (16, 117)]
    assert [crop_corner(341, 256, 224, c) for c in crops] == [(0, 16), (58, 16), (117, 16)]


def test_views_are_in_the_middles_of_equal_parts():
    views = sampling.evaluation_views(4, 1)
    assert [view.place for view in views] == [0.125, 0.375, 0.625, 0.875]
    # 101 places for a clip of 10 in 110 frames
    assert [sampling.placed(view.place, 110, 10) for view in views] == [12, 37, 63, 88]
    with pytest.raises(ValueError, match="num_crops should be 1 or 3. Received: num_crops=2"):
        sampling.evaluation_views(1, 2)
    with pytest.raises(ValueError, match="num_clips should be at least 1"):
        sampling.evaluation_views(0, 1)


@given(total=counts, stride=st.integers(1, 4), longest=st.integers(5, 60))
def test_parts_hold_every_frame_once(total, stride, longest):
    spec, parts = seen(1, stride), []
    while (part := sampling.part_numbers(len(parts), total, spec, longest)) is not None:
        assert len(part["rgb"]) <= longest
        parts.append(part["rgb"])
    assert np.concatenate(parts).tolist() == list(range(0, total, stride))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_short_whole_video_is_looped():
    assert sampling.part_numbers(0, 3, seen(5), 10)["rgb"].tolist() == [0, 1, 2, 0, 1]
    assert sampling.part_numbers(1, 3, seen(5), 10) is None


@given(batch=st.integers(1, 64), workers=st.integers(1, 9))
def test_workers_share_a_batch(batch, workers):
    if batch < workers:
        with pytest.raises(ValueError, match="batch_size at least"):
            sampling.part_of(batch, (0, workers))
        return
    numbers = []
    for worker in range(workers):
        first, count = sampling.part_of(batch, (worker, workers))
        assert count in (batch // workers, -(-batch // workers))
        numbers += range(first, first + count)
    assert numbers == list(range(batch))


@given(count=st.integers(1, 500), seed=st.integers(0, 2**63), epoch=st.integers(0, 2**40))
def test_an_epoch_shows_every_video_once(count, seed, epoch):
    order = [sampling.shuffled(place, count, seed, epoch) for place in range(count)]
    assert sorted(order) == list(range(count))


def test_orders_differ_and_are_even():
    orders = np.array(
        [[sampling.shuffled(p, 8, 3, epoch) for p in range(8)] for epoch in range(4000)]
    )
    assert len({tuple(order) for order in orders}) > 3600  # of 40 320
    for place in range(8):  # 500 times each is expected, standard deviation 21
        assert np.abs(np.bincount(orders[:, place]) - 500).max() < 110


def test_an_order_needs_no_list():
    assert 0 <= sampling.shuffled(12345, 10**15, 0, 0) < 10**15


def test_what_a_spec_cannot_be():
    with pytest.raises(ValueError, match="crop at most short_side. Received: .*crop=257"):
        seen(crop=257)
    with pytest.raises(ValueError, match="at least 1"):
        seen(0)


def test_streams_of_different_frames_begin_together():
    """A picture, and the ten steps of flow that follow it; five pictures ten frames apart."""
    one = {"rgb": seen(1)["rgb"], "flow": seen(10)["rgb"]}
    # Of 12 frames the flow's ten fit at 0, 1 and 2.
    assert sampling.view_numbers(0.99, 12, one) == {
        "rgb": pytest.approx([2]),
        "flow": pytest.approx(range(2, 12)),
    }
    five = {"rgb": seen(5, every=10)["rgb"], "flow": seen(50)["rgb"]}
    chosen = sampling.view_numbers(0.0, 45, five)  # goes on from frame 0
    assert chosen["rgb"].tolist() == [0, 10, 20, 30, 40]
    assert chosen["flow"].tolist() == [*range(45), *range(5)]


# What the networks of "Quo Vadis" see: frames of a clip, every how many, by stream.
LSTM = {"rgb": seen(25, every=5)["rgb"]}
CLIPS_OF_16 = seen(16)
# The picture is the one in the middle of its ten frames of flow.
MIDDLE = replace(seen(every=10)["rgb"], offset=5)
TWO_STREAM = {"rgb": MIDDLE.changed(1), "flow": seen(10)["rgb"]}
FUSED = {"rgb": MIDDLE.changed(5), "flow": seen(50)["rgb"]}


def test_whole_videos_of_ten_seconds_are_table_1s_test_input():
    [lstm] = parts_of(250, LSTM, 1000)
    assert lstm["rgb"].tolist() == list(range(0, 250, 5))  # 50 frames, 10 s
    clips = parts_of(250, CLIPS_OF_16, None)  # 15 clips of 16: 240 frames, 9.6 s
    assert [clip["rgb"].tolist() for clip in clips] == [
        list(range(first, first + 16)) for first in range(0, 240, 16)
    ]
    for inputs in (TWO_STREAM, FUSED):  # 25 pictures and 250 frames of flow
        [both] = parts_of(250, inputs, 1000)
        assert both["rgb"].tolist() == list(range(5, 250, 10))
        assert both["flow"].tolist() == list(range(250))
    fused = parts_of(250, FUSED, None)  # or five clips as long as those of training
    assert [clip["rgb"].tolist() for clip in fused] == [
        list(range(first + 5, first + 50, 10)) for first in range(0, 250, 50)
    ]


def test_training_clips_are_table_1s_train_input():
    """25 pictures over 5 s; 16 in 0.64 s; one and ten of flow, 0.4 s; five and fifty, 2 s."""
    [lstm] = sampling.view_numbers(0, 250, LSTM).values()
    assert lstm.tolist() == list(range(0, 125, 5))
    # The clip of 121 frames, from the first picture to the last, fits at 130 places.
    assert sampling.view_numbers(END, 250, LSTM)["rgb"].tolist() == list(range(129, 250, 5))
    both = sampling.view_numbers(END, 250, TWO_STREAM)
    assert both["rgb"].tolist() == [245] and both["flow"].tolist() == list(range(240, 250))
    both = sampling.view_numbers(0, 250, FUSED)
    assert both["rgb"].tolist() == [5, 15, 25, 35, 45]
    assert both["flow"].tolist() == list(range(50))


def test_what_fills_no_step_of_a_long_video_is_left_out():
    """Of 27 frames a picture at 25 would want flow up to 29."""
    [both] = parts_of(27, TWO_STREAM, 1000)
    assert both["rgb"].tolist() == [5, 15] and both["flow"].tolist() == list(range(20))
    clips = parts_of(33, CLIPS_OF_16, None)
    assert [clip["rgb"][0] for clip in clips] == [0, 16]


def test_short_videos_of_two_streams_are_looped_together():
    [both] = parts_of(7, TWO_STREAM, 1000)
    assert both["rgb"].tolist() == [5] and both["flow"].tolist() == [*range(7), 0, 1, 2]
    [both] = parts_of(42, FUSED, 1000)
    assert both["rgb"].tolist() == [5, 15, 25, 35, 3]
    assert both["flow"].tolist() == [*range(42), *range(8)]
    [clip] = parts_of(6, CLIPS_OF_16, None)
    assert clip["rgb"].tolist() == [n % 6 for n in range(16)]


def test_long_videos_of_two_streams_come_in_parts():
    first, second = parts_of(260, TWO_STREAM, 130)
    assert first["rgb"].tolist() == list(range(5, 130, 10))
    assert first["flow"].tolist() == list(range(130))
    assert second["rgb"].tolist() == list(range(135, 260, 10))
    assert second["flow"].tolist() == list(range(130, 260))


@given(
    total=counts,
    every=st.integers(1, 12),
    frames=st.integers(1, 6),
    offset=st.integers(0, 11),
    longest=st.none() | st.integers(72, 200),
)
def test_a_picture_and_its_flow_stay_together(total, every, frames, offset, longest):
    offset %= every
    picture = replace(seen(frames, every=every)["rgb"], offset=offset)
    inputs = {"rgb": picture, "flow": seen(frames * every)["rgb"]}
    parts = parts_of(total, inputs, longest)
    for part in parts:
        stacks = part["flow"].reshape(-1, every)
        assert (stacks[:, offset] == part["rgb"]).all()
        assert len(stacks) >= frames and (longest is None or part["flow"].size <= longest)
    if total >= frames * every:  # nothing is looped, and no frame comes twice
        flow = np.concatenate([part["flow"] for part in parts])
        if longest is None:
            assert flow.tolist() == list(range(total // (frames * every) * frames * every))


def test_streams_of_different_stretches_have_no_whole_video():
    wrong = {"rgb": seen(1)["rgb"], "flow": seen(10)["rgb"]}
    with pytest.raises(ValueError, match="frames times every should be the same for all"):
        sampling.part_numbers(0, 45, wrong, 100)


def parts_of(total, inputs, longest):
    count = sampling.part_count(total, inputs, longest)
    assert sampling.part_numbers(count, total, inputs, longest) is None
    return [sampling.part_numbers(part, total, inputs, longest) for part in range(count)]
