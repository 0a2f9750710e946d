"""The picture of decoded flow: where what is drawn, in which colours."""

import numpy as np
import pytest

from keras_i3d.visualisation.flow_colours import flow_picture
from keras_i3d.visualisation.flow_rows import flow_rows

RIGHT, DOWN = np.float32([4, 0]), np.float32([0, 4])


def filled(vector, rows, columns):
    return np.broadcast_to(vector, (rows, columns, 2))


def test_a_row_for_each_end_point_in_the_same_colours():
    true = {"low": filled(RIGHT, 32, 32), "high": filled(RIGHT, 32, 32)}
    decoded = {"low": {"pwc": filled(DOWN, 8, 8)}, "high": {"pwc": filled(0 * DOWN, 2, 2)}}
    frame = np.full((32, 32, 3), 7, np.uint8)
    picture = flow_rows(true, decoded, frame)
    red, yellow = (flow_picture(filled(v, 1, 1), 4)[0, 0].tolist() for v in (RIGHT, DOWN))

    def count(colour, part):
        return int((part == colour).all(-1).sum())

    # Pictures of 144 x 144: the frame and the true flow twice, the decoded flow once each.
    assert count([7, 7, 7], picture) >= 2 * 144**2
    assert 2 * 144**2 <= count(red, picture) < 2.1 * 144**2
    middle = len(picture) // 2 + 10
    assert 144**2 <= count(yellow, picture[:middle]) < 1.1 * 144**2
    assert count(yellow, picture[middle:]) == 0


def test_other_end_points_are_refused():
    with pytest.raises(ValueError, match="the same end points"):
        flow_rows({"low": filled(RIGHT, 2, 2)}, {})
