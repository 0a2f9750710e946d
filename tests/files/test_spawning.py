"""Processes start without the program that asked for them, and say nothing if ended meanwhile."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# No guard: a process does not run the program again.
PROGRAM = """
import sys
from keras_i3d.files.workers import run_all

try:
    for outcome in run_all(abs, [-1], processes=int(sys.argv[1])):
        print(outcome.result, flush=True)
except KeyboardInterrupt:
    print("given up")
"""
# Python imports it first of all: a process is then still without a handler of its own for signals,
# and without its locks.
FIRST = """
import os, sys, time

if "--multiprocessing-fork" in sys.orig_argv:
    os.write(2, b"starting\\n")
    time.sleep(float(os.environ["SECONDS_TO_START"]))
"""


@pytest.fixture
def program(tmp_path):
    """A function that starts the program in a group of its own."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    (tmp_path / "sitecustomize.py").write_text(FIRST)

    def start(seconds, processes):
        return subprocess.Popen(
            [sys.executable, path, str(processes)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[2]}",
                "SECONDS_TO_START": str(seconds),
            },
            start_new_session=True,
        )

    return start


def test_stopped_while_others_start(program):
    with program(0, 12) as running:
        out, error = running.communicate(timeout=120)
    assert out == b"1\n"
    assert set(error.splitlines()) == {b"starting"}


def test_ctrl_c_while_they_start(program):
    with program(2, 1) as running:
        assert running.stderr.readline() == b"starting\n"
        os.killpg(running.pid, signal.SIGINT)
        out, error = running.communicate(timeout=120)
    assert out == b"given up\n"
    assert error == b""
