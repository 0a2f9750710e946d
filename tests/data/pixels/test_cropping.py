"""Crops: the pixels of preprocessing, wherever they lie, with and without numba."""

import numpy as np
import pytest

from keras_i3d.data.batches.sampling import evaluation_crops
from keras_i3d.data.pixels import cropping, resizing
from keras_i3d.data.pixels.cropping import CENTRE, END, START
from keras_i3d.data.pixels.preprocessing import Preprocessing, resize_and_crop
from keras_i3d.data.pixels.resizing import resize


@pytest.fixture(params=["NumPy", "numba"])
def kernel(request, monkeypatch):
    if request.param == "numba":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(cropping, "resample", resizing.resample)


@pytest.mark.parametrize("size", [(240, 320), (320, 240), (97, 61), (16, 16), (300, 301)])
def test_crops_are_cut_out_of_resized_frames(kernel, size):
    frame = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    cropper = cropping.Cropper(*size, 64, 56, [*evaluation_crops(3), (START, START), (END, END)])
    left, centre, right, first, last = cropper(frame)
    whole = resize(frame, *(round(side * 64 / min(size)) for side in size))
    np.testing.assert_array_equal(centre, resize_and_crop(frame, Preprocessing(25, 64, 56)))
    np.testing.assert_array_equal(first, whole[:56, :56])
    np.testing.assert_array_equal(last, whole[-56:, -56:])
    middle = [(side - 56) // 2 for side in whole.shape[:2]]
    if size[1] >= size[0]:
        np.testing.assert_array_equal(left, whole[middle[0] : middle[0] + 56, :56])
        np.testing.assert_array_equal(right, whole[middle[0] : middle[0] + 56, -56:])
    else:
        np.testing.assert_array_equal(left, whole[:56, middle[1] : middle[1] + 56])


def test_turned_frames_too(kernel):
    frame = np.rot90(np.random.default_rng(1).integers(0, 256, (80, 60, 3), np.uint8))
    crop = cropping.Cropper(60, 80, 32, 32, [(CENTRE, CENTRE)])(frame)
    np.testing.assert_array_equal(crop[0], resize_and_crop(frame, Preprocessing(25, 32, 32)))
