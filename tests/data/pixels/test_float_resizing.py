"""The ways to resize of the tools that compute FVD: by their definitions, and beside the tools."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.pixels.float_resizing import resize_float
from keras_i3d.data.pixels.resizing import resize

SIZES = [(64, 64), (7, 5), (300, 400), (1, 1), (224, 224), (223, 225)]


def noise(height, width, frames=2):
    draw = np.random.default_rng(height * width)
    return draw.integers(0, 256, (frames, height, width, 3), np.uint8)


def legacy_by_definition(frame, rows, columns):
    """Place i lies at i * in / out: between floor of it and the next pixel, or the last one."""
    height, width = frame.shape[:2]
    made = np.empty((rows, columns, 3))
    for i in range(rows):
        y = i * height / rows
        y0 = int(np.floor(y))
        y1 = min(y0 + 1, height - 1)
        for j in range(columns):
            x = j * width / columns
            x0 = int(np.floor(x))
            x1 = min(x0 + 1, width - 1)
            top = frame[y0, x0] + (x - x0) * (frame[y0, x1] - frame[y0, x0])
            bottom = frame[y1, x0] + (x - x0) * (frame[y1, x1] - frame[y1, x0])
            made[i, j] = top + (y - y0) * (bottom - top)
    return made


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 50), st.integers(1, 50))
def test_legacy_by_its_definition(height, width, rows, columns):
    frame = noise(height, width, 1)[0]
    expected = legacy_by_definition(frame.astype(float), rows, columns)
    found = resize_float(frame, rows, columns, "legacy")
    assert found.dtype == np.float32
    # A place that is a whole number may be a hair below it in float32, as in TensorFlow.
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_legacy_on_a_line():
    line = np.array([0, 10, 20, 30], np.uint8).reshape(1, 4, 1).repeat(3, axis=-1)
    larger = resize_float(line, 1, 8, "legacy")[0, :, 0]
    assert larger.tolist() == [0, 5, 10, 15, 20, 25, 30, 30]
    smaller = resize_float(line, 1, 2, "legacy")[0, :, 0]
    assert smaller.tolist() == [0, 20]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_legacy_is_tensorflows_own(height, width):
    tf = pytest.importorskip("tensorflow", reason="compares with TensorFlow's kernel")
    frames = noise(height, width)
    expected = tf.compat.v1.image.resize_bilinear(frames, (224, 224)).numpy()
    np.testing.assert_allclose(resize_float(frames, 224, 224, "legacy"), expected, atol=1e-4)
    as_floats = resize_float(frames.astype(np.float32), 224, 224, "legacy")
    np.testing.assert_allclose(as_floats, expected, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize(("way", "antialias"), [("half_pixel", False), ("antialias", True)])
def test_the_other_ways_are_tensorflows_too(height, width, way, antialias):
    """And PyTorch's: both have half-pixel centres and Pillow's triangles, places in float32."""
    tf = pytest.importorskip("tensorflow", reason="compares with TensorFlow's kernel")
    frames = noise(height, width)
    expected = tf.image.resize(frames, (112, 224), antialias=antialias).numpy()
    np.testing.assert_allclose(resize_float(frames, 112, 224, way), expected, atol=1e-2)


@pytest.mark.parametrize(("way", "antialias"), [("half_pixel", False), ("antialias", True)])
def test_the_other_ways_are_pytorchs(way, antialias):
    torch = pytest.importorskip("torch", reason="compares with PyTorch's kernel")
    frames = noise(90, 70)
    planes = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    expected = torch.nn.functional.interpolate(
        planes, (60, 100), mode="bilinear", align_corners=False, antialias=antialias
    )
    expected = expected.permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(resize_float(frames, 60, 100, way), expected, atol=1e-2)


def test_half_pixel_rounds_to_the_pixels_of_resize():
    frames = noise(40, 60)
    rounded = np.rint(resize_float(frames, 56, 84, "half_pixel"))
    np.testing.assert_array_equal(rounded, resize(frames, 56, 84))


def test_no_such_way():
    with pytest.raises(ValueError, match="way should be one of legacy, half_pixel, antialias"):
        resize_float(noise(4, 4), 2, 2, "bicubic")
