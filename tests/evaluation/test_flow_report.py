"""The report of decoded flow: figures by hand, what cannot be known, what is drawn."""

import json

import numpy as np
import pytest

from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.evaluation.flow_report import HEADER, figure_rows, flow_table, write_flow_report
from keras_i3d.training.flow_errors import Example, FlowErrors
from keras_i3d.training.flow_settings import FlowDecoding

ZEROS, PWC = np.array([4.0, 5.0, 6.0]), np.array([3.0, 3.0, 3.0])
ERRORS = FlowErrors(
    ("a", "b", "c"),
    {"Mixed_3c": {"pwc": PWC, "zeros": ZEROS}},
    {"Mixed_3c": {"pwc": PWC + 1, "zeros": ZEROS}},
    {"Mixed_3c": (8, 4, 4)},
)
SETTINGS = FlowDecoding("runs/<rgb>", ("Mixed_3c",), ("pwc",), DataSet())


def test_figures_by_hand():
    """Differences of 1, 2 and 3 pixels: mean 2, deviation 1, t of two degrees 4.303."""
    zeros, pwc = figure_rows(ERRORS)
    assert (zeros["decoder"], zeros["error"], zeros["below_zeros"]) == ("zeros", 5, None)
    assert (pwc["error"], pwc["at_every_pixel"], pwc["grid"]) == (3, 4, [8, 4, 4])
    half = 4.3027 / 3**0.5
    assert pwc["below_zeros"] == pytest.approx([2, 2 - half, 2 + half], abs=1e-3)
    last = flow_table(ERRORS).splitlines()[-1]
    cells = ["pwc", "8 x 4 x 4", "3.000", "3.000 to 3.000", "+2.000", "-0.484 to +4.484", "4.000"]
    assert last == f"| Mixed_3c | {' | '.join(cells)} |"


def test_of_one_video_no_interval_is_known():
    one = {"Mixed_3c": {"pwc": PWC[:1], "zeros": ZEROS[:1]}}
    errors = FlowErrors(("a",), one, one, ERRORS.grids)
    assert figure_rows(errors)[1]["low"] is None
    assert "not known" in flow_table(errors)
    json.dumps(figure_rows(errors), allow_nan=False)


def test_the_folder(tmp_path):
    flow = np.ones((16, 16, 2), np.float32)
    decoded = {"Mixed_3c": {"pwc": flow[:4, :4], "zeros": 0 * flow[:4, :4]}}
    example = Example("a|<b>", np.zeros((16, 16, 3), np.uint8), {"Mixed_3c": flow}, decoded)
    page = write_flow_report(tmp_path / "report", ERRORS, [example], SETTINGS)
    html, text = page.read_text(), (page.parent / "report.md").read_text()
    assert all(name in html and name in text for name in HEADER)
    assert "<rgb>" not in html + text and "<b>" not in html + text
    assert "![a\\|&lt;b&gt;](flow_1.png)" in text
    figures = json.loads((page.parent / "figures.json").read_text())
    assert figures["videos"] == 3 and figures["made"]["steps"] == 500
    assert (page.parent / "flow_1.png").stat().st_size < 50_000
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="is not a report"):
        write_flow_report(tmp_path / "mine", ERRORS, [], SETTINGS)
