"""Clips, views and workers' parts, by hand and by law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.sampling import (
    ClipSpec,
    clip_indices,
    crop_corner,
    evaluation_views,
    part_numbers,
    part_of,
    placed,
    shuffled,
)


def test_clips_by_hand():
    assert clip_indices(2, 10, 4, 2).tolist() == [2, 4, 6, 8]
    assert clip_indices(2, 5, 4, 2).tolist() == [2, 4, 1, 3]
    assert [placed(place, 10, 8) for place in (0, 0.3, 0.34, 0.99)] == [0, 0, 1, 2]
    assert placed(0.9, 5, 8) == 0


@given(
    st.floats(0, 1, exclude_max=True), st.integers(1, 500), st.integers(1, 64), st.integers(1, 8)
)
def test_a_clip_fits_wherever_it_can(place, total, num_frames, stride):
    span = ClipSpec(num_frames, stride).span
    start = placed(place, total, span)
    indices = clip_indices(start, total, num_frames, stride)
    assert len(indices) == num_frames
    assert 0 <= indices.min() <= indices.max() < total
    if span <= total:
        assert np.array_equal(np.diff(indices), [stride] * (num_frames - 1))
    else:
        assert start == 0


@given(st.integers(1, 40), st.integers(1, 40))
def test_every_beginning_is_as_likely(total, span):
    fitting = max(0, total - span) + 1
    starts = [placed((n + 0.5) / fitting, total, span) for n in range(fitting)]
    assert starts == list(range(fitting))


def test_views_by_hand():
    assert [view.place for view in evaluation_views(2, 1)] == [0.25, 0.75]
    corners = [crop_corner(40, 50, 32, crop) for crop in evaluation_views(1, 3)[0].crops]
    assert corners == [(4, 0), (4, 9), (4, 18)]
    corners = [crop_corner(50, 40, 32, crop) for crop in evaluation_views(1, 3)[0].crops]
    assert corners == [(0, 4), (9, 4), (18, 4)]
    with pytest.raises(ValueError, match="1 or 3"):
        evaluation_views(1, 2)


@given(st.integers(1, 300), st.integers(0, 9), st.integers(0, 50))
def test_an_epochs_order_has_every_video_once(count, seed, epoch):
    order = [shuffled(place, count, seed, epoch) for place in range(count)]
    assert sorted(order) == list(range(count))


def test_orders_of_epochs_and_seeds_differ():
    orders = {tuple(shuffled(p, 20, s, e) for p in range(20)) for s in range(5) for e in range(20)}
    assert len(orders) == 100


@given(st.integers(1, 200), st.integers(1, 50), st.integers(1, 4))
def test_parts_have_every_frame_once(total, longest, stride):
    spec, frames, part = ClipSpec(1, stride), [], 0
    while (numbers := part_numbers(part, total, spec, longest)) is not None:
        assert len(numbers) <= longest
        frames += numbers.tolist()
        part += 1
    assert frames == list(range(0, total, stride))


@given(st.integers(1, 100), st.integers(1, 16))
def test_workers_parts_make_up_the_batch(batch_size, workers):
    if batch_size < workers:
        with pytest.raises(ValueError, match="an example for each"):
            part_of(batch_size, (0, workers))
        return
    parts = [part_of(batch_size, (w, workers)) for w in range(workers)]
    taken = [n for first, count in parts for n in range(first, first + count)]
    assert taken == list(range(batch_size))
    assert max(c for _, c in parts) - min(c for _, c in parts) <= 1


@pytest.mark.parametrize("values", [(0,), (64, 0), (64, 1, 200, 224), (64, 1, 256, 0)])
def test_what_is_no_clip(values):
    with pytest.raises(ValueError, match="at least 1"):
        ClipSpec(*values)
