"""What a file holds, by decoding it."""

import hashlib
import os
import subprocess
import sys

import numpy as np

from keras_i3d.data.checks.probing import Probe, probe
from tests.conftest import write_video


def test_a_good_file(counting_video):
    data = counting_video.read_bytes()
    assert probe(counting_video) == Probe(
        "ok",
        frames=10,
        fps=25.0,
        size=(40, 30),
        bytes=len(data),
        duration=0.4,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def test_the_duration_is_that_of_the_time_stamps(tmp_path):
    """Frames at 0, 1, 2, 3, 8, 9 twenty-fifths; the last is shown as long as the one before."""
    frames = [np.zeros((30, 40, 3), np.uint8)] * 6
    found = probe(write_video(tmp_path / "vfr.mkv", frames, stamps=[0, 1, 2, 3, 8, 9]))
    assert (found.status, found.frames, found.duration) == ("ok", 6, 0.4)
    assert found.notes == ("variable frame rate: resampled by time stamp",)


def test_what_gives_no_frames(tmp_path):
    assert probe(tmp_path / "gone.mp4") == Probe("missing", cause="no such file")
    (tmp_path / "link.mp4").symlink_to("nowhere")
    assert probe(tmp_path / "link.mp4").status == "missing"
    assert probe(tmp_path) == Probe("failed", cause="a folder, not a video file")
    os.mkfifo(tmp_path / "pipe.mp4")
    assert probe(tmp_path / "pipe.mp4").cause == "not a regular file"
    (tmp_path / "x.mp4").write_bytes(b"nonsense")
    found = probe(tmp_path / "x.mp4")
    assert (found.status, found.bytes) == ("failed", 8)
    assert found.sha256 == hashlib.sha256(b"nonsense").hexdigest()


def test_half_a_file_is_damaged(shared):
    found = probe(shared / "nasty" / "truncated_faststart_half.mp4")
    assert found.status == "damaged"
    assert 0 < found.frames < 80


def test_probing_does_without_tensorflow():
    program = "import sys, keras_i3d.data.checks.probing; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
