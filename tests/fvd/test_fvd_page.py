"""The page and its plot: all that is needed to judge and to repeat a result."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.fvd.fvd_page import HEADER, fvd_page, result_rows, text_table
from keras_i3d.fvd.measuring import measured
from keras_i3d.fvd.protocols import GOOGLE
from keras_i3d.fvd.sides import LeftOut, Side
from keras_i3d.fvd.value_plot import value_plot


def side(count, seed):
    features = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    return Side(features, ("x",) * count, tuple(f"{seed} {i}" for i in range(count)))


@pytest.fixture(scope="module")
def results():
    real = side(80, 0)
    short = replace(side(4, 2), left_out=(LeftOut("<short>.mp4", "too short: 3 frames"),))
    return {
        "many": measured(real, side(80, 1), GOOGLE),
        "few": measured(real, short, GOOGLE),
        "one": measured(real, side(1, 3), GOOGLE),
    }


def test_rows(results):
    rows = result_rows(results)
    assert [row[0] for row in rows] == ["many", "few", "one"]
    assert all(len(row) == len(HEADER) for row in rows)
    many, few, one = rows
    assert "±" in many[3] and few[3] == "" and one[2] == one[4] == ""
    table = text_table(HEADER, rows).splitlines()
    assert all(
        line.index(row[1]) == table[0].index("FVD")
        for line, row in zip(table[1:], rows, strict=True)
    )


def test_the_page(results):
    page = fvd_page(results, "real & true")
    assert page.startswith("<!doctype html>") and "real &amp; true" in page
    for result in results.values():
        assert result.line in page.replace("&quot;", '"')
    assert "&lt;short&gt;.mp4" in page and "<script" not in page
    assert GOOGLE.hash in page and "nan" not in page


def test_the_plot_is_whole_and_within_its_frame(results):
    drawn = ET.fromstring(value_plot(results))
    width, height = map(float, drawn.get("viewBox").split()[2:])
    circles = [one for one in drawn.iter("circle")]
    # Eight sizes and infinity, one size, one size, and three in the legend.
    assert len(circles) == 9 + 1 + 1 + 3
    for circle in circles:
        assert 0 <= float(circle.get("cx")) <= width and 0 <= float(circle.get("cy")) <= height
    assert "∞" in "".join(drawn.itertext())


def test_of_a_long_name_the_plot_has_the_end(results):
    """A digit is about 7 of the 400 pixels wide."""
    drawn = ET.fromstring(value_plot({"/long" * 40 + "/model_a": results["few"]}))
    (name,) = [text for text in drawn.itertext() if text.endswith("/model_a")]
    assert len(name) < 50 and name.startswith("…")
