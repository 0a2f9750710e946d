"""Reports on a phone and in the dark, as a browser lays them out."""

import numpy as np
import pytest
from PIL import Image

from keras_i3d.evaluation.baseline import difference
from keras_i3d.evaluation.comparison import write_comparison
from keras_i3d.evaluation.report import write_report
from tests.evaluation.test_scores import made
from tests.export.browser import Browser, executable

LONG = "a_name_without_a_blank_" + "x" * 200
PIXELS = "[...document.querySelectorAll('svg')].map(s => s.getBoundingClientRect().width)"


@pytest.mark.slow
@pytest.mark.skipif(executable() is None, reason="needs chromium")
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_widens_the_page(tmp_path, width):
    scores = made(
        ids=("a", "b", LONG),
        classes=(LONG, "jump"),
        failed={LONG: LONG},
        made={"stream": "rgb", "data": LONG},
    )
    film = Image.fromarray(np.zeros((112, 910, 3), np.uint8))
    pages = [
        write_report(
            tmp_path / "r",
            scores,
            LONG,
            baseline=difference(scores, scores),
            filmstrip=lambda video: film,
        ),
        write_comparison(tmp_path / "c", {LONG: scores}, "c"),
    ]
    with Browser(tmp_path / "profile") as browser:
        grounds = []
        for page in pages:
            for dark in (False, True):
                browser.become(width, dark)
                browser.open(page.as_uri())
                browser.until("document.querySelectorAll('table').length")
                assert browser.sideways() <= 0
                ground = "getComputedStyle(document.body).backgroundColor"
                grounds.append(browser.value(ground))
                # 14 of 400 pixels is the height of the letters of a bar.
                assert all(14 * w / 400 >= 11 for w in browser.value(PIXELS))
        assert grounds[0] == "rgb(255, 255, 255)" and len(set(grounds)) == 2
