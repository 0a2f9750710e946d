"""The best classes by name, and runs of windows that show the same."""

import subprocess
import sys

import numpy as np
import pytest

from keras_i3d.classes import Stretch, best_classes, class_names, numbered, timeline


def test_the_best_come_first_and_equal_ones_in_their_own_order():
    scores = np.array([0.1, 0.3, 0.1, 0.3, 0.2])
    assert best_classes(scores, "abcde", top=4) == [("b", 0.3), ("d", 0.3), ("e", 0.2), ("a", 0.1)]
    assert len(best_classes(scores, top=9)) == 5
    assert best_classes(scores, top=1) == [("class 1", 0.3)]
    assert numbered(2) == ("class 0", "class 1")


def test_windows_with_the_same_class_are_one_stretch():
    windows = [
        Stretch(0, 2, "dance", 0.6),
        Stretch(1, 3, "dance", 0.8),
        Stretch(2, 4, "jump", 0.5),
        Stretch(3, 5, "dance", 0.9),
    ]
    assert list(timeline(windows)) == [
        Stretch(0, 3, "dance", pytest.approx(0.7)),
        Stretch(2, 4, "jump", 0.5),
        Stretch(3, 5, "dance", 0.9),
    ]
    assert list(timeline([])) == []


def test_kinetics_names():
    assert class_names("kinetics_400")[0] == "abseiling"
    assert len(class_names("kinetics_600")) == 600


def test_it_needs_neither_tensorflow_nor_keras():
    code = "import sys, keras_i3d.classes; print({'tensorflow', 'keras'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"
