"""keras-i3d fuse, report and serving_config, as a user has them."""

import json

import pytest

from keras_i3d.evaluation.scores import load_scores, save_scores
from tests.evaluation.test_scores import made
from tests.tools.test_predict import keras_i3d


@pytest.fixture
def files(tmp_path):
    """Score files of two networks on the same three videos."""
    paths = tmp_path / "rgb.npz", tmp_path / "flow.npz"
    save_scores(paths[0], made())
    save_scores(
        paths[1], made(ids=("c", "a", "b"), logits=((-4, 0), (1, 1), (1, 0)), labels=(1, 0, 1))
    )
    return paths


def test_fuse_adds_logits_and_prints_all_figures(files, tmp_path):
    status, out, err = keras_i3d("fuse", *files, f"--out={tmp_path}/both.npz")
    assert (status, err) == (0, "")
    assert load_scores(tmp_path / "both.npz").logits.tolist() == [[3, 1], [1, 1], [-1, 0]]
    assert [line.split(":")[0] for line in out.splitlines()] == [
        *map(str, files),
        f"{tmp_path}/both.npz",
    ]
    assert "3 videos, top_1 66.67" in out


def test_fuse_names_what_does_not_match(files, tmp_path):
    save_scores(files[1], made(ids=("a", "b", "x")))
    status, out, err = keras_i3d("fuse", *files, f"--out={tmp_path}/both.npz")
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "have different videos" in err
    assert not (tmp_path / "both.npz").exists()


@pytest.mark.parametrize("arguments", [[], ["rgb.npz"], ["a.npz", "a.npz", "--out=b.npz"]])
def test_fuse_wants_two_files(arguments):
    status, _, err = keras_i3d("fuse", *arguments)
    assert status == 2
    assert len(err.splitlines()) == 1


def test_report_is_written_and_named(files, tmp_path):
    status, out, err = keras_i3d(
        "report",
        files[0],
        f"--report={tmp_path}/r",
        f"--baseline={files[1]}",
        "--published=top_1:95",
    )
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == f"{tmp_path}/r/report.html"
    assert "66.7<small>published: 95.0</small>" in (tmp_path / "r" / "report.html").read_text()


@pytest.mark.parametrize(
    "flag, status, message",
    [
        ("--published=top_1", 2, "FIGURE:VALUE"),
        ("--published=top_2:3", 2, "--published should name one of"),
        ("--baseline=gone.npz", 1, "gone.npz"),
    ],
)
def test_report_refuses(files, tmp_path, flag, status, message):
    came, _, err = keras_i3d("report", files[0], f"--report={tmp_path}/r", flag)
    assert came == status
    assert len(err.splitlines()) == 1
    assert message in err
    assert not (tmp_path / "r").exists()


def test_report_of_several_is_a_table(files, tmp_path):
    status, out, err = keras_i3d("report", *files, f"--report={tmp_path}/r", "--figure=mean_class")
    assert (status, err) == (0, "")
    first, _, *rows, page = out.splitlines()
    assert first.startswith("| data | stream |")
    # Nothing says what network these are of: a row each. Of both, run 1 of 1 and jump 1 of 2.
    assert [row.split("|")[1].strip() for row in rows] == sorted(map(str, files))
    assert {row.split("|")[-3].strip() for row in rows} == {"75.0"}
    assert page == f"{tmp_path}/r/report.html"


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "no score file"),
        (["a.npz", "a.npz"], "named twice"),
        (["rgb.npz", "flow.npz", "--baseline=rgb.npz"], "--baseline is for one score file"),
        (["rgb.npz", "--run=gone"], "--run=gone: gone is not the folder of a training run"),
    ],
)
def test_report_wants_files_that_go_together(files, monkeypatch, arguments, message):
    monkeypatch.chdir(files[0].parent)
    status, _, err = keras_i3d("report", *arguments)
    assert (status, len(err.splitlines())) == (2, 1), err
    assert message in err
    assert not (files[0].parent / "report").exists()


def run_folder(folder, **files):
    """A folder as of a training on the synthetic videos, broken off before any network."""
    folder.mkdir()
    small = {"num_frames": 8, "resize": 32, "crop": 32, "validation_videos": 2}
    (folder / "recipe.json").write_text(json.dumps(small))
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


@pytest.mark.parametrize(
    "broken, flags, status, message",
    [
        ({}, [], 1, "final.keras does not exist yet"),
        ({"final_keras": "x"}, [], 1, "final.keras is damaged"),
        ({"best_keras": "x"}, [], 1, "--network=best takes the best one so far"),
        ({"labels_txt": "sit\nrun\n"}, [], 2, "have the 2 classes of"),
        ({"recipe_json": "{"}, [], 1, "recipe.json is damaged"),
        ({"recipe_json": '{"steps": 1.5}'}, [], 1, "steps should be a whole number"),
        ({}, ["--data=/nowhere"], 2, "should be a folder, a list of videos"),
        ({}, ["--weights=kinetics"], 2, "--run and --weights each name a network: give one"),
        ({}, ["--num_crops=2"], 2, "should be 1 or 3"),
        ({}, ["--report=."], 2, "is not a report"),
    ],
)
def test_evaluate_refuses_in_one_line(tmp_path, monkeypatch, broken, flags, status, message):
    folder = run_folder(tmp_path / "run", **broken)
    monkeypatch.chdir(tmp_path)
    came, out, err = keras_i3d("evaluate", f"--run={folder}", *flags)
    assert (came, out, len(err.splitlines())) == (status, "", 1), err
    assert message in err


def test_serving_config_writes_and_refuses(tmp_path):
    status, out, _ = keras_i3d(
        "serving_config", f"--out={tmp_path}/s", "--versions=1,2", "--labels=stable:1"
    )
    assert status == 0
    assert out.splitlines()[-1] == f"limit of memory: 5500 MB; start with: bash {tmp_path}/s/run.sh"
    for flag in ("--labels=stable:3", "--versions=one", "--max_batch=0", "--name=a/b"):
        status, _, err = keras_i3d("serving_config", f"--out={tmp_path}/t", flag)
        assert (status, len(err.splitlines())) == (2, 1), err
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "--out=MODEL/NUMBER"),
        (["--out=m/1", "--shape=64,256"], "frames,height,width"),
        (["--out=m/1", "--stream=flow", "--video=a.mp4"], "only the rgb network"),
        (["--out=m/1", "--video=gone.mp4"], "no such file"),
        (["--out=m/1", "--weights=kinetiks"], "kinetiks"),
    ],
)
def test_export_refuses_before_any_work(flags, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").touch()
    status, _, err = keras_i3d("export_saved_model", *flags)
    assert (status, len(err.splitlines())) == (2, 1), err
    assert message in err
    assert not (tmp_path / "m").exists()
