"""Two runs on the same videos: the difference by hand, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.evaluation.baseline import difference
from keras_i3d.evaluation.scores import Scores, ScoresError


def scores(right, ids=None, classes=("a", "b")):
    """The first class is that of every video."""
    logits = np.float32([(2, 0) if one else (0, 2) for one in right])
    ids = np.array(ids or [f"v{number}" for number in range(len(right))])
    return Scores(ids, logits, logits, np.zeros(len(right), int), classes)


def test_top_1_by_hand_in_whatever_order_the_videos_are():
    """Of 100 videos both get 60 right, the one alone 20, the other alone 5: 80 % and 65 %."""
    ours = scores([True] * 80 + [False] * 20)
    theirs = scores([True] * 60 + [False] * 20 + [True] * 5 + [False] * 15)
    order = np.random.default_rng(0).permutation(100)
    turned = scores(np.array([True] * 60 + [False] * 20 + [True] * 5 + [False] * 15)[order],
                    [f"v{number}" for number in order])  # fmt: skip
    for other in (theirs, turned):
        found = difference(ours, other, "runs/rgb")
        assert found.points == pytest.approx(15)
        assert 0 < found.low < 15 < found.high < 30
        assert found.p == pytest.approx(2 * sum_of_coins(5, 25), rel=1e-6)
        assert found.sentence().startswith(
            "top-1 is 15.0 points above that of runs/rgb, on 100 videos that both have; difference "
            "+15.0, 95 % interval +"
        )


def sum_of_coins(most, tosses):
    """How probable at most so many heads are."""
    from math import comb

    return sum(comb(tosses, heads) for heads in range(most + 1)) / 2**tosses


def test_videos_of_one_alone_do_not_count():
    found = difference(scores([True, True, False]), scores([False, False], ["v1", "gone"]))
    assert (found.own.ids.tolist(), found.points) == (["v1"], 100)


def test_mean_average_precision_has_no_interval():
    labels = np.array([[1, 0], [0, 1]])
    good, bad = np.float32([[2, 0], [0, 2]]), np.float32([[0, 2], [2, 0]])
    ids = np.array(["v0", "v1"])
    found = difference(*(Scores(ids, one, one, labels, ("a", "b")) for one in (good, bad)), "x")
    assert found.points is None
    assert found.sentence().startswith("mean average precision is 50.0 points above that of x (50")


def test_what_cannot_be_compared_is_told():
    ours = scores([True, False])
    with pytest.raises(ScoresError, match="different classes"):
        difference(ours, scores([True], classes=("a", "c")))
    with pytest.raises(ScoresError, match="no video in common"):
        difference(ours, scores([True], ["other"]))
    with pytest.raises(ScoresError, match="different labels"):
        difference(ours, replace(ours, labels=np.array([0, 1])))
    with pytest.raises(ScoresError, match="several labels"):
        difference(ours, replace(ours, labels=np.array([[0, 1], [1, 0]])))
