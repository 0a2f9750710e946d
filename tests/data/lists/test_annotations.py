"""Official lists: what each line becomes, and that none is lost."""

import os
from pathlib import Path

import pytest

from keras_i3d.data.lists.annotations import Video, read_annotations


def write(folder: Path, **files: str) -> Path:
    """Text files by name, with __ for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    return root


def counts(found) -> dict[str, int]:
    """Problems by kind; every line is a video or a problem."""
    videos = sum(map(len, found.splits.values()))
    assert found.listed == videos + len(found.problems)
    return found.problems.counts()


# === Kinetics ===

KINETICS = """label,youtube_id,time_start,time_end,split
yoga,-4wsuPCjDBc,5,15,val
playing guitar,aaaaaaaaaaa,0,10,val
"petting animal (not cat)",b_b-bbbbbb_,100,110,val
"massaging person's head",ccccccccccc,7,17,val
"""


@pytest.mark.parametrize("folder", ["{}/", "{}_/", "", "val/{}/"])
@pytest.mark.parametrize("header", ["official", "other"])
def test_kinetics_in_every_layout(tmp_path, folder, header):
    text = KINETICS
    if header == "other":
        text = text.replace(text.splitlines()[0], "label_name,video,start,end,split")
    write(tmp_path, k400__csv=text)
    stems = {
        "yoga": "-4wsuPCjDBc_000005_000015.mp4",
        "playing guitar": "aaaaaaaaaaa_000000_000010.webm",
        "petting animal (not cat)": "b_b-bbbbbb__000100_000110.MKV",
        "massaging person's head": "ccccccccccc_000007_000017",
    }
    places = {
        label: folder.format(label.replace(" ", "_") if "_" in folder else label).replace("_/", "/")
        for label in stems
    }
    root = touch(tmp_path / "videos", *(places[label] + stem for label, stem in stems.items()))
    found = read_annotations("kinetics", root, [tmp_path / "k400.csv"])
    assert not found.problems
    assert len(found.classes) == 400
    assert "kinetics_400" in found.notes[0]
    videos = found.splits["val"]
    assert [found.classes[video.labels[0]] for video in videos] == list(stems)
    assert [os.path.relpath(video.path, root) for video in videos] == [
        places[label] + stem for label, stem in stems.items()
    ]
    assert videos[2].id == "b_b-bbbbbb__000100_000110"
    assert (videos[2].start, videos[2].end) == (None, None)


def test_kinetics_whole_videos_and_splits_by_file(tmp_path):
    write(
        tmp_path / "lists",
        train__csv="label,youtube_id,time_start,time_end\nyoga,aaaaaaaaaaa,5.0,15.0\n",
        test__csv="youtube_id,time_start,time_end\nbbbbbbbbbbb,0,10\n",
    )
    root = touch(tmp_path / "videos", "aaaaaaaaaaa.mp4", "bbbbbbbbbbb_000000_000010.mp4")
    found = read_annotations("kinetics", root, [tmp_path / "lists"])
    path = str(root / "aaaaaaaaaaa.mp4")
    yoga = found.classes.index("yoga")
    assert found.splits["train"] == [Video(path, (yoga,), "aaaaaaaaaaa_000005_000015", 5.0, 15.0)]
    assert found.splits["test"][0].labels == ()


def test_kinetics_problems_are_counted_and_strict_by_default(tmp_path):
    text = KINETICS + (
        "yoga,-4wsuPCjDBc,5,15,val\n"  # a second time
        "jogga,ddddddddddd,0,10,val\n"
        "yoga,eeeeeeeeeee,ten,20,val\n"
        "yoga,fffffffffff,20,10,val\n"
        "yoga,ggggggggggg,nan,10,val\n"
        "yoga,../../etc/passwd,0,10,val\n"
        "yoga,/etc/passwd,0,10,val\n"
        "yoga,hhhhhhhhhhh,0,10,val\n"  # two files
        'yoga,"iiiiiiiiiii,0,10,val\n'
        "yoga,jjj"
    )
    write(tmp_path, val__csv=text)
    names = "-4wsuPCjDBc_000005_000015 aaaaaaaaaaa_000000_000010 b_b-bbbbbb__000100_000110"
    root = touch(
        tmp_path / "videos",
        *(f"{name}.mp4" for name in names.split()),
        "x/hhhhhhhhhhh_000000_000010.mp4",
        "y/hhhhhhhhhhh_000000_000010.mp4",
    )
    options = {"classes": "kinetics_400"}
    found = read_annotations(
        "kinetics", root, [tmp_path / "val.csv"], allow_missing=True, **options
    )
    assert found.listed == 14
    assert counts(found) == {
        "bad number": 3,
        "path that leaves its folder": 2,
        "torn line": 2,
        "missing file": 1,
        "duplicate": 1,
        "unknown class": 1,
        "several files for one video": 1,
    }
    (missing,) = (p for p in found.problems if p.kind == "missing file")
    assert (missing.where, missing.name) == ("val.csv:5", "ccccccccccc_000007_000017")
    assert found.classes[missing.labels[0]] == "massaging person's head"
    with pytest.raises(ValueError, match="11 of 14 listed videos cannot be used:\nbad number: 3"):
        read_annotations("kinetics", root, [tmp_path / "val.csv"], **options)
    found.problems.write(tmp_path / "problems.txt")
    text = (tmp_path / "problems.txt").read_text()
    assert "val.csv:6: -4wsuPCjDBc_000005_000015 is already at val.csv:2" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["problems.txt", "val.csv", "videos"]


def test_kinetics_classes_of_another_release(tmp_path):
    write(
        tmp_path,
        a__csv="label,youtube_id,time_start,time_end\nzz,aaaaaaaaaaa,0,1\nmm,bbbbbbbbbbb,0,1\n",
        names__txt="zz\nmm\naa\n",
    )
    root = touch(tmp_path / "videos", "aaaaaaaaaaa.mp4", "bbbbbbbbbbb.mp4")
    found = read_annotations("kinetics", root, [tmp_path / "a.csv"])
    assert found.classes == ("mm", "zz")
    found = read_annotations("kinetics", root, [tmp_path / "a.csv"], classes=tmp_path / "names.txt")
    assert found.classes == ("zz", "mm", "aa")
    assert [video.labels for video in found.splits["a"]] == [(0,), (1,)]


def test_youtube_ids_in_other_capitals_are_other_videos(tmp_path):
    write(tmp_path, a__csv="label,youtube_id,time_start,time_end\nyoga,aaaaaaaaaaa,0,1\n")
    root = touch(tmp_path / "videos", "aaaaaaaaaaA.mp4")
    with pytest.raises(ValueError, match="missing file: 1"):
        read_annotations("kinetics", root, [tmp_path / "a.csv"])


def test_a_list_without_its_header(tmp_path):
    write(tmp_path, a__csv="yoga,aaaaaaaaaaa,0,1\n")
    with pytest.raises(ValueError, match="a.csv:1 should be a header such as label,youtube_id"):
        read_annotations("kinetics", tmp_path, [tmp_path / "a.csv"])


# === UCF-101 ===


@pytest.fixture
def ucf(tmp_path):
    lists = write(
        tmp_path / "ucfTrainTestlist",
        classInd__txt="1 ApplyEyeMakeup\r\n2 HandstandPushups\r\n",
        trainlist01__txt="ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\n"
        "HandstandPushups/v_HandStandPushups_g08_c01.avi 2\r\n",
        testlist01__txt="ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\n",
        trainlist02__txt="ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\n",
        testlist02__txt="ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi\n",
    )
    root = touch(
        tmp_path / "UCF-101",
        "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi",
        "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.mp4",  # converted
        "HandstandPushups/v_HandstandPushups_g08_c01.avi",  # a mirror that mended the name
    )
    return root, lists


def test_ucf101(ucf):
    root, lists = ucf
    found = read_annotations("ucf101", root, [lists])
    assert found.classes == ("ApplyEyeMakeup", "HandstandPushups")
    assert [video.labels for video in found.splits["train"]] == [(0,), (1,)]
    (test,) = found.splits["test"]
    assert test.path == str(root / "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.mp4")
    assert (test.id, test.labels) == ("v_ApplyEyeMakeup_g01_c01", (0,))
    second = read_annotations("ucf101", root, [lists / "classInd.txt"], split_number=2)
    assert [v.id for v in second.splits["train"]] == [test.id]
    only = read_annotations("ucf101", root, [lists], splits=["test"])
    assert (list(only.splits), only.listed) == (["test"], 1)
    with pytest.raises(ValueError, match="split val. Received: a list with test and train"):
        read_annotations("ucf101", root, [lists], splits=["val"])
    with pytest.raises(ValueError, match="trainlist03.txt: No such file"):
        read_annotations("ucf101", root, [lists], split_number=3)


def test_ucf101_problems(ucf):
    root, lists = ucf
    with open(lists / "trainlist01.txt", "a") as file:
        file.write(
            "ApplyEyeMakeup/v_ApplyEyeMakeup_g09_c01.avi 1\n"
            "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 2\n"
            "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 3\n"
            "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\n"
            "Knitting/v_Knitting_g01_c01.avi 1\n"
            "../ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\n"
        )
    found = read_annotations("ucf101", root, [lists], splits=["train"], allow_missing=True)
    assert counts(found) == {
        "bad number": 2,
        "missing file": 1,
        "contradicting class": 1,
        "unknown class": 1,
        "path that leaves its folder": 1,
    }
    assert len(found.splits["train"]) == 2
    (lists / "classInd.txt").write_text("1 A\n3 B\n")
    with pytest.raises(ValueError, match="classInd.txt:2 should be '2 ClassName'. Received: '3 B'"):
        read_annotations("ucf101", root, [lists])


# === HMDB-51 ===


def test_hmdb51(tmp_path):
    lists = write(
        tmp_path / "testTrainMulti_7030_splits",
        brush_hair_test_split1__txt="a#1 (x)_brush_hair_u.avi 1 \nb_brush_hair_u.avi 2 \n",
        wave_test_split1__txt="c_wave_u.avi 0 \nd_wave_u.avi 2 \ne_wave_u.avi 3 \nnothing\n",
        wave_test_split2__txt="c_wave_u.avi 1 \n",
    )
    root = touch(
        tmp_path / "hmdb51_org",
        "brush_hair/a#1 (x)_brush_hair_u.avi",
        "brush_hair/b_brush_hair_u.avi",
        "wave/c_wave_u.avi",
    )
    found = read_annotations("hmdb51", root, [lists], allow_missing=True)
    assert found.classes == ("brush_hair", "wave")
    assert {split: [v.labels[0] for v in videos] for split, videos in found.splits.items()} == {
        "train": [0],
        "test": [0],
        "unused": [1],
    }
    assert counts(found) == {"missing file": 1, "bad number": 1, "torn line": 1}
    found = read_annotations("hmdb51", root, [lists], split_number=2)
    assert [v.id for v in found.splits["train"]] == ["wave/c_wave_u"]


# === Charades ===

CHARADES = (
    "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length\n"
)


def test_charades(tmp_path):
    lists = write(
        tmp_path / "Charades",
        Charades_v1_classes__txt="c000 Holding some clothes\nc001 Putting clothes somewhere\n",
        Charades_v1_train__csv=CHARADES
        + 'YSKX3,GQLC,Pantry,6,7,Yes,"A person, then ""B""",a;b,d,'
        + "c001 11.90 21.20;c000 0.00 12.60,32.00\n"
        + "46GP8,HR43,Kitchen,6,7,No,s,o,d,,30.00\n"
        + "AAAAA,HR43,Kitchen,6,7,No,s,o,d,c000 1.0 2.0,30.00\n"
        + "BBBBB,HR43,Kitchen,6,7,No,s,o,d,c157 1.0 2.0,30.00\n"
        + "CCCCC,HR43,Kitchen,6,7,No,s,o,d,c000 1.0,30.00\n"
        + "DDDDD,HR43,Kitchen,6,7,No,s,o,d,c000 2.0 1.0,30.00\n",
    )
    root = touch(tmp_path / "Charades_v1_480", "YSKX3.mp4", "46GP8.mp4")
    found = read_annotations("charades", root, [lists], allow_missing=True)
    assert found.classes == ("Holding some clothes", "Putting clothes somewhere")
    first, second = found.splits["train"]
    assert first.labels == (0, 1)
    assert first.actions == ((1, 11.9, 21.2), (0, 0.0, 12.6))
    assert (second.id, second.labels, second.actions) == ("46GP8", (), ())
    assert counts(found) == {"bad number": 2, "missing file": 1, "unknown class": 1}


