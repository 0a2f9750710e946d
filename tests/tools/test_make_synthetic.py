"""The tool that writes the synthetic videos, as a user starts it."""

import subprocess
import sys

import pytest
from PIL import Image

from tests.conftest import PROJECT


def make_synthetic(*arguments):
    """(exit status, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, PROJECT / "tools" / "make_synthetic.py", *map(str, arguments)],
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_set_of_videos(tmp_path):
    out = tmp_path / "set"
    status, said, _ = make_synthetic(
        f"--out={out}",
        "--task=joint",
        "--motions=ZoomIn,Still",
        "--appearances=Cat",
        "--videos=2",
        "--frames=4",
        "--size=64x48",
    )
    assert status == 0
    assert "4 videos of 2 classes" in said
    assert f"--root={out}/videos --annotations={out}/ucfTrainTestlist" in said
    assert (out / "ucfTrainTestlist" / "classInd.txt").read_text() == "1 CatStill\n2 CatZoomIn\n"
    with Image.open(out / "filmstrip.png") as picture:
        assert picture.height > 2 * 96


@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["--size=3"], 2, "--size should be WIDTHxHEIGHT"),
        (["--motions=Fly"], 2, "should be one of MoveDown"),
        (["stray"], 2, "unexpected argument; use flags only. Received: stray"),
        (["--videos=1"], 2, "videos"),
        (["--out=/dev/null/x"], 1, "Not a directory"),
    ],
)
def test_one_line_for_what_is_wrong(flags, status, message, tmp_path):
    found, _, said = make_synthetic(f"--out={tmp_path}/set", *flags)
    assert found == status
    assert message in said
    assert len(said.strip().splitlines()) == 1
