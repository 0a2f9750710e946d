"""Learning curves: every point where it belongs, every name in the legend."""

import re
from xml.etree import ElementTree

from keras_i3d.experiments.curves import learning_curves, standing_alone


def test_points_lie_between_the_axes():
    """0 % is at the bottom, 100 % at the top, the last step at the right edge."""
    drawn = learning_curves({"a": [(100, 0.0), (200, 100.0)], "b <c>": [(50, 50.0)]})
    first, second = re.findall(r'<polyline points="([^"]*)"', drawn)
    assert first == "216.0,204.0 388.0,12.0"
    assert second == "130.0,108.0"
    assert "b &lt;c&gt;" in drawn


def test_more_names_than_colours_differ_by_their_dashes():
    drawn = learning_curves({str(number): [(1, 10.0)] for number in range(11)})
    styles = re.findall(r'<polyline points="[^"]*" (.*?)/>', drawn)
    assert len(set(styles)) == 11


def test_nothing_was_trained():
    assert "<polyline" not in learning_curves({})


def test_a_plot_alone_knows_its_colours():
    drawn = standing_alone(learning_curves({"a & b": [(1, 10.0)]}))
    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    known = set(re.findall(r"--(\w+):", drawn))
    assert set(re.findall(r"var\(--(\w+)\)", drawn)) <= known
