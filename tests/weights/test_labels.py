"""Class names, and the best of each clip."""

import numpy as np
import pytest

from keras_i3d import decode_predictions
from keras_i3d.files.hashes import git_blob
from keras_i3d.weights import class_names


def test_label_files_are_deepminds():
    from importlib import resources

    folder = resources.files("keras_i3d.weights") / "labels"
    # kinetics-i3d's git blobs of data/label_map.txt and data/label_map_600.txt.
    assert git_blob(folder / "kinetics_400.txt") == "cdaafcb1415eee46483561e78cb4747cce76a933"
    assert git_blob(folder / "kinetics_600.txt") == "639e9c91fa8a941ea57942872fae55628d590b42"


def test_names_are_as_many_as_classes_and_all_different():
    assert (len(class_names("kinetics_400")), len(class_names("kinetics_600"))) == (400, 600)
    assert class_names("kinetics_400")[::399] == ("abseiling", "zumba")
    assert len(class_names("kinetics_700")) == 700
    assert class_names("kinetics_700")[::699] == ("abseiling", "zumba")
    # In the alphabet's order, as the others are.
    assert list(class_names("kinetics_700")) == sorted(class_names("kinetics_700"))
    for name in ("kinetics_400", "kinetics_600", "kinetics_700"):
        assert len(set(class_names(name))) == len(class_names(name))


def test_best_first_and_ties_in_the_order_of_the_classes():
    scores = np.zeros((2, 400))
    scores[0, [227, 3]] = 0.75, 0.25
    best = decode_predictions(scores, top=3)
    assert best[0][:2] == [("playing cricket", 0.75), (class_names("kinetics_400")[3], 0.25)]
    assert [label for label, _ in best[1]] == list(class_names("kinetics_400")[:3])


def test_labels_of_ones_own():
    assert decode_predictions([[1, 3, 2]], top=9, labels=["a", "b", "c"]) == [
        [("b", 3.0), ("c", 2.0), ("a", 1.0)]
    ]


@pytest.mark.parametrize(
    ("scores", "arguments", "wanted"),
    [
        (np.zeros(400), {}, r"should be \(batch, classes\)"),
        (np.zeros((1, 7)), {}, "should be 7 names.*Received: labels='kinetics_400', 400 names"),
        (np.zeros((1, 600)), {}, "should be 600 names.*Received: labels='kinetics_400'"),
        (np.zeros((1, 7)), {"labels": "imagenet"}, "names, or one of kinetics_400.*'imagenet'"),
        (np.zeros((1, 400)), {"top": 0}, "top should be at least 1"),
        (np.zeros((1, 7)), {"labels": ["a"]}, "should be 7 names.* Received: 1 names"),
    ],
)
def test_scores_that_cannot_be_decoded(scores, arguments, wanted):
    with pytest.raises(ValueError, match=wanted):
        decode_predictions(scores, **arguments)