# === A list of one's own ===


def test_plain_csv(tmp_path):
    root = touch(tmp_path / "videos", "a/x.mp4", "b, c/y.mov")
    write(tmp_path, train__csv='a/x.mp4,wave\n"b, c/y.mov",run,1.5,3\n"b, c/y.mov",run,3,4\n')
    found = read_annotations("csv", root, [tmp_path / "train.csv"])
    assert found.classes == ("run", "wave")
    assert found.splits["train"] == [
        Video(str(root / "a/x.mp4"), (1,), "a/x"),
        Video(str(root / "b, c/y.mov"), (0,), "b, c/y_1.5_3", 1.5, 3.0),
        Video(str(root / "b, c/y.mov"), (0,), "b, c/y_3_4", 3.0, 4.0),
    ]


def test_plain_csv_with_a_header_in_any_order(tmp_path):
    root = touch(tmp_path / "videos", "x.mp4", "y.mp4")
    text = "\ufefflabel,path,split,id\n2,x.mp4,train,one\n0,y.mp4,,two\n"
    write(tmp_path, list__csv=text)
    found = read_annotations("csv", root, [tmp_path / "list.csv"])
    assert found.classes == ("0", "1", "2")
    assert found.splits == {
        "train": [Video(str(root / "x.mp4"), (2,), "one")],
        "list": [Video(str(root / "y.mp4"), (0,), "two")],
    }
    write(tmp_path, names__txt="walk\nrun\nwave\n")
    found = read_annotations("csv", root, [tmp_path / "list.csv"], classes=tmp_path / "names.txt")
    assert found.classes == ("walk", "run", "wave")
    assert found.splits["train"][0].labels == (2,)


