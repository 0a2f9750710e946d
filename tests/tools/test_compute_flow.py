"""keras-i3d compute_flow, as a user runs it."""

import subprocess
import sys

import numpy as np
import pytest

from keras_i3d.data.flow.flow_files import FlowFile
from keras_i3d.data.flow.methods import compute_flow, encode
from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import resized_frames
from tests.conftest import PROJECT, write_video

pytest.importorskip("numba")
pytest.importorskip("pebble")


def tool(*arguments):
    command = [sys.executable, PROJECT / "tools" / "compute_flow.py", "--short_side=24"]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def videos(tmp_path):
    """a.mkv, below/b.mkv (a moving texture), and one that is no video."""
    folder = tmp_path / "videos"
    (folder / "below").mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 256, (12, 20, 3), np.uint8)
    picture = picture.repeat(4, axis=0).repeat(4, axis=1)
    for name, count in (("a.mkv", 4), ("below/b.mkv", 6)):
        frames = [np.roll(picture, 2 * i, axis=1) for i in range(count)]
        write_video(folder / name, frames)
    (folder / "below" / "broken.mkv").write_bytes(b"nothing")
    return folder


def test_a_folder_of_videos(videos, tmp_path):
    out = tmp_path / "flow"
    run = tool(f"--out={out}", f"--root={videos}", "--format=files", "--render")
    assert run.returncode == 1, run.stderr
    assert "3 videos: 0 had their flow, 2 computed (8 pairs" in run.stdout
    assert "1 failed" in run.stdout and "broken.mkv: not a video" in run.stderr
    found = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert found == [
        "a.mkv.flow.mp4", "a.mkv.flow.zip", "below/b.mkv.flow.mp4", "below/b.mkv.flow.zip"
    ]  # fmt: skip

    spec = type(DEEPMIND_RGB)(short_side=24)
    with VideoFile(videos / "below" / "b.mkv") as video:
        frames = np.stack(list(resized_frames(video, spec)))
    with FlowFile(out / "below" / "b.mkv.flow.zip") as stored:
        np.testing.assert_array_equal(stored[:], encode(compute_flow(frames)))
        assert stored.info.frames == 6 and stored.fingerprint.short_side == 24

    # Again: only what is missing or damaged is made, with the same bytes; what is there stays.
    before = (out / "a.mkv.flow.zip").read_bytes()
    (out / "a.mkv.flow.zip").write_bytes(before[:-10])
    stamp = (out / "below" / "b.mkv.flow.zip").stat().st_mtime_ns
    run = tool(f"--out={out}", videos / "a.mkv", "--method=tvl1")
    assert run.returncode == 0 and "computed again" in run.stderr
    assert (out / "a.mkv.flow.zip").read_bytes() == before
    run = tool(f"--out={out}", f"--root={videos / 'below'}", "--format=files")
    assert (out / "below" / "b.mkv.flow.zip").stat().st_mtime_ns == stamp

    # Flow of another kind is not mixed in, and nothing is done.
    run = tool(f"--out={out}", videos / "a.mkv", "--bound=10")
    assert run.returncode == 2
    assert "-> bound" in run.stderr and "10.0" in run.stderr and "20.0" in run.stderr
    assert (out / "a.mkv.flow.zip").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.mp4"], "give --out=FOLDER"),
        (["--out=o"], "no videos"),
        (["--out=o", "a/x.mp4", "b/x.mp4"], "would both be"),
        (["--out=o", "--root=.", "x.mp4"], "not both"),
    ],
)
def test_wrong_flags(arguments, message):
    run = tool(*arguments)
    assert run.returncode == 2 and message in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_a_link_to_nothing(videos, tmp_path):
    (videos / "gone.mkv").symlink_to("nowhere")
    (videos / "below" / "broken.mkv").unlink()
    run = tool(f"--out={tmp_path}/flow", videos / "a.mkv", videos / "gone.mkv")
    assert (run.returncode, "1 computed" in run.stdout, "1 failed" in run.stdout) == (1, True, True)
    assert "gone.mkv: a link to a file that is not there" in run.stderr
    data_set = [f"--out={tmp_path}/flow", f"--root={videos}", "--format=files"]
    run = tool(*data_set)
    assert (run.returncode, run.stdout) == (2, "")
    assert "gone.mkv: a link to a file that is not there" in run.stderr
    run = tool(*data_set, "--allow_missing")
    assert run.returncode == 0
    assert "1 more are listed, but cannot be used" in run.stdout
