"""docs/features.md, as a newcomer follows it: every command, every example, every table."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from keras_i3d.features.layouts import LAYOUTS
from keras_i3d.features.pooling import POOLINGS
from keras_i3d.features.windowing import Cutting, stretches
from keras_i3d.features.writers import FORMATS
from tests.conftest import PROJECT
from tests.test_docs import examples

PAGE = "docs/features.md"


@pytest.mark.slow
def test_every_command_in_its_order(tmp_path, monkeypatch, shared, real_weights, capsys):
    monkeypatch.chdir(tmp_path)
    text = (PROJECT / PAGE).read_text("utf-8")
    commands = re.findall(r"^\$ (keras-i3d .*)$", text, re.MULTILINE)
    assert len(commands) == 4
    printed = []
    for command in commands:
        done = subprocess.run(
            [Path(sys.executable).parent / "keras-i3d", *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        printed.append(done.stdout)
    for line in re.findall(r"^20 videos: .*$", text, re.MULTILINE):
        said = re.sub(r"\d+ s\)", "", line)
        assert any(said in re.sub(r"\d+ s\)", "", one) for one in printed), line
    assert Path("similar.html").read_text("utf-8").count("<img") == 20
    for code in examples(PAGE):
        exec(compile(code, PAGE, "exec"), {})
    out = capsys.readouterr().out
    assert "(3, 1024) float32" in out
    assert "[0.   0.64 1.28] [0.32 0.96 1.44] [0.64 1.28 1.6 ]" in out


@pytest.mark.parametrize("names", [POOLINGS, FORMATS, LAYOUTS])
def test_the_tables_are_whole(names):
    text = (PROJECT / PAGE).read_text("utf-8")
    for name in names:
        assert re.search(rf"^\| .*`{name}`", text, re.MULTILINE), name


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_layouts_are_as_the_table_says(name):
    text = (PROJECT / PAGE).read_text("utf-8")
    (row,) = re.findall(rf"^\| .*`{name}`.*$", text, re.MULTILINE)
    how = LAYOUTS[name].settings
    rate = "the file's own rate" if how["fps"] == "native" else f"{how['fps']} fps"
    assert f"{how['window']} / {how['stride']}, {rate}, {how['tail']}" in row


def test_the_page_counts_windows_as_they_are_cut():
    """Its sentence, as a formula; with what it says of 3 frames and of 9."""
    assert "`floor((n - window) / stride) + 1`" in (PROJECT / PAGE).read_text("utf-8")
    for n, window, stride in itertools.product(range(1, 14), range(1, 6), range(1, 7)):
        whole = max(0, (n - window) // stride + 1)
        shown = (whole - 1) * stride + window if whole else 0
        left_over = n > max(shown, whole * stride)
        for tail, count in (("drop", whole), ("loop", whole + left_over)):
            assert len(list(stretches(range(n), Cutting(window, stride, tail)))) == count
    assert [s.frames for s in stretches(range(9), Cutting(3, 5))] == [[0, 1, 2], [5, 6, 7]]
