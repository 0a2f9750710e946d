"""The examples of the documentation run as they stand."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT


def examples(page):
    return re.findall(r"```python\n(.*?)```", (PROJECT / page).read_text("utf-8"), re.DOTALL)


def test_inflate_your_own_network(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = examples("docs/inflate.md")[0]
    assert len([line for line in code.splitlines() if line.strip()]) < 20
    exec(compile(code, "docs/inflate.md", "exec"), {})
    printed = capsys.readouterr().out
    layers, difference = re.search(r"(\d+) layers, largest difference (\S+)", printed).groups()
    assert int(layers) > 100
    assert float(difference) < 1e-4
    assert (tmp_path / "video_network.keras").exists()


def test_the_readme_in_python(tmp_path, monkeypatch, shared, real_weights, capsys):
    """What needs files that are not at hand is left out: flow, and ImageNet's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").symlink_to(shared / "clips" / "v_CricketShot_g04_c01.avi")
    code = examples("README.md")[0]
    code = "\n".join(line for line in code.splitlines() if "imagenet+kinetics" not in line)
    exec(compile(code, "README.md", "exec"), {})
    assert "('playing cricket', 0.99" in capsys.readouterr().out


PAGES = [
    "README.md",
    "BUILD.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    *sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)\)", (PROJECT / page).read_text("utf-8"))
    assert [link for link in links if not (PROJECT / page).parent.joinpath(link).exists()] == []


@pytest.mark.slow
def test_the_walk_from_videos_to_batches(tmp_path, monkeypatch, capsys):
    """Every command, in its order, then the examples in Python."""
    monkeypatch.chdir(tmp_path)
    text = (PROJECT / "docs/data.md").read_text("utf-8")
    commands = re.findall(r"^\$ (keras-i3d .*)$", text, re.MULTILINE)
    assert len(commands) >= 4
    for command in commands:
        done = subprocess.run(
            [Path(sys.executable).parent / "keras-i3d", *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    for code in examples("docs/data.md"):
        exec(compile(code, "docs/data.md", "exec"), {})
    assert "30 videos of 10 classes" in capsys.readouterr().out
