"""One process at a time holds a lock, and the system frees it when that process ends."""

import signal
import subprocess
import sys
import threading

import pytest

from keras_i3d.files.locks import held

HOLD = """
import sys, time
from keras_i3d.files.locks import held
with held(sys.argv[1], "busy"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock `tmp_path / "lock"` until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_that_is_held_is_refused_at_once(tmp_path, holder):
    with (
        pytest.raises(BlockingIOError, match="somebody is here"),
        held(tmp_path / "lock", "somebody is here"),
    ):
        pytest.fail("two hold it")


def test_a_killed_process_holds_nothing(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with held(tmp_path / "lock", "busy"):
        pass


def test_waiting_says_so_and_ends_when_the_lock_is_free(tmp_path, holder, caplog):
    order = []

    def wait():
        with held(tmp_path / "lock", "somebody is here; waiting", wait=True):
            order.append("held here")

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    order.append("freed there")
    holder.communicate()
    waiting.join(30)
    assert order == ["freed there", "held here"]
    assert caplog.messages == ["somebody is here; waiting"]


def test_a_free_lock_is_not_waited_for(tmp_path, caplog):
    for _ in range(2):
        with held(tmp_path / "lock", "busy", wait=True):
            pass
    assert caplog.messages == []


def test_an_error_within_frees_it(tmp_path):
    with pytest.raises(ZeroDivisionError), held(tmp_path / "lock", "busy"):
        raise ZeroDivisionError
    with held(tmp_path / "lock", "busy"):
        pass
