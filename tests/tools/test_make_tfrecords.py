"""make_tfrecords as a user has it: flags, what is printed, kill -9 at any moment."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from keras_i3d.data.shards.manifest import read_manifest, read_record
from keras_i3d.data.shards.sequence_example import parse
from tests.conftest import PROJECT, write_video

TOOL = [sys.executable, str(PROJECT / "tools" / "make_tfrecords.py")]


def make_tfrecords(*arguments):
    """(exit status, standard output, standard error)."""
    done = subprocess.run([*TOOL, *map(str, arguments)], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two classes of two videos each, and a file that is none."""
    folder = tmp_path_factory.mktemp("videos")
    for name in ("jump", "wave"):
        (folder / name).mkdir()
        for number in range(2):
            frames = [np.full((24, 32, 3), 40 * number + t, np.uint8) for t in range(3)]
            write_video(folder / name / f"{number}.mkv", frames)
    (folder / "wave" / "bad.mkv").write_bytes(b"nothing")
    return folder


def test_a_folder_without_splits_is_divided(root, tmp_path):
    flags = (f"--root={root}", f"--out={tmp_path}/out", "--short_side=24", "--allow_missing")
    status, _, err = make_tfrecords(*flags, "--split=train")
    assert (status, "--auto_split=0.8" in err) == (2, True)
    make_tfrecords(*flags, "--auto_split=0.5", "--seed=1")
    found = {split: read_manifest(tmp_path / "out", split) for split in ("train", "test")}
    assert sum(manifest.listed for manifest in found.values()) == 5
    assert min(manifest.listed for manifest in found.values()) >= 2  # one of each class


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_from_videos_to_shards(root, tmp_path):
    flags = (f"--root={root}", f"--out={tmp_path}/out", "--shards=2", "--short_side=24")
    status, out, err = make_tfrecords(*flags)
    assert status == 1
    assert "5 videos listed, 4 written in 2 shards" in out and "1 not" in out
    assert "make_tfrecords: wave/bad.mkv: not a video" in err
    split = out.split(":")[0]
    manifest = read_manifest(tmp_path / "out", split)
    assert manifest.classes == ("jump", "wave")
    for video in manifest.videos:
        example = parse(read_record(manifest.path(video), video.offset))
        assert example.data_path.startswith(manifest.classes[example.labels[0]])
    before = contents(tmp_path / "out")

    status, out, _ = make_tfrecords(*flags)
    assert (status, "was finished before" in out) == (1, True)
    status, out, err = make_tfrecords(*flags, "--quality=80")
    assert (status, out) == (2, "")
    assert "quality 97 there, 80 wanted; --overwrite makes them again" in err
    assert contents(tmp_path / "out") == before

    status, out, _ = make_tfrecords(*flags, "--quality=80", "--overwrite")
    assert status == 1 and "4 written" in out
    assert contents(tmp_path / "out").keys() == before.keys()
    assert contents(tmp_path / "out") != before


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "give --out=FOLDER"),
        (["--out=x"], "give --root=FOLDER"),
        (["--out=x", "--root=/nowhere"], "/nowhere"),
        (["--out=x", "--root=ROOT", "--shards=9"], "at most the 5 videos"),
        (["--out=x", "--root=ROOT", "more"], "more"),
        (["--out=x", "--root=ROOT", "--beam_option=--a"], "is for a --runner"),
        (
            ["--out=x", "--root=ROOT", "--flow=dis", "--flow_folder=y"],
            "--flow or --flow_folder, not both",
        ),
        (["--out=x", "--root=ROOT", "--flow_folder=/nowhere"], "no flow files"),
        (["--out=x", "--root=ROOT", "--quality=101"], "quality"),
        (["--out=x", "--root=ROOT", "--runner=Nowhere"], "unner"),
    ],
)
def test_wrong_flags_do_nothing(root, tmp_path, flags, message, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = make_tfrecords(*(flag.replace("ROOT", str(root)) for flag in flags))
    assert (status, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_one_line(root, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, err = make_tfrecords(f"--root={root}", f"--out={tmp_path}/file/out")
    assert status == 1 and err.count("\n") == 1 and "file/out" in err


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Twelve videos of a second and some, large enough to be killed in."""
    folder = tmp_path_factory.mktemp("many")
    noise = np.random.default_rng(0).integers(0, 255, (40, 120, 160, 3), np.uint8)
    for number in range(12):
        write_video(folder / f"{number}.mkv", noise[: 20 + number])
    (folder / "bad.mkv").write_bytes(b"nothing")
    return folder


@pytest.mark.slow
def test_killed_five_times_it_ends_with_the_same_bytes(many, tmp_path):
    flags = [f"--root={many}", "--format=files", "--shards=3", "--workers=2"]
    assert make_tfrecords(*flags, f"--out={tmp_path}/whole")[0] == 1
    undisturbed = contents(tmp_path / "whole")
    draw = random.Random(4)
    out, killed = tmp_path / "out", 0
    while killed < 5:
        run = subprocess.Popen(
            [*TOOL, *flags, f"--out={out}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        work, before = out / ".all.work", time.monotonic()
        while not work.exists() and run.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 2.5))
        run.send_signal(signal.SIGKILL)
        if run.wait() == 0 or (out / "all.manifest.json").exists():
            shutil.rmtree(out)  # too late: it had finished
            continue
        killed += 1
        assert time.monotonic() - before < 60
        for path in out.glob("*.tfrecord"):
            assert path.read_bytes() == undisturbed[path.name]
    assert make_tfrecords(*flags, f"--out={out}")[0] == 1
    assert contents(out) == undisturbed
    assert sorted(os.listdir(out)) == sorted(undisturbed)


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(many, tmp_path):
    flags = [f"--root={many}", "--format=files", "--shards=3", f"--out={tmp_path}/out"]
    run = subprocess.Popen([*TOOL, *flags], stderr=subprocess.PIPE, text=True)
    work = tmp_path / "out" / ".all.work"
    while not list(work.glob("*.record")):
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130 and "interrupted" in err and "Traceback" not in err
    assert make_tfrecords(*flags)[0] == 1


def accounted_for(root, out, *flags):
    """{path: cause} of what is not in the shards; what is was read back."""
    flags = [f"--root={root}", "--format=files", f"--out={out}", "--shards=3", *flags]
    status, _, _ = make_tfrecords(*flags, "--timeout=120", "--quality=50")
    manifest = read_manifest(out, "all")
    failed = {path: cause for _, path, cause in manifest.failed}
    assert manifest.listed == manifest.written + len(failed)
    assert status == bool(failed)
    for video in manifest.videos:
        parse(read_record(manifest.path(video), video.offset, video.length))
    return failed


@pytest.mark.slow
def test_every_clip_is_written(shared, tmp_path):
    clips = json.loads((shared / "clips" / "clips.json").read_text())
    failed = accounted_for(shared / "clips", tmp_path)
    assert failed.keys().isdisjoint(clips)


@pytest.mark.slow
def test_every_nasty_file_is_accounted_for(nasty, tmp_path):
    failed = accounted_for(nasty, tmp_path, "--allow_missing")
    assert "zero_byte.mp4" in failed and "frames_01.mp4" not in failed
    assert all("\n" not in cause for cause in failed.values())
    assert json.loads((tmp_path / "all.manifest.json").read_bytes())["listed"] >= 40
    assert "broken_link.mp4" not in failed  # it is no video that could be tried
    assert "broken_link.mp4: a link to a file" in (tmp_path / "problems.txt").read_text()


def test_a_link_to_nothing_is_refused_or_told(root, tmp_path):
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "a.mkv").symlink_to(root / "wave" / "0.mkv")
    (videos / "gone.mkv").symlink_to("nowhere")
    flags = [f"--root={videos}", "--format=files", f"--out={tmp_path}/out"]
    status, out, err = make_tfrecords(*flags)
    assert (status, out) == (2, "")
    assert "gone.mkv: a link to a file that is not there" in err and "--allow_missing" in err
    assert not (tmp_path / "out").exists()
    status, out, _ = make_tfrecords(*flags, "--allow_missing")
    assert (status, "1 videos listed, 1 written" in out) == (0, True)
    assert f"1 listed videos cannot be used: {tmp_path}/out/problems.txt" in out
