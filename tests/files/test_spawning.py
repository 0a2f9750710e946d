"""Processes that are ended while they start say nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A worker imports the program before it does anything else, and is then still without a handler
# of its own for signals, and without its locks.
PROGRAM = """
import os, sys, time

if __name__ != "__main__":
    os.write(2, b"starting\\n")
    time.sleep(float(sys.argv[1]))

from keras_i3d.files.workers import run_all

if __name__ == "__main__":
    try:
        for outcome in run_all(abs, [-1], processes=int(sys.argv[2])):
            print(outcome.result, flush=True)
    except KeyboardInterrupt:
        print("given up")
"""


@pytest.fixture
def program(tmp_path):
    """A function that starts the program with its arguments, in a group of its own."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, path, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
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
