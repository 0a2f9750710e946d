"""Figures of merit, by hand and by law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from keras_i3d.evaluation import metrics

#                   0    1    2    3     true class, its rank
SCORES = np.array(
    [
        [0.9, 0.1, 0.0, 0.0],  # 0, first
        [0.1, 0.2, 0.3, 0.4],  # 1, third
        [0.4, 0.4, 0.1, 0.1],  # 1, second: equal scores, the class before is better
        [0.1, 0.1, 0.1, 0.7],  # 3, first
    ]
)
LABELS = np.array([0, 1, 1, 3])


def test_top_k():
    assert metrics.top_k(SCORES, LABELS, 1).tolist() == [True, False, False, True]
    assert metrics.top_k(SCORES, LABELS, 2).tolist() == [True, False, True, True]
    assert metrics.top_k(SCORES, LABELS, 3).tolist() == [True] * 4


def test_equal_scores_are_no_free_hit():
    labels = np.arange(10)
    assert metrics.top_k(np.zeros((10, 10)), labels, 1).mean() == 0.1
    assert metrics.top_k(np.zeros((10, 10)), labels, 5).mean() == 0.5


def test_confusion_and_class_accuracies():
    confusion = metrics.confusion_matrix(SCORES, LABELS)
    assert confusion.tolist() == [[1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert np.array_equal(metrics.class_accuracies(confusion), [1, 0, np.nan, 1], equal_nan=True)


def test_average_precision_by_hand():
    # Ranked: + - + -; precisions at the positives 1/1 and 2/3.
    scores = np.array([[0.9], [0.8], [0.7], [0.6]])
    labels = np.array([[1], [0], [1], [0]])
    assert metrics.average_precisions(scores, labels)[0] == pytest.approx((1 + 2 / 3) / 2)


def test_average_precision_of_equal_scores_is_the_share_of_positives():
    labels = np.array([[1], [0], [0], [1], [0]])
    assert metrics.average_precisions(np.zeros((5, 1)), labels)[0] == pytest.approx(2 / 5)
    assert metrics.average_precisions(np.zeros((5, 1)), labels[::-1])[0] == pytest.approx(2 / 5)


def test_a_class_without_a_positive_video_counts_nowhere():
    found = metrics.average_precisions(np.zeros((3, 2)), np.array([[1, 0]] * 3))
    assert found[0] == 1
    assert np.isnan(found[1])


@given(
    arrays.arrays(np.float64, (12, 3), elements=st.floats(-3, 3, width=16)),
    arrays.arrays(np.int64, (12, 3), elements=st.integers(0, 1)),
    st.integers(0, 99),
)
def test_average_precision_does_not_depend_on_the_order_of_videos(scores, labels, seed):
    order = np.random.default_rng(seed).permutation(12)
    first = metrics.average_precisions(scores, labels)
    again = metrics.average_precisions(scores[order], labels[order])
    assert np.allclose(first, again, equal_nan=True)


def test_calibration_error_by_hand():
    # Bin (0.6, 0.8] of five: two videos at 0.7, one right: |1 - 1.4| = 0.4.
    # Bin (0.8, 1.0]: two at 0.9, both right: |2 - 1.8| = 0.2. Together 0.6 / 4.
    rows = np.array([[0.7, 0.3], [0.7, 0.3], [0.9, 0.1], [0.9, 0.1]])
    labels = np.array([0, 1, 0, 0])
    assert metrics.expected_calibration_error(rows, labels, bins=5) == pytest.approx(0.15)


def test_a_perfect_network_is_calibrated():
    assert metrics.expected_calibration_error(np.eye(4), np.arange(4)) == 0


def test_probabilities_of_large_logits():
    assert metrics.softmax(np.array([1000.0, 0.0])).tolist() == [1, 0]
    assert metrics.sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0, 0.5, 1]
