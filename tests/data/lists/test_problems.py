"""The report of what is wrong with a list."""

from keras_i3d.data.lists.problems import MISSING, TORN_LINE, Problem, Problems


def test_counts_and_the_first_few_of_each_kind():
    problems = Problems(Problem(MISSING, f"a.csv:{n}", f"no {n}.*", "val") for n in range(1, 8))
    problems.add(Problem(TORN_LINE, "a.csv:9", "an open quote"))
    assert problems.counts() == {MISSING: 7, TORN_LINE: 1}
    assert problems.report(shown=2).splitlines() == [
        "missing file: 7",
        "  a.csv:1: no 1.*",
        "  a.csv:2: no 2.*",
        "  ... and 5 more",
        "torn line: 1",
        "  a.csv:9: an open quote",
    ]
    # Of which split a torn line is cannot be known, so it counts in every one.
    assert len(problems.of_splits(["train"])) == 1
    assert len(problems.of_splits(["val"])) == 8


def test_a_list_cannot_write_on_the_terminal():
    problems = Problems([Problem(MISSING, "a.csv:1", "\x1b[2Jx\n\u202ey\udcff é テ")])
    assert problems.report().splitlines()[1] == "  a.csv:1: \\x1b[2Jx\\n\\u202ey\\udcff é テ"


def test_a_report_replaces_an_older_one_whole(tmp_path):
    path = tmp_path / "problems.txt"
    path.write_text("old")
    Problems([Problem(MISSING, "a", "b")]).write(path)
    assert path.read_text() == "missing file: 1\n  a: b\n"
    assert [p.name for p in tmp_path.iterdir()] == ["problems.txt"]
