"""check_dataset as a user has it: what is printed, what is exited with."""

import json
import subprocess
import sys

from tests.conftest import PROJECT


def check_dataset(*arguments):
    """(exit status, standard output, standard error)."""
    command = [sys.executable, PROJECT / "tools" / "check_dataset.py", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_files_and_a_list_with_a_missing_one(counting_video, tmp_path):
    (tmp_path / "val.csv").write_text("counting.mkv,wave\ngone.mkv,run\n")
    out = tmp_path / "new" / "out"
    arguments = ("--format=csv", f"--root={tmp_path}", f"--annotations={tmp_path}/val.csv")
    status, text, _ = check_dataset(*arguments, f"--out={out}")
    assert status == 1
    assert text.splitlines()[0] == "2 listed = 1 ok + 0 damaged + 0 failed + 1 missing"
    assert f"missing file: val.csv:2: {tmp_path}/gone.mkv" in text
    assert json.loads((out / "summary.json").read_text())["empty_classes"] == ["run"]
    status, again, _ = check_dataset(*arguments, f"--out={out}", "--allow_missing")
    assert (status, again) == (0, text)


def test_wrong_flags(tmp_path):
    (tmp_path / "val.csv").write_text("gone.mkv,run\n")
    for arguments, status, cause in [
        ((f"--out={tmp_path}/out",), 2, "check_dataset: no videos: give --root=FOLDER"),
        ((f"--root={tmp_path}", f"--out={tmp_path}/out"), 2, "The format 'files' takes videos"),
    ]:
        found, _, err = check_dataset(*arguments)
        assert (found, cause in err) == (status, True), err
    assert not (tmp_path / "out").exists()


def test_a_folder_without_splits_and_what_is_odd_about_it(counting_video, tmp_path):
    for name in ("run", "wave"):
        (tmp_path / "videos" / name).mkdir(parents=True)
        for number in range(2):
            path = tmp_path / "videos" / name / f"{name}{number}.mkv"
            path.write_bytes(counting_video.read_bytes())
    (tmp_path / "videos" / "empty").mkdir()
    where = (f"--root={tmp_path}/videos", f"--out={tmp_path}/out")
    status, _, err = check_dataset(*where, "--split=train")
    assert (status, "a list with all; --auto_split=0.8 divides it" in err) == (2, True)
    status, text, _ = check_dataset(*where, "--auto_split=0.5", "--seed=3")
    assert status == 0
    assert "divided by auto_split=0.5 with seed 3: 2 for train and 2 for test" in text
    assert "warning: 1 of 3 classes have no video: 'empty'" in text
    counted = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert {split: of["listed"] for split, of in counted["splits"].items()} == {
        "test": 2,
        "train": 2,
    }
    status, _, err = check_dataset(*where, "--auto_split=80")
    assert (status, "auto_split should be above 0 and below 1" in err) == (2, True)
