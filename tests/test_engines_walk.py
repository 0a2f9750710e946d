"""docs/engines.md, as a newcomer follows it: every command and every example."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.test_docs import examples

PAGE = "docs/engines.md"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_command_in_its_order(tmp_path, monkeypatch, shared, real_weights, capsys):
    pytest.importorskip("openvino", reason="the openvino engine needs the extra [openvino]")
    monkeypatch.chdir(tmp_path)
    text = (PROJECT / PAGE).read_text("utf-8")
    commands = re.findall(r"^\$ (keras-i3d .*)$", text, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        done = subprocess.run(
            [Path(sys.executable).parent / "keras-i3d", *shlex.split(command)[1:]],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert re.search(r"int8 beside float32, on 8 other windows: [78] of 8 keep", done.stderr)
    names: dict = {}
    for code in examples(PAGE):
        exec(compile(code, PAGE, "exec"), names)
    out = capsys.readouterr().out
    assert "'features': (1, 1024)" in out and "'Mixed_4f': (1, 16, 14, 14, 832)" in out
    assert out.endswith("2 (1, 1024)\n")
