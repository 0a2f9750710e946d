"""What is drawn is a function of seed and number; what is done is what Pillow does, by clip."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from keras_i3d.data import graph_augmentation as graph
from keras_i3d.data.augmentation import (
    COLOUR_OPERATIONS,
    NONE,
    OPERATIONS,
    Augmentation,
    draw,
    draw_mix,
)

CLIP = np.random.default_rng(0).integers(20, 220, (3, 16, 20, 3), np.uint8)
STILL = np.repeat(CLIP[:1], 3, 0)


# === What is drawn ===


def test_a_draw_is_a_function_of_seed_and_number():
    settings = Augmentation(brightness=0.4, num_operations=2)
    first, again = draw(7, 10, 3, settings), draw(7, 10, 3, settings)
    assert first.video == again.video
    assert first.view == again.view
    assert np.array_equal(first.jitter, again.jitter)
    assert np.array_equal(first.operations, again.operations)
    assert draw(7, 10, 4, settings).view != first.view
    assert draw(8, 10, 3, settings).view != first.view


def test_a_purpose_keeps_its_number_whatever_else_is_drawn():
    plain, varied = draw(5, 10, 0), draw(5, 10, 0, Augmentation(brightness=0.5, num_operations=3))
    assert plain.view == varied.view
    assert plain.video == varied.video


def test_draws_are_evenly_spread():
    drawn = [draw(number, 50, 0, Augmentation(brightness=0.4)) for number in range(2000)]
    assert abs(np.mean([d.flip for d in drawn]) - 0.5) < 0.05
    assert abs(np.mean([d.view.place for d in drawn]) - 0.5) < 0.03
    brightness = np.array([d.jitter[0] for d in drawn])
    assert 0.6 <= brightness.min() < 0.61
    assert 1.39 < brightness.max() <= 1.4
    assert not any(draw(number, 50, 0, NONE).flip for number in range(100))


def test_another_attempt_is_another_video():
    videos = [draw(3, 1000, 0, attempt=attempt).video for attempt in range(5)]
    assert len(set(videos)) == 5


def test_pairs_are_mixed_as_the_papers_say():
    mixes = [draw_mix(pair, 0, Augmentation(mixup=0.2, cutmix=1.0)) for pair in range(2000)]
    assert abs(np.mean([mix.box is None for mix in mixes]) - 0.5) < 0.05
    # Beta(a, a) has mean 1/2 and variance 1 / (4 (2 a + 1)).
    shares = np.array([mix.share for mix in mixes if mix.box is None])
    assert abs(shares.mean() - 0.5) < 0.05
    assert abs(shares.var() - 1 / (4 * 1.4)) < 0.02
    for mix in mixes:
        if mix.box is not None:
            top, left, bottom, right = mix.box
            assert 0 <= top <= bottom <= 1 + 1e-9
            assert (bottom - top) * (right - left) == pytest.approx(mix.share)
    assert draw_mix(0, 0, NONE).share == 0


@pytest.mark.parametrize(
    "values",
    [
        {"flip": 2},
        {"hue": 0.6},
        {"num_operations": 9},
        {"magnitude": 31},
        {"operations": ("blur",)},
    ],
)
def test_what_cannot_be(values):
    with pytest.raises(ValueError, match="Received"):
        Augmentation(**values)


# === What is done ===


def apply(name, strength, clip=CLIP):
    number = tf.constant(OPERATIONS.index(name))
    return graph.operate(tf.constant(clip), number, tf.constant(strength, tf.float32)).numpy()


def as_one_picture(clip):
    return Image.fromarray(clip.reshape(-1, *clip.shape[2:]))


ENHANCED = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "colour": ImageEnhance.Color,
}


@pytest.mark.parametrize("strength", [-1.0, -0.3, 0.5, 1.0])
@pytest.mark.parametrize("name", ENHANCED)
def test_enhancements_are_pillows(name, strength):
    expected = ENHANCED[name](as_one_picture(CLIP)).enhance(1 + 0.9 * strength)
    came = apply(name, strength).reshape(-1, 20, 3)
    assert np.abs(came - np.asarray(expected, float)).max() <= 1


def test_sharpness_is_pillows_frame_by_frame():
    for frame, came in zip(CLIP, apply("sharpness", 0.8), strict=True):
        expected = ImageEnhance.Sharpness(Image.fromarray(frame)).enhance(1 + 0.9 * 0.8)
        assert np.abs(came - np.asarray(expected, float)).max() <= 1


def test_operations_on_levels_are_pillows():
    picture = as_one_picture(CLIP)
    for name, expected in {
        "autocontrast": ImageOps.autocontrast(picture),
        "equalize": ImageOps.equalize(picture),
        "posterize": ImageOps.posterize(picture, 6),
        "solarize": ImageOps.solarize(picture, 128),
    }.items():
        came = apply(name, 0.5).reshape(-1, 20, 3)
        assert np.abs(came - np.asarray(expected, float)).max() <= 1, name


def test_moves_by_hand():
    right = apply("translate_x", 0.5)  # half of 0.45 of 20 columns: 4.5
    between = CLIP[:, :, :-5].astype(float) / 2 + CLIP[:, :, 1:-4].astype(float) / 2
    assert np.abs(right[:, :, 5:].astype(float) - between).max() <= 1
    assert np.all(right[:, :, :4] == 128)
    for name in ("rotate", "shear_x", "shear_y", "translate_y"):
        assert np.array_equal(apply(name, 0.0), CLIP)
        assert not np.array_equal(apply(name, 1.0), CLIP)


@pytest.mark.parametrize("name", OPERATIONS)
def test_all_frames_are_changed_alike(name):
    changed = apply(name, 0.7, STILL)
    assert np.array_equal(changed[0], changed[1])
    assert np.array_equal(changed[0], changed[2])


def test_jitter_of_nothing_is_nothing_and_brightness_is_a_factor():
    same = graph.jittered(tf.constant(CLIP), tf.constant([1.0, 1.0, 1.0, 0.0]))
    assert np.abs(same.numpy().astype(int) - CLIP).max() <= 1
    brighter = graph.jittered(tf.constant(CLIP // 2), tf.constant([1.4, 1.0, 1.0, 0.0]))
    assert np.abs(brighter.numpy() - 1.4 * (CLIP // 2)).max() <= 1.01


def test_a_mirror_turns_flow_too():
    flow = np.arange(24, dtype=np.float32).reshape(1, 3, 4, 2)
    turned = graph.mirrored(tf.constant(flow), "flow").numpy()
    assert np.array_equal(turned[..., 0], -flow[:, :, ::-1, 0])
    assert np.array_equal(turned[..., 1], flow[:, :, ::-1, 1])


@pytest.mark.parametrize("box", [None, (0.25, 0.0, 0.75, 0.5)])
def test_labels_are_mixed_as_pixels_are(box):
    clips = np.ones((4, 2, 8, 8, 3), np.float32)
    clips *= np.arange(1, 5, dtype=np.float32)[:, None, None, None, None]
    share = 0.25
    row = [share, box is not None, *(box or (0, 0, 0, 0))]
    mix = tf.constant([row] * 4, tf.float32)
    mixed, labels = graph.mixed({"rgb": tf.constant(clips)}, tf.eye(4), mix)
    assert np.allclose(labels[0], [0.75, 0.25, 0, 0])
    assert np.allclose(labels[3], [0, 0, 0.25, 0.75])
    # A clip's pixels are its number: their mean is that of the numbers, by the labels' shares.
    means = tf.reduce_mean(mixed["rgb"], [1, 2, 3, 4])
    assert np.allclose(means, labels.numpy() @ np.arange(1, 5), atol=1e-5)
    if box:
        assert set(np.unique(mixed["rgb"][0])) == {1, 2}


def test_flow_and_pixels_that_move_are_told_apart():
    assert Augmentation(num_operations=1).moves_pixels
    assert not Augmentation(num_operations=1, operations=COLOUR_OPERATIONS).moves_pixels
