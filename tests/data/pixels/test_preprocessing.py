"""DeepMind's preprocessing, by hand and beside TensorFlow's bilinear resize."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_i3d import preprocess_input
from keras_i3d.data.pixels.preprocessing import (
    DEEPMIND_FLOW,
    DEEPMIND_RGB,
    Preprocessing,
    preprocess,
    resize_and_crop,
    scale,
)
from keras_i3d.data.pixels.resizing import resized


@pytest.mark.parametrize(
    ("height", "width", "wanted"),
    [
        (240, 320, (256, 341)),  # 341.33
        (320, 240, (341, 256)),
        (256, 340, (256, 340)),
        (224, 224, (256, 256)),
        (16, 1000, (256, 16_000)),
        (100, 101, (256, 259)),  # 258.56
        (1, 1, (256, 256)),
    ],
)
def test_the_short_side_becomes_256_and_the_aspect_stays(height, width, wanted):
    assert resized(height, width, 256) == wanted


def test_bilinear_by_hand():
    """Two pixels, 0 and 80, to four: centres at -0.25, 0.25, 0.75, 1.25 of the source."""
    frames = np.array([[[0], [80]], [[0], [80]]], np.uint8)
    spec = Preprocessing(short_side=4, crop=4)
    assert resize_and_crop(frames, spec)[..., 0].tolist() == [[0, 20, 60, 80]] * 4


def test_the_crop_is_the_centre():
    frames = np.arange(8, dtype=np.uint8)[None, :, None].repeat(4, axis=0)
    spec = Preprocessing(short_side=4, crop=2)
    assert resize_and_crop(frames, spec)[..., 0].tolist() == [[3, 4]] * 2


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(8, 60), st.integers(0, 2**31))
def test_as_tensorflow_resizes(height, width, short_side, seed):
    tf = pytest.importorskip("tensorflow")
    frames = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), np.uint8)
    spec = Preprocessing(short_side=short_side, crop=short_side)
    rows, columns = resized(height, width, short_side)
    whole = tf.image.resize(frames, (rows, columns), method="bilinear").numpy()
    top, left = (rows - short_side) // 2, (columns - short_side) // 2
    wanted = whole[:, top : top + short_side, left : left + short_side]
    assert np.abs(resize_and_crop(frames, spec) - wanted).max() <= 0.5 + 5e-3  # rounded, no more


def test_frames_one_by_one_are_as_frames_together():
    frames = np.random.default_rng(0).integers(0, 256, (3, 50, 60, 3), np.uint8)
    one_by_one = np.stack([resize_and_crop(frame, DEEPMIND_RGB) for frame in frames])
    np.testing.assert_array_equal(resize_and_crop(frames, DEEPMIND_RGB), one_by_one)


def test_the_range_of_the_network():
    assert scale([0, 127.5, 255], DEEPMIND_RGB).tolist() == [-1, 0, 1]
    assert scale([-30, -20, 0, 5, 20, 99], DEEPMIND_FLOW).tolist() == [-1, -1, 0, 0.25, 1, 1]
    clip = preprocess(np.full((2, 30, 40, 3), 255, np.uint8), DEEPMIND_RGB)
    assert (clip.shape, clip.dtype, clip.min()) == ((2, 224, 224, 3), np.float32, 1)


def test_preprocess_input_takes_arrays_and_tensors():
    import keras

    for x in ([0, 255], np.array([0, 255], np.uint8), keras.ops.convert_to_tensor([0, 255])):
        assert keras.ops.convert_to_numpy(preprocess_input(x)).tolist() == [-1, 1]
    flow = keras.ops.convert_to_tensor([-40.0, 10.0])
    assert keras.ops.convert_to_numpy(preprocess_input(flow, "flow")).tolist() == [-1, 0.5]
    with pytest.raises(ValueError, match="stream should be one of"):
        preprocess_input([0], stream="depth")
