"""What is drawn for a sample: by its laws."""

import numpy as np
import pytest

from keras_i3d.data.batches.augmentation import (
    COLOUR_OPERATIONS,
    NONE,
    OPERATIONS,
    Augmentation,
    draw,
    draw_mix,
)


def as_lists(drawn):
    return (drawn.video, drawn.view, drawn.flip, drawn.jitter.tolist(), drawn.operations.tolist())


def test_a_draw_is_a_function_of_seed_and_number():
    full = Augmentation(brightness=0.4, hue=0.1, num_operations=2)
    assert as_lists(draw(7, 5, 3, full)) == as_lists(draw(7, 5, 3, full))
    assert as_lists(draw(7, 5, 3, full)) != as_lists(draw(7, 5, 4, full))
    assert as_lists(draw(7, 5, 3, full)) != as_lists(draw(8, 5, 3, full))


def test_each_epoch_shows_each_video_once():
    for epoch in range(3):
        videos = [draw(epoch * 10 + place, 10, 0).video for place in range(10)]
        assert sorted(videos) == list(range(10))


def test_one_augmentation_does_not_change_what_is_drawn_for_another():
    plain, full = Augmentation(), Augmentation(brightness=0.4, num_operations=3, mixup=0.2)
    for number in range(20):
        assert draw(number, 5, 0, plain).flip == draw(number, 5, 0, full).flip
        assert draw(number, 5, 0, plain).view == draw(number, 5, 0, full).view


def test_another_attempt_is_another_order():
    first = [draw(number, 50, 0).video for number in range(50)]
    other = [draw(number, 50, 0, attempt=1).video for number in range(50)]
    assert sorted(first) == sorted(other)
    assert first != other


def test_draws_keep_to_their_ranges():
    a = Augmentation(0.3, 0.4, 0.3, 0.2, 0.1, num_operations=2, magnitude=15)
    drawn = [draw(number, 5, 0, a) for number in range(2000)]
    assert np.mean([d.flip for d in drawn]) == pytest.approx(0.3, abs=0.04)
    jitter = np.array([d.jitter for d in drawn])
    np.testing.assert_allclose(jitter.min(0), [0.6, 0.7, 0.8, -0.1], atol=0.01)
    np.testing.assert_allclose(jitter.max(0), [1.4, 1.3, 1.2, 0.1], atol=0.01)
    operations = np.array([d.operations for d in drawn])
    assert set(operations[:, :, 0].ravel()) == set(range(len(OPERATIONS)))
    assert set(np.abs(operations[:, :, 1]).ravel()) == {0.5}
    assert not any(d.flip for d in (draw(number, 5, 0, NONE) for number in range(100)))


def test_only_the_named_operations_are_drawn():
    a = Augmentation(num_operations=1, operations=("solarize",))
    assert {draw(n, 5, 0, a).operations[0, 0] for n in range(50)} == {OPERATIONS.index("solarize")}
    assert not a.moves_pixels
    assert Augmentation(num_operations=1).moves_pixels
    assert not Augmentation(num_operations=1, operations=COLOUR_OPERATIONS).moves_pixels


def test_mixes():
    assert draw_mix(0, 0, NONE).share == 0
    both = [draw_mix(pair, 0, Augmentation(mixup=0.4, cutmix=1.0)) for pair in range(1000)]
    boxes = [mix for mix in both if mix.box is not None]
    assert len(boxes) == pytest.approx(500, abs=60)
    for mix in boxes:
        top, left, bottom, right = mix.box
        assert 0 <= top <= bottom <= 1 + 1e-9
        assert 0 <= left <= right <= 1 + 1e-9
        assert (bottom - top) * (right - left) == pytest.approx(mix.share)
    # Beta(1, 1) is even; Beta(0.4, 0.4) has variance 1 / (4 * 1.8).
    assert np.mean([mix.share for mix in boxes]) == pytest.approx(0.5, abs=0.05)
    shares = [mix.share for mix in both if mix.box is None]
    assert np.var(shares) == pytest.approx(1 / 7.2, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flip": 1.5}, "flip should be 0 to 1. Received: 1.5"),
        ({"hue": 0.6}, "hue should be 0 to 0.5"),
        ({"operations": ("twirl",)}, r"Received: \['twirl'\]"),
        ({"num_operations": 1, "operations": ()}, "at least one"),
        ({"mixup": float("nan")}, "mixup should be"),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**options)