def test_plain_csv_problems(tmp_path):
    root = touch(tmp_path / "videos", "x.mp4")
    touch(tmp_path, "outside.mp4")
    text = (
        "x.mp4,3\ngone.mp4,3\n../outside.mp4,3\n/etc/passwd,3\nx.mp4,99999999999999\nx.mp4,3\n"
        "x.mp4\nx.mp4,3,9,1\nx.mp4,3,-1,1\nx.mp4,3,1,2,3\n,3\nx\0.mp4,3\n"
    )
    write(tmp_path, a__csv=text)
    found = read_annotations("csv", root, [tmp_path / "a.csv"], allow_missing=True)
    assert found.listed == 12
    assert found.classes == ("0", "1", "2", "3")
    assert counts(found) == {
        "torn line": 3,
        "missing file": 2,
        "path that leaves its folder": 2,
        "bad number": 2,
        "unknown class": 1,
        "duplicate": 1,
    }
    write(tmp_path, b__csv=f"{root}/x.mp4,wave\n")  # absolute, but inside
    assert read_annotations("csv", root, [tmp_path / "b.csv"]).splits["b"][0].id == "x"
    write(tmp_path, c__csv="path,label,begin\nx.mp4,wave,1\n")
    with pytest.raises(ValueError, match=r"c.csv:1: unknown columns \['begin'\]"):
        read_annotations("csv", root, [tmp_path / "c.csv"])


