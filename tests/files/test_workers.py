"""Worker processes: every item has an outcome, whatever its task does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from keras_i3d.data.video.decoding import VideoError
from keras_i3d.files.workers import run_all


def misbehave(kind):
    """A task that goes wrong in the way that its item names."""
    if kind == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "exit":
        os._exit(7)
    if kind == "hang":
        time.sleep(600)
    if kind == "memory":
        return len(bytearray(3 << 30))
    if kind == "video":
        raise VideoError("a.mp4", "no frame of it can be decoded")
    if kind == "bug":
        raise KeyError("x\ny")
    return kind.upper()


@pytest.fixture(scope="module")
def outcomes():
    kinds = ["a", "segfault", "b", "exit", "hang", "c", "memory", "video", "bug", "d"]
    found = list(run_all(misbehave, iter(kinds), processes=2, seconds=5, megabytes=2000))
    assert sorted(outcome.item for outcome in found) == sorted(kinds)
    return {outcome.item: outcome for outcome in found}


def test_good_items_have_results(outcomes):
    assert {kind: outcomes[kind].result for kind in "abcd"} == dict(
        zip("abcd", "ABCD", strict=True)
    )
    assert all(outcomes[kind].error is None for kind in "abcd")


@pytest.mark.parametrize(
    "kind, cause",
    [
        ("segfault", "its process died (SIGSEGV)"),
        ("exit", "its process died (exit status 7)"),
        ("hang", "took more than 5 s"),
        ("memory", "needs more than 2000 MB of memory"),
        ("video", "no frame of it can be decoded"),
        ("bug", "KeyError: 'x\\ny'"),
    ],
)
def test_bad_items_have_a_cause_in_one_line(outcomes, kind, cause):
    assert outcomes[kind].result is None
    assert outcomes[kind].error == cause


def endless():
    while True:
        yield "a"


def test_items_are_taken_as_they_are_needed():
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    outcomes = run_all(misbehave, endless(), processes=1)
    assert [next(outcomes).result for _ in range(5)] == ["A"] * 5
    outcomes.close()
    left = {child.pid for child in psutil.Process().children(recursive=True)} - before
    assert len(left) <= 1  # Python's own tracker of shared memory


PROGRAM = """
from keras_i3d.files.workers import run_all
from tests.files.test_workers import misbehave

if __name__ == "__main__":
    for outcome in run_all(misbehave, ["a", "hang", "hang"], processes=2):
        print(outcome.result, flush=True)
"""


def test_processes_end_when_their_parent_is_killed(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout.readline() == b"A\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()
    assert len(children) >= 2
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_workers_do_without_tensorflow():
    program = "import sys, keras_i3d.files.workers; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
