"""Checking a data set: every listed video is accounted for, whatever happens."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from keras_i3d.data.checks.checking import check_videos
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.files.journal import Journal
from tests.conftest import write_video

STATUSES = ("ok", "damaged", "failed", "missing")


def checked(annotations, out: Path, **options) -> tuple[dict, list[dict]]:
    """The summary and the manifest, which add up."""
    counted = check_videos(annotations, out, **options)
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]
    assert json.loads((out / "summary.json").read_text()) == counted
    assert counted["listed"] == annotations.listed == len(lines)
    for status in STATUSES:
        assert counted[status] == sum(line["status"] == status for line in lines)
    assert sum(counted[status] for status in STATUSES) == len(lines)
    return counted, lines


@pytest.fixture
def small_set(tmp_path):
    """A UCF-101-style set with one of everything that can be wrong: its videos and its list."""
    lists, root = tmp_path / "lists", tmp_path / "videos"
    for folder in (lists, root / "Pan", root / "Zoom"):
        folder.mkdir(parents=True)
    for name, length in (("Pan/v_Pan_g01_c01", 12), ("Pan/v_Pan_g02_c01", 5)):
        frames = [np.full((30, 40, 3), 9 * i, np.uint8) for i in range(length)]
        write_video(root / f"{name}.avi", frames)
    double = (root / "Pan/v_Pan_g01_c01.avi").read_bytes()
    (root / "Pan/v_Pan_g03_c01.avi").write_bytes(double)
    (root / "Zoom/v_Zoom_g01_c01.avi").write_bytes(b"")
    (lists / "classInd.txt").write_text("1 Pan\n2 Zoom\n3 Still\n")
    (lists / "trainlist01.txt").write_text(
        "Pan/v_Pan_g01_c01.avi 1\nPan/v_Pan_g02_c01.avi 1\nZoom/v_Zoom_g01_c01.avi 2\n"
        "Zoom/v_Zoom_g02_c01.avi 2\nZoom/v_Zoom_g01_c01.avi 9\n"
    )
    (lists / "testlist01.txt").write_text("Pan/v_Pan_g03_c01.avi\n")
    return root, lists


def test_one_of_everything(small_set, tmp_path):
    root, lists = small_set
    annotations = read_annotations("ucf101", root, [lists], allow_missing=True)
    steps = []
    counted, lines = checked(annotations, tmp_path / "out", watch=lambda *step: steps.append(step))
    assert [(line["split"], line["id"], line["status"]) for line in lines] == [
        ("train", "v_Pan_g01_c01", "ok"),
        ("train", "v_Pan_g02_c01", "ok"),
        ("train", "v_Zoom_g01_c01", "failed"),
        ("train", "v_Zoom_g02_c01", "missing"),
        ("train", "v_Zoom_g01_c01", "failed"),
        ("test", "v_Pan_g03_c01", "ok"),
    ]
    first = lines[0]
    assert (first["frames"], first["fps"], first["size"]) == (12, 25.0, [40, 30])
    assert first["duration"] == 0.48
    assert lines[2]["cause"] == "the file is empty (0 bytes)"
    said = "bad number: trainlist01.txt:5: label of Zoom/v_Zoom_g01_c01.avi should be 1 to 3. "
    assert lines[4]["cause"] == f"{said}Received: '9'"
    assert [Path(path).stem for path in counted["too_short"]] == ["v_Pan_g02_c01"]
    assert (counted["files"], counted["frames"]) == (4, 12 + 5 + 12)
    (double,) = counted["duplicates"]
    assert double["splits"] == ["test", "train"] and len(double["paths"]) == 2
    zoom = {"listed": 2, "ok": 0, "damaged": 0, "failed": 1, "missing": 1}
    assert counted["classes"]["Zoom"] == zoom
    assert counted["empty_classes"] == ["Zoom", "Still"]
    text = (tmp_path / "out" / "summary.txt").read_text()
    assert "6 listed = 3 ok + 0 damaged + 2 failed + 1 missing" in text
    assert "(in test and train)" in text
    assert "no v_Zoom_g02_c01.*" in (tmp_path / "out" / "problems.txt").read_text()
    total = sum(path.stat().st_size for path in root.glob("*/*"))
    assert (steps[0], steps[-1]) == ((0, 4, 0, total), (4, 4, total, total))


def test_a_second_run_decodes_only_what_changed(small_set, tmp_path):
    root, lists = small_set
    annotations = read_annotations("ucf101", root, [lists], splits=["test"])
    steps = []

    def run():
        steps.clear()
        watch = lambda *step: steps.append(step[:2])  # noqa: E731
        return checked(annotations, tmp_path / "out", watch=watch, processes=1)

    before = run()
    assert steps == [(0, 1), (1, 1)]
    assert run() == before
    assert steps == [(1, 1)]
    (root / "Pan/v_Pan_g03_c01.avi").write_bytes(b"changed")
    assert run()[1][0]["status"] == "failed"
    assert steps == [(0, 1), (1, 1)]
    (root / "Pan/v_Pan_g03_c01.avi").unlink()
    assert run()[1][0]["status"] == "missing"


def test_parts_of_one_file_are_decoded_once(counting_video, tmp_path):
    (tmp_path / "list.csv").write_text(
        "counting.mkv,a,0,0.2\ncounting.mkv,b,0.2,0.4\ncounting.mkv,c,0.4,0.6\n"
    )
    annotations = read_annotations("csv", tmp_path, [tmp_path / "list.csv"])
    counted, lines = checked(annotations, tmp_path / "out")
    assert (counted["listed"], counted["files"], counted["frames"]) == (3, 1, 10)
    assert [(line["start"], line["end"]) for line in lines] == [(0, 0.2), (0.2, 0.4), (0.4, 0.6)]
    assert [line["status"] for line in lines] == ["ok", "ok", "failed"]
    assert lines[2]["cause"] == "begins at 0.4 s, the video ends after 0.4 s"
    assert counted["duplicates"] == []


def test_a_file_that_takes_too_long_costs_itself_alone(tmp_path, shared):
    root = tmp_path / "long"
    root.mkdir()
    # Decoding takes a second, many times the moment after which a worker is looked at.
    frames = [np.zeros((16, 16, 3), np.uint8)] * 40_000
    write_video(root / "a.avi", frames, codec="mpeg4", pix_fmt="yuv420p")
    (root / "b.mp4").symlink_to(shared / "nasty" / "garbage.mp4")
    annotations = read_annotations("files", root)
    _, (first, second) = checked(annotations, tmp_path / "out", seconds=0.001)
    assert (first["status"], first["cause"]) == ("failed", "took more than 0.001 s")
    assert second["status"] == "failed"
    _, lines = checked(annotations, tmp_path / "out")  # within other limits it is tried again
    assert [(line["status"], line["frames"]) for line in lines] == [("ok", 40_000), ("failed", 0)]


def test_two_runs_do_not_share_a_folder(small_set, tmp_path):
    root, lists = small_set
    annotations = read_annotations("ucf101", root, [lists], splits=["test"])
    (tmp_path / "out").mkdir()
    with (
        Journal(tmp_path / "out" / "journal.jsonl", key="path"),
        pytest.raises(BlockingIOError),
    ):
        check_videos(annotations, tmp_path / "out")


def test_nasty_files_are_all_accounted_for(shared, nasty, tmp_path):
    expected = json.loads((shared / "nasty" / "nasty.json").read_text())
    annotations = read_annotations("files", nasty, allow_missing=True)
    _, lines = checked(annotations, tmp_path / "out")
    *_, link = lines  # problems of the list come after its videos
    assert (link["id"], link["status"], link["path"]) == ("broken_link.mp4", "missing", None)
    assert "a link to a file that is not there" in link["cause"]
    assert [line["id"] for line in lines] == [*sorted({*expected} - {link["id"]}), link["id"]]
    for line in lines:
        # Pictures are not read as video, whatever they are named.
        name = line["id"]
        decodable = expected[name]["decodable"] is True and name != "jpeg_renamed.mp4"
        assert (line["status"] in ("ok", "damaged")) == decodable, line
        assert (line["cause"] is None) == decodable
        if expected[name]["expect"].startswith("80 frames"):
            assert (line["status"], line["frames"]) == ("ok", 80)


PROGRAM = """
import sys
from keras_i3d.data.lists.annotations import read_annotations
from keras_i3d.data.checks.checking import check_videos

