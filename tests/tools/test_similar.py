"""keras-i3d similar, as a user runs it."""

import re

import numpy as np
import pytest

from tests.conftest import write_video
from tests.tools.test_extract_features import tool, weights  # noqa: F401


@pytest.mark.slow
def test_the_nearest_windows_and_their_page(weights, tmp_path):  # noqa: F811
    colours = {"red": (200, 40, 40), "green": (40, 200, 40), "redder": (210, 40, 50)}
    for name, colour in colours.items():
        frames = np.full((8, 80, 96, 3), colour, np.uint8)
        write_video(tmp_path / f"{name}.mkv", frames)
    out, page = tmp_path / "out", tmp_path / "similar.html"
    videos = [tmp_path / f"{name}.mkv" for name in colours]
    assert tool(f"--out={out}", weights, "--window=4", *videos)[0] == 0
    command = (f"--index={out}", f"--video={videos[0]}", f"--page={page}")
    status, printed, error = tool(*command, name="similar")
    assert status == 0, error
    _, first, second = printed.splitlines()
    assert re.fullmatch(r" 0\.99\d  0\.00 - 0\.16 +0\.00 - 0\.16 +.*/redder\.mkv", first), first
    assert second.endswith("green.mkv")
    assert page.read_text().count("<img") == 4
    videos[1].unlink()
    status, _, _ = tool(*command, name="similar")
    assert status == 0 and "cannot be shown (no such file)" in page.read_text()


@pytest.mark.parametrize(
    ("flags", "status", "says"),
    [
        ((), 2, "give --index=FEATURES and --video=FILE"),
        (("--index=gone", "--video=x"), 2, "there is no such folder: gone"),
        (("--index=.", "--video=x"), 1, "index should be a folder of extract_features"),
    ],
)
def test_what_goes_wrong(flags, status, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    came, _, error = tool(*flags, name="similar")
    assert came == status and says in error
