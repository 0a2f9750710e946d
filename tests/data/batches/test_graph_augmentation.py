"""Augmentation in the graph: Pillow's operations, mirrors, mixtures."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps

from keras_i3d.data.batches.augmentation import OPERATIONS, Augmentation
from keras_i3d.data.batches.graph_augmentation import augment, jittered, mixed, operate

# Operation to Pillow's of the same strength s.
PILLOW = {
    "identity": lambda image, s: image,
    "autocontrast": lambda image, s: ImageOps.autocontrast(image),
    "equalize": lambda image, s: ImageOps.equalize(image),
    "posterize": lambda image, s: ImageOps.posterize(image, 8 - int(4 * abs(s))),
    "solarize": lambda image, s: ImageOps.solarize(image, int(256 * (1 - abs(s)))),
    "brightness": lambda image, s: ImageEnhance.Brightness(image).enhance(1 + 0.9 * s),
    "contrast": lambda image, s: ImageEnhance.Contrast(image).enhance(1 + 0.9 * s),
    "colour": lambda image, s: ImageEnhance.Color(image).enhance(1 + 0.9 * s),
}


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    smooth = rng.normal(110, 30, (3, 4, 4, 3)).repeat(5, 1).repeat(6, 2)
    return np.clip(smooth + rng.normal(0, 10, smooth.shape), 30, 220).astype(np.uint8)


def run(name, frames, strength):
    number = tf.constant(OPERATIONS.index(name))
    return tf.function(operate)(tf.constant(frames), number, tf.constant(strength)).numpy()


@pytest.mark.parametrize("strength", [0.5, -0.75])
@pytest.mark.parametrize("name", PILLOW)
def test_operations_are_pillows(name, strength, frames):
    wanted = PILLOW[name](Image.fromarray(frames.reshape(-1, 24, 3)), strength)
    apart = np.abs(run(name, frames, strength).astype(int).reshape(-1, 24, 3) - np.asarray(wanted))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.02  # Pillow rounds grey in whole numbers


@pytest.mark.parametrize("strength", [0.5, -0.75])
def test_sharpness_is_pillows_frame_by_frame(strength, frames):
    for frame, sharpened in zip(frames, run("sharpness", frames, strength), strict=True):
        wanted = ImageEnhance.Sharpness(Image.fromarray(frame)).enhance(1 + 0.9 * strength)
        assert np.abs(sharpened.astype(int) - np.asarray(wanted)).max() <= 1


def test_moves_by_hand():
    frames = np.zeros((2, 21, 21, 3), np.uint8)
    frames[:, 10, 14] = 240
    frames[:, 10, 10] = 120

    def bright(name, strength):
        moved = run(name, frames, strength)
        assert (moved[0] == moved[1]).all()
        places = np.argwhere(moved[0, :, :, 0] > 200)
        return [tuple(map(int, place)) for place in places]

    assert bright("translate_x", 10 / 21 / 0.45 * 0.3) == [(10, 17)]  # 3 pixels to the right
    assert bright("translate_y", 10 / 21 / 0.45 * 0.3) == [(13, 14)]
    assert bright("shear_x", 1.0) == [(10, 14)]  # the middle row stays
    turned = run("rotate", frames, 1.0)[0, :, :, 0]  # 30 degrees: 4 (cos, sin) = (3.46, 2)
    assert turned[10, 10] == 120
    # What was 4 to the right lies 3.46 to the right and 2 above or below.
    assert max(turned[8, 13], turned[12, 13]) > 100
    assert run("translate_x", frames, 1.0)[0, 0, 0].tolist() == [128] * 3  # grey from outside


def test_flow_mirrors_with_its_sign(frames):
    flow = np.random.default_rng(0).normal(size=(3, 20, 24, 2)).astype(np.float32)
    nothing = tf.ones(4), tf.zeros((0, 2))
    for flip in (True, False):
        clip = {"rgb": tf.constant(frames), "flow": tf.constant(flow)}
        clip = augment(clip, tf.constant(flip), *nothing, Augmentation())
        step = -1 if flip else 1
        np.testing.assert_array_equal(clip["rgb"], frames[:, :, ::step])
        np.testing.assert_array_equal(clip["flow"], flow[:, :, ::step] * [step, 1])


def test_jitter_by_hand():
    frames = np.array([[[[100, 100, 100], [200, 0, 0]]]], np.uint8)
    none = np.array([1, 1, 1, 0], np.float32)
    np.testing.assert_array_equal(jittered(frames, none), frames)
    brighter = jittered(frames, none * [1.5, 1, 1, 1])[0, 0].numpy().tolist()
    assert brighter == [[150, 150, 150], [255, 0, 0]]
    # Grey levels are 100 and 0.299 * 200 = 59.8; their mean is 79.9.
    flat = jittered(frames, none * [1, 0, 1, 1])[0, 0].numpy().tolist()
    assert flat == [[80] * 3, [80] * 3]
    grey = jittered(frames, none * [1, 1, 0, 1])[0, 0].numpy().tolist()
    assert grey == [[100] * 3, [60] * 3]
    third = jittered(frames, np.array([1, 1, 1, 1 / 3], np.float32))[0, 0].numpy().tolist()
    assert third == [[100] * 3, [0, 200, 0]]


def test_mixtures_by_hand():
    clips = {
        "rgb": tf.reshape(tf.constant([0.0, 1, 0, 1]), (4, 1, 1, 1, 1)) * tf.ones((2, 4, 4, 3))
    }
    labels = tf.eye(4)
    # Pair 0: mixup with a quarter of the other. Pair 1: a box of 2 x 2 of the other's pixels.
    mix = tf.constant([[0.25, 0, 0, 0, 0, 0]] * 2 + [[0.25, 1, 0.25, 0.5, 0.75, 1]] * 2)
    clips, labels = mixed(clips, labels, mix)
    rgb = clips["rgb"].numpy()
    np.testing.assert_allclose(rgb[0], 0.25)
    np.testing.assert_allclose(rgb[1], 0.75)
    box = np.zeros((4, 4))
    box[1:3, 2:4] = 1
    for channel in range(3):
        np.testing.assert_array_equal(rgb[2, 0, :, :, channel], box)
        np.testing.assert_array_equal(rgb[3, 1, :, :, channel], 1 - box)
    quarters = [[3, 1, 0, 0], [1, 3, 0, 0], [0, 0, 3, 1], [0, 0, 1, 3]]
    np.testing.assert_allclose(labels * 4, quarters, atol=1e-6)