if __name__ == "__main__":
    annotations = read_annotations("files", sys.argv[1], allow_missing=True)
    check_videos(annotations, sys.argv[2], processes=2)
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on(nasty, tmp_path):
    files = len(read_annotations("files", nasty, allow_missing=True).splits["all"])
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def command(out):
        return [sys.executable, program, nasty, tmp_path / out]

    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command("undisturbed"), env=environment, check=True)
    journal = tmp_path / "killed" / "journal.jsonl"

    def lines():
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    rng, done = random.Random(0), []
    for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGKILL):
        with subprocess.Popen(command("killed"), env=environment, stderr=subprocess.DEVNULL) as run:
            # Some files further on, however fast the machine is.
            wanted = lines() + rng.randint(1, 8)
            while run.poll() is None and lines() < wanted:
                time.sleep(0.001)
            run.send_signal(how)
        done.append(lines())
        assert not (tmp_path / "killed" / "manifest.jsonl").exists() or done[-1] >= files
    assert done == sorted(done) and done[-1] > 0
    subprocess.run(command("killed"), env=environment, check=True)
    for name in ("manifest.jsonl", "summary.json", "summary.txt"):
        files = [tmp_path / out / name for out in ("undisturbed", "killed")]
        assert files[0].read_bytes() == files[1].read_bytes()
    assert not [name for name in os.listdir(tmp_path / "killed") if name.endswith(".part")]


def test_checking_does_without_tensorflow():
    program = "import sys, keras_i3d.data.checks.checking; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
