"""Reports: every figure is that of the scores, and nothing in a name is taken for HTML."""

import csv
import html.parser
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_i3d.evaluation import charts
from keras_i3d.evaluation.baseline import difference
from keras_i3d.evaluation.published import Published
from keras_i3d.evaluation.report import by_class, worst_mistakes, write_report
from keras_i3d.visualisation.confusion import draw_confusion
from tests.evaluation.test_scores import made

NAMED = made(classes=("run <fast>", "jump|high"))


class Tags(html.parser.HTMLParser):
    """Counts the open tags of a page."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)


def test_a_report_has_the_figures_and_every_video(tmp_path):
    page = write_report(
        tmp_path / "report", NAMED, "UCF <101>", Published({"top_1": 95.1}, "a paper")
    )
    figures = json.loads((page.parent / "figures.json").read_text())
    assert (figures["listed"], figures["videos"], figures["failed"]) == (4, 3, 1)
    assert figures["top_1"] == pytest.approx(100 * 2 / 3)
    text = page.read_text()
    assert "3 of 4 listed videos were scored, 1 failed." in text
    assert "66.7<small>published: 95.1</small>" in text
    assert "Published: a paper." in text
    assert "run &lt;fast&gt;" in text
    assert "<fast>" not in text
    tags = Tags()
    tags.feed(text)
    assert "fast" not in tags.seen
    assert "script" not in tags.seen
    markdown = (page.parent / "report.md").read_text()
    assert "| top-1 accuracy, % | 66.7 | 95.1 |" in markdown
    assert "| d | no frame of it can be decoded |" in markdown
    assert r"jump\|high" in markdown
    assert "# UCF &lt;101&gt;\n" in markdown
    assert "run &lt;fast&gt;" in markdown
    assert "<" not in markdown


def test_tables_run_nothing_in_a_spreadsheet(tmp_path):
    evil = "=cmd|' /C calc'!A0"
    scores = made(classes=("+run", evil), failed={evil: "@x"})
    folder = write_report(tmp_path / "r", scores, "x").parent
    for name in ("classes", "confusion", "failed"):
        with open(folder / f"{name}.csv", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert f"'{evil}" in cells
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


def test_tables_are_csv(tmp_path):
    folder = write_report(tmp_path / "report", NAMED, "r").parent
    with open(folder / "confusion.csv", newline="") as file:
        assert list(csv.reader(file))[1:] == [["run <fast>", "1", "0"], ["jump|high", "1", "1"]]
    with open(folder / "classes.csv", newline="") as file:
        _, *rows = csv.reader(file)
    assert rows == [["run <fast>", "1", "1.0000"], ["jump|high", "2", "0.5000"]]


def test_several_labels_have_no_confusion_matrix(tmp_path):
    scores = made(labels=((1, 0), (0, 1), (1, 1)))
    folder = write_report(tmp_path / "report", scores, "r").parent
    assert not (folder / "confusion.png").exists()
    assert by_class(scores).tolist() == pytest.approx([1, 5 / 6])


def test_a_mistake_is_shown_with_its_frames(tmp_path):
    assert worst_mistakes(made()) == [("c", "jump", "run", pytest.approx(0.9526, abs=1e-4))]
    page = write_report(
        tmp_path / "r", made(), "r", filmstrip=lambda video: Image.new("RGB", (40, 10), "red")
    )
    assert len(re.findall("data:image/png", page.read_text())) == 2  # confusion matrix and film

    def gone(video):
        raise FileNotFoundError(video)

    page = write_report(tmp_path / "r", made(), "r", filmstrip=gone)
    assert "<p><b>jump, taken for run (0.953)</b> c</p>" in page.read_text()


def test_few_videos_of_a_class_are_counted_beside_their_percent(tmp_path):
    page = write_report(tmp_path / "r", made(), "r").read_text("utf-8")
    assert ">100.0 of 1</text>" in page  # run
    assert ">50.0 of 2</text>" in page  # jump
    ids = tuple(map(str, range(40)))
    many = made(ids=ids, logits=[(2, 0), (0, 2)] * 20, labels=[0, 1] * 20)
    page = write_report(tmp_path / "r", many, "r").read_text("utf-8")
    assert page.count(">100.0</text>") == 2


def test_what_scores_rest_on_is_a_table(tmp_path):
    recipe = {"model": "i3d", "weights": None}
    rests = {"stream": "rgb", "recipe": recipe, "motions": ["<up>", "down"]}
    page = write_report(tmp_path / "r", made(made=rests), "r")
    rows = {"stream": "rgb", "recipe: model": "i3d", "recipe: weights": "none"}
    for name, value in {**rows, "motions": "&lt;up&gt;, down"}.items():
        assert f"<td>{name}</td><td>{value}</td>" in page.read_text("utf-8")
        assert f"| {name} | {value} |" in (tmp_path / "r" / "report.md").read_text("utf-8")
    page = write_report(tmp_path / "r", made(made={}), "r")
    assert "Made from" not in page.read_text("utf-8")


def test_the_difference_to_another_run_is_drawn(tmp_path):
    worse = made(logits=((0, 2), (0, 1), (3, 0)))  # run 0 instead of 1, jump as before
    page = write_report(tmp_path / "r", made(), "r", baseline=difference(made(), worse, "a|b"))
    figures = json.loads((page.parent / "figures.json").read_text())["baseline"]
    assert (figures["name"], figures["videos"]) == ("a|b", 3)
    assert figures["points"] == pytest.approx(100 / 3)
    assert (
        r"Here top-1 is 33.3 points above that of a\|b" in (page.parent / "report.md").read_text()
    )
    assert ">+100.0</text>" not in page.read_text()  # nothing negative: no signs
    page = write_report(tmp_path / "r", worse, "r", baseline=difference(worse, made()))
    assert ">-100.0</text>" in page.read_text()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="is not a report"):
        write_report(tmp_path, made(), "r")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_bars_are_as_long_as_their_values():
    svg = charts.bars(("a", "b", "c"), np.array([0.25, np.nan, 1.0]))
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height="12"', svg)]
    assert widths == [400, 100]  # the largest first; no bar without a number


def test_a_long_name_does_not_run_over():
    svg = charts.bars(("a" * 42, "b" * 43), [1, 0.5])
    assert f">{'a' * 42}</text>" in svg
    assert f">{'b' * 41}…</text>" in svg


def test_the_text_of_bars_is_legible_on_a_phone():
    """390 pixels, 19 of them margin on either side: the text is scaled to no less than 11."""
    svg = charts.bars(("a",), [1])
    width = float(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    assert float(re.search(r'font-size="(\d+)"', svg)[1]) * min(1, (390 - 2 * 19.2) / width) >= 11


def test_letters_that_are_wide_are_squeezed():
    assert "textLength" not in charts.bars(("i" * 42,), [1])
    assert 'textLength="300"' in charts.bars(("W" * 42,), [1])


def test_tables_scroll_inside_a_box_of_their_own():
    assert charts.table(("a",), [("<b>",)]).startswith('<div class="wide"><table>')


def test_a_confusion_matrix_has_counts_and_a_scale():
    classes = ("a", "b")
    one, other = (
        np.asarray(draw_confusion(np.array([[n, 0], [0, n]]), classes)).astype(int)
        for n in (10, 11)
    )
    # The shares are the same, so only what is written in the two cells differs.
    rows, columns = np.nonzero((one != other).any(-1))
    assert len({(r // 48, c // 48) for r, c in zip(rows, columns, strict=True)}) >= 2
    assert np.ptp(rows) > 48 and np.ptp(columns) > 48
    blue = other[..., 2] - other[..., 0]
    scale = blue[-30:, 16:136].max(0)  # from white to dark blue along the last line
    assert scale[:3].max() < 20 and scale[-3:].min() > 90


def test_a_long_name_leaves_the_matrix_in_sight():
    short = draw_confusion(np.eye(2, dtype=int), ("a", "b"))
    long = draw_confusion(np.eye(2, dtype=int), ("a" * 300, "b"))
    assert long.width - short.width < 170


def test_the_picture_is_dark_where_videos_are():
    picture = np.asarray(draw_confusion(np.array([[4, 0], [0, 0]]), ("a", "b")).convert("L"))
    # 2 cells of 48 pixels; dark first cell, white others.
    assert (picture < 60).sum() >= 48 * 48
    assert (picture < 60).sum() < 48 * 48 + 600


@pytest.mark.parametrize("classes", [1, 61, 700])
def test_pictures_of_any_number_of_classes(classes):
    picture = draw_confusion(np.eye(classes, dtype=int), tuple(map(str, range(classes))))
    assert min(picture.size) > 20
    assert max(picture.size) < 1100