# === Folders ===


def test_folders(tmp_path):
    touch(tmp_path, "wave/a.mp4", "wave/b.MP4", "run/c", "run/notes.txt", "run/.hidden.mp4")
    (tmp_path / "run" / "gone.mp4").symlink_to("gone.mp4")  # round and round
    found = read_annotations("folders", tmp_path, allow_missing=True)
    assert found.classes == ("run", "wave")
    assert [(v.id, v.labels) for v in found.splits["all"]] == [
        ("run/c", (0,)),
        ("wave/a.mp4", (1,)),
        ("wave/b.MP4", (1,)),
    ]
    assert counts(found) == {"missing file": 1}
    assert found.notes == ("left out, because they are not videos: 1 .txt",)
    touch(tmp_path, "stray.mp4")
    assert counts(read_annotations("folders", tmp_path, allow_missing=True)) == {
        "missing file": 1,
        "unknown class": 1,
    }


def test_folders_of_splits(tmp_path):
    touch(tmp_path, "train/wave/a.mp4", "train/run/b.mp4", "val/wave/deeper/a.mp4")
    found = read_annotations("folders", tmp_path)
    assert found.classes == ("run", "wave")
    assert [v.id for v in found.splits["val"]] == ["wave/deeper/a.mp4"]
    assert [v.labels for v in found.splits["train"]] == [(0,), (1,)]


def test_files_without_labels(tmp_path):
    touch(tmp_path, "a.mp4", "x/y/b.avi")
    (tmp_path / "x" / "folder.mp4").mkdir()
    (tmp_path / "x" / "round").symlink_to(tmp_path)  # a link that leads back ends
    found = read_annotations("files", tmp_path)
    assert [v.id for v in found.splits["all"]] == ["a.mp4", "x/folder.mp4", "x/y/b.avi"]
    assert found.classes == ()
    with pytest.raises(ValueError, match="folder for each class"):
        (tmp_path / "empty").mkdir()
        read_annotations("folders", tmp_path / "empty")


def test_what_cannot_be_read_at_all(tmp_path):
    with pytest.raises(ValueError, match="format should be one of kinetics, ucf101"):
        read_annotations("ucf", tmp_path)
    with pytest.raises(
        ValueError, match="root should be the folder .* Received: .*gone, which is not a folder"
    ):
        read_annotations("files", tmp_path / "gone")
    with pytest.raises(ValueError, match="no video is listed as files"):
        read_annotations("files", tmp_path)
    with pytest.raises(ValueError, match="no list: there is no"):
        read_annotations("csv", tmp_path)
    (tmp_path / "latin.csv").write_bytes("a.mp4,gehör\n".encode("latin-1"))
    with pytest.raises(ValueError, match="latin.csv should be text in UTF-8"):
        read_annotations("csv", tmp_path, [tmp_path / "latin.csv"])
    for format in ("ucf101", "hmdb51", "charades"):
        with pytest.raises(ValueError, match="no list: there is no"):
            read_annotations(format, tmp_path)
