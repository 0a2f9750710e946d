"""Lines, cells, numbers and names; whatever stands in a list, no line of it is lost."""

import csv
import io
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.lists.file_index import FileIndex, plain
from keras_i3d.data.lists.listing import ClassNumbers, cells, class_names, leaves, natural, seconds

# No line ends, and nothing that UTF-8 has not.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\ufeff"), max_size=30
)
PIECES = ["a.mp4", "aaaaaaaaaaa", "yoga", "A/", "1", "0", " ", ",", ";", "c000", '"', "../x", "."]
NEAR_LINES = st.one_of(TEXT, st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
in_one_folder = settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# Format, file, what stands before the lines, and the other files it needs.
KINETICS = "label,youtube_id,time_start,time_end,split\n"
CHARADES = "id,actions\n"
FORMATS = [
    ("kinetics", "a.csv", KINETICS, {}),
    ("csv", "a.csv", "", {}),
    ("ucf101", "trainlist01.txt", "", {"classInd.txt": "1 A\n", "testlist01.txt": ""}),
    ("hmdb51", "a_test_split1.txt", "", {}),
    ("charades", "Charades_v1_train.csv", CHARADES, {"Charades_v1_classes.txt": "c000 A\n"}),
]


@pytest.mark.parametrize("format, name, header, others", FORMATS, ids=[f[0] for f in FORMATS])
@in_one_folder
@given(lines=st.lists(NEAR_LINES, max_size=8))
def test_every_line_is_a_video_or_a_problem(format, name, header, others, lines, tmp_path):
    wanted = sum(bool(line.strip()) for line in lines)
    (tmp_path / "videos").mkdir(exist_ok=True)
    (tmp_path / "videos" / "a.mp4").touch()
    for other, text in {**others, name: header + "\n".join(lines)}.items():
        (tmp_path / other).write_text(text, encoding="utf-8")
    given = tmp_path / name if name == "a.csv" else tmp_path
    try:
        found = read_annotations(format, tmp_path / "videos", [given], allow_missing=True)
    except ValueError as error:
        assert wanted == 0 and "no video is listed" in str(error)
    else:
        assert found.listed == wanted
        assert sum(map(len, found.splits.values())) + len(found.problems) == wanted
        assert all(len(str(problem)) < 1000 for problem in found.problems)


@in_one_folder
@given(rows=st.lists(st.lists(TEXT.map(str.strip), min_size=2, max_size=5), max_size=5))
def test_cells_are_those_of_the_csv_module(rows, tmp_path):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path = tmp_path / "a.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    assert [row for _, row in cells(path)] == rows


def test_an_open_quote_costs_one_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('a,b\n"c,d\n\ne,"f"g\nh,i')
    assert list(cells(path)) == [(1, ["a", "b"]), (2, None), (4, None), (5, ["h", "i"])]


@given(st.lists(st.sampled_from(["..", ".", "a", "b", ""]), max_size=8))
def test_paths_that_leave_their_folder(parts):
    depth = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
    path = "/".join(["a", *parts])  # "a" first, so that it is not absolute
    # normpath cancels from the left, as the kernel walks where there are no links.
    assert leaves(path) == (os.path.relpath(f"/r/s/{path}", "/r/s").split("/")[0] == "..")
    if depth < -1:
        assert leaves(path)


@pytest.mark.parametrize(
    "text, value",
    [("0", 0), ("11.90", 11.9), ("1e2", 100), ("-1", None), ("nan", None), ("inf", None)]
    + [("", None), ("1:30", None), ("ten", None)],
)
def test_seconds(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    "text, value",
    [("0", 0), ("007", 7), ("12", 12), ("", None), ("-1", None), ("1.0", None), ("٣", None)],
)
def test_natural(text, value):
    assert natural(text) == value
    assert natural("9" * 5000) > 1e9


def test_class_names_however_they_are_written():
    numbers = ClassNumbers(["playing guitar", "yoga"])
    assert [numbers.get(n) for n in ("playing_guitar", "Playing Guitar", '"yoga"', "jogga")] == [
        0,
        0,
        1,
        None,
    ]
    capitals = ClassNumbers(["A", "a"])
    assert (capitals.get("a"), capitals.get("A"), plain("A")) == (1, 0, plain("a"))
    with pytest.raises(ValueError, match="names should all differ. Received more"):
        ClassNumbers(["a", "a"])


def test_shipped_class_names_are_those_of_the_weights():
    from keras_i3d.weights import labels

    for count in (400, 600, 700):
        name = f"kinetics_{count}"
        assert class_names(name) == labels.class_names(name)
        assert len(class_names(name)) == count


def test_of_several_files_the_one_in_its_class_folder(tmp_path):
    for path in ("train/Yoga_Class/x.mp4", "val/yoga class/x.mp4", "other/x.mp4", "x.npy", "y.qqq"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "y.mp4").touch()
    index = FileIndex(str(tmp_path))
    assert index.find("x", ("yoga class", "val")) == ["val/yoga class/x.mp4"]
    assert len(index.find("x", ("yoga class",))) == 2
    assert index.find("y") == ["y.mp4"]
    assert index.find("X") == []
    assert FileIndex(str(tmp_path), any_case=True).find("Y") == ["y.mp4"]
    assert index.ignored == {".npy": 1}


def test_links_to_folders_above_are_not_followed(tmp_path):
    """A link to / has every file of the machine below it, and no end of /proc."""
    root, beside = tmp_path / "home" / "root", tmp_path / "home" / "beside"
    for folder in (root, beside):
        folder.mkdir(parents=True)
    (root / "a.mp4").touch()
    (beside / "b.mp4").touch()
    (root / "linked").symlink_to(beside)  # data sets are put together so
    (root / "all").symlink_to("/")
    (root / "up").symlink_to("..")
    (beside / "all").symlink_to("/")
    index = FileIndex(str(root))
    assert index.paths == ["a.mp4", os.path.join("linked", "b.mp4")]
    assert index.notes() == (
        "not followed, since they lead to a folder above: all, linked/all, up",
    )
    (root / "up").unlink()
    (root / "itself").symlink_to(root)  # it leads nowhere new, which needs no word
    assert FileIndex(str(root)).paths == index.paths
    link = tmp_path / "link"
    link.symlink_to(root)
    assert FileIndex(str(link)).paths == index.paths
