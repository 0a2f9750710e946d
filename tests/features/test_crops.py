"""Crops of a picture whose pixels say where they are."""

import numpy as np

from keras_i3d.features.crops import cut_crops


def picture(rows, columns):
    down, across = np.mgrid[:rows, :columns]
    return np.stack([down, across, 0 * down], axis=-1).astype(np.uint8)


def corners(cut):
    return [tuple(map(int, one[0, 0, :2])) for one in cut]


def test_where_crops_lie():
    assert corners(cut_crops(picture(6, 9), 4, 1)) == [(1, 2)]
    assert corners(cut_crops(picture(6, 9), 4, 3)) == [(1, 0), (1, 2), (1, 5)]
    assert corners(cut_crops(picture(9, 6), 4, 3)) == [(0, 1), (2, 1), (5, 1)]
    ten = cut_crops(picture(6, 9), 4, 10)
    assert corners(ten)[:5] == [(0, 0), (0, 5), (2, 0), (2, 5), (1, 2)]
    np.testing.assert_array_equal(ten[5:], ten[:5, :, ::-1])


def test_mirrored_flow_goes_the_other_way():
    flow = np.stack([np.full((4, 4), 3.0), np.full((4, 4), 2.0)], axis=-1).astype(np.float32)
    ten = cut_crops(flow, 4, 10)
    assert (ten.shape, ten.dtype) == ((10, 4, 4, 2), np.float32)
    assert ten[0, 0, 0].tolist() == [3, 2]
    assert ten[5, 0, 0].tolist() == [-3, 2]
