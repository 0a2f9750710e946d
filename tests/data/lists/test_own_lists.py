"""Lists as people write them: right, refused, or said, and never a class that nobody meant."""

import shutil

import pytest

from keras_i3d.data.lists.annotations import read_annotations


@pytest.fixture
def read(tmp_path):
    """From a list's text to what is read of it; the files e, f, g and x.mp4 are there."""
    for name in ("e.mp4", "f.mp4", "g.mp4", "x.mp4", "no_suffix"):
        (tmp_path / name).touch()

    def read(text, **options):
        (tmp_path / "list.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_annotations("csv", tmp_path, [tmp_path / "list.csv"], **options)

    return read


TEA_AND_TALK = "path,label\ne.mp4,tea\nf.mp4,tea\nx.mp4,talk\n"


@pytest.mark.parametrize(
    "text",
    [
        TEA_AND_TALK.replace(",", ", "),
        TEA_AND_TALK.replace(",", " ,  "),
        'path,label\ne.mp4, "tea"\nf.mp4,tea\nx.mp4,talk\n',
        'path, label\n"e.mp4" ,"tea" \n f.mp4,\t"tea"\n\tx.mp4,"talk"\n',
        TEA_AND_TALK.replace("\n", "\r\n"),
        TEA_AND_TALK.replace("\n", "\r"),
        "\ufeff" + TEA_AND_TALK,
        "\ufeff" + TEA_AND_TALK.replace("path,label\n", ""),
        TEA_AND_TALK.replace(",", "\t"),
        TEA_AND_TALK.replace(",", ";"),
        '"path"\t"label"\n"e.mp4"\t "tea"\n"f.mp4"\ttea\nx.mp4\ttalk',
        TEA_AND_TALK.replace("path,label", "video_path,class"),
        TEA_AND_TALK.replace("path,label", "File Name,Class-Name"),
        TEA_AND_TALK.replace("\n", "\n\n \n"),
        TEA_AND_TALK.replace("\n", ",,\n"),
        TEA_AND_TALK.replace("tea", '\u00a0"tea"\u00a0'),
        TEA_AND_TALK.replace("tea", "\u200btea"),
        "path,label\ne.mp4,tea\n\ufeffpath,label\nf.mp4,tea\nx.mp4,talk\n",  # joined
    ],
    ids=range(18),
)
def test_blanks_quotes_tabs_and_headers(text, read):
    found = read(text)
    assert found.classes == ("talk", "tea")
    assert [v.labels for v in found.splits["list"]] == [(1,), (1,), (0,)]
    assert found.concerns == ()


def test_what_quotes_keep(read):
    found = read('e.mp4, " tea, ""hot""" \nf.mp4,"a ""b"", c"\n')
    assert found.classes == ('a "b", c', 'tea, "hot"')


@pytest.mark.parametrize(
    "header",
    ["film,what", "path,what", "name,label", "a,b,c", "file.name,class", "video/name,Label"],
)
def test_an_unknown_header_is_no_video(header, read):
    text = f"{header}\ne.mp4,tea\nf.mp4,talk\n"
    with pytest.raises(ValueError, match=r"unknown header: 1\n  list.csv:1: should be one such as"):
        read(text)
    found = read(text, allow_missing=True)
    assert found.classes == ("talk", "tea")
    assert found.listed == 3


def test_a_first_line_that_is_a_file_without_extension(read):
    found = read("no_suffix,tea\ne.mp4,talk\n")
    assert [v.id for v in found.splits["list"]] == ["no_suffix", "e"]


def test_a_header_below_a_comment(read):
    found = read("# my list\n" + TEA_AND_TALK, allow_missing=True)
    assert found.classes == ("talk", "tea")
    assert found.problems.counts() == {"torn line": 1}


def test_a_missing_video_whose_class_is_a_columns_name(read):
    with pytest.raises(ValueError, match="missing file: 1"):
        read("lost.mp4,action\ne.mp4,tea\n")


@pytest.mark.parametrize("quotes", ["''", "“”", "``"])
def test_quotes_that_are_none_of_csv_s(quotes, read):
    text = f"e.mp4,{quotes[0]}tea{quotes[1]}\nf.mp4,{quotes[0]}talk{quotes[1]}\n"
    (concern,) = read(text).concerns
    assert concern.startswith("names of classes that have quotes around them: ")


def test_a_column_that_comes_twice(read):
    with pytest.raises(ValueError, match="columns that come twice"):
        read("path,label,class\ne.mp4,tea,talk\n")


@pytest.mark.parametrize("odd", ["-1", "1.0", "+1", "none", "?", "1 "])
def test_labels_that_are_numbers_but_for_one(odd, read):
    text = f"e.mp4,0\nf.mp4,1\ng.mp4,2\nx.mp4,{odd}\n"
    if odd == "1 ":
        assert read(text).classes == ("0", "1", "2")
        return
    with pytest.raises(ValueError, match="unknown class: 1\n.*the others are numbers, from 0"):
        read(text)
    found = read(text, allow_missing=True)
    assert found.classes == ("0", "1", "2")
    assert [v.labels for v in found.splits["list"]] == [(0,), (1,), (2,)]


def test_two_labels_of_which_one_is_below_zero(read):
    with pytest.raises(ValueError, match="'-1': the others are numbers, from 0"):
        read("e.mp4,-1\nf.mp4,0\nx.mp4,0\n")


def test_a_name_that_is_a_number_among_names(read):
    assert read("e.mp4,tea\nf.mp4,talk\nx.mp4,007\n").classes == ("007", "talk", "tea")


def test_a_label_left_empty_changes_no_other(read):
    found = read("e.mp4,0\nf.mp4,1\nx.mp4,\n", allow_missing=True)
    assert found.classes == ("0", "1")
    assert found.problems.counts() == {"unknown class": 1}


def test_labels_from_one(read):
    (concern,) = read("e.mp4,1\nf.mp4,2\nx.mp4,1\n").concerns
    assert concern.startswith("no video of class '0': classes are numbered from 0. If yours are")


def test_classes_that_are_tested_but_never_learnt(read):
    text = "path,label,split\ne.mp4,tea,train\nf.mp4,talk,train\nx.mp4,dance,test\n"
    assert read(text).concerns == (
        "in test, but never in train, so that nothing of it is learnt: 'dance'",
    )


def test_one_class_in_all(read):
    assert read("e.mp4,tea\nf.mp4,tea\n").concerns == (
        "all videos are of one class, 'tea': nothing to tell apart",
    )


def test_names_that_differ_in_how_they_are_written(read):
    (concern,) = read("e.mp4,Tea_time\nf.mp4,tea time\nx.mp4,'tea time'\ng.mp4,talk\n").concerns
    assert "differ only in how they are written: \"'tea time'\", 'Tea_time', 'tea time'" in concern


def test_given_names_without_a_video(read, tmp_path):
    (tmp_path / "names.txt").write_text("talk\ntea\nrun\nwave\n")
    (concern,) = read(TEA_AND_TALK, classes=tmp_path / "names.txt").concerns
    assert concern == "2 of 4 classes have no video: 'run', 'wave'"


def test_an_empty_folder_is_a_class_without_videos(tmp_path):
    for path in ("train/tea/a.mp4", "train/talk/b.mp4", "test/tea/c.mp4"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "train" / "dance").mkdir()
    found = read_annotations("folders", tmp_path)
    assert found.classes == ("dance", "talk", "tea")
    assert found.concerns == ("1 of 3 classes have no video: 'dance'",)


def test_tabs_in_official_lists(tmp_path):
    (tmp_path / "classInd.txt").write_text("1\tA\n2 B\n")
    (tmp_path / "trainlist01.txt").write_text("A/v_A_g08_c01.avi\t1\nB/v_B_g08_c01.avi  2\n")
    (tmp_path / "testlist01.txt").write_text("A/v_A_g01_c01.avi\n")
    for path in ("A/v_A_g08_c01.avi", "B/v_B_g08_c01.avi", "A/v_A_g01_c01.avi"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    found = read_annotations("ucf101", tmp_path, [tmp_path])
    assert [v.labels for v in found.splits["train"]] == [(0,), (1,)]


# What each list of the shared folder comes to: its classes, or the words of the error; a concern.
SHARED = {
    "spacequote.csv": (("talk", "tea"), None),
    "otherheader.csv": (("talk", "tea"), None),
    "from1.csv": (("0", "1", "2"), "no video of class '0'"),
    "unseen.csv": (("dance", "talk", "tea"), "in test, but never in train"),
}


@pytest.mark.parametrize("name", SHARED)
def test_lists_of_the_shared_folder(name, shared, tmp_path):
    for video in ("e.mp4", "f.mp4", "x.mp4"):
        (tmp_path / video).touch()
    shutil.copy(shared / "failing" / name, tmp_path)
    found = read_annotations("csv", tmp_path, [tmp_path / name])
    classes, concern = SHARED[name]
    assert found.classes == classes
    assert len(found.concerns) == (concern is not None)
    assert concern is None or concern in found.concerns[0]
