"""Leases among processes: one holder at a time, and none that outlives its holder for long."""

import os
import subprocess
import sys
from types import SimpleNamespace

from keras_i3d.files.leases import Leases

HOLD = """
import sys, time
from keras_i3d.files.leases import Leases
with Leases(sys.argv[1]) as leases:
    print(leases.take("clip"), flush=True)
    time.sleep(1000)
"""


def holder(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip()


def test_one_holder_at_a_time(tmp_path):
    with Leases(tmp_path) as one, Leases(tmp_path) as other:
        assert one.take("clip") and not other.take("clip") and other.take("another")
        one.give_back("clip")
        assert other.take("clip") and not one.take("clip")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_holder_on_this_machine_holds_nothing(tmp_path):
    process, taken = holder(tmp_path)
    with Leases(tmp_path) as leases:
        assert taken == "True" and not leases.take("clip")
        process.kill()
        process.communicate()
        assert leases.take("clip")


def test_what_a_killed_holder_leaves_is_cleared_away(tmp_path):
    """Also of work that nobody takes again, as it was killed when that was done."""
    (tmp_path / "another").write_text('["elsewhere", 1, "1"]')
    process, _ = holder(tmp_path)
    with Leases(tmp_path):
        pass
    assert sorted(os.listdir(tmp_path)) == ["another", "clip"]
    process.kill()
    process.communicate()
    with Leases(tmp_path):
        pass
    assert os.listdir(tmp_path) == ["another"]


def test_another_machines_lease_is_forgotten_when_nobody_touches_it(tmp_path, monkeypatch):
    clock = SimpleNamespace(now=0, monotonic=lambda: clock.now)
    monkeypatch.setattr("keras_i3d.files.leases.time", clock)
    (tmp_path / "clip").write_text('["elsewhere", 1, "1"]')
    with Leases(tmp_path, forgotten=20) as leases:
        assert not leases.take("clip")
        clock.now = 15
        os.utime(tmp_path / "clip", (1, 1))  # its holder lives
        assert not leases.take("clip")
        clock.now = 34
        assert not leases.take("clip")
        clock.now = 35
        assert leases.take("clip")


def test_a_torn_lease_is_no_error(tmp_path):
    (tmp_path / "clip").write_text("[")
    with Leases(tmp_path, forgotten=0) as leases:
        assert leases.take("clip")


def test_a_fresh_lease_is_not_taken_for_the_dead_one(tmp_path, monkeypatch):
    """One judges a lease dead; before it removes that lease, another has taken it over."""
    rename = os.rename
    (tmp_path / "clip").write_text("[")
    with Leases(tmp_path, forgotten=0) as quick, Leases(tmp_path, forgotten=0) as slow:

        def when_another_was_quicker(*paths):
            monkeypatch.setattr(os, "rename", rename)
            assert quick.take("clip")
            rename(*paths)

        monkeypatch.setattr(os, "rename", when_another_was_quicker)
        assert not slow.take("clip")
        assert os.listdir(tmp_path) == ["clip"]  # where it was
        quick.give_back("clip")
    assert not os.listdir(tmp_path)


def test_nobody_frees_the_lease_of_another(tmp_path):
    with Leases(tmp_path) as new:
        with Leases(tmp_path) as stopped:
            assert stopped.take("clip")
            with Leases(tmp_path, forgotten=0) as impatient:
                assert impatient.take("clip")
                stopped.give_back("clip")
                assert not new.take("clip")
            assert new.take("clip")
            stopped.give_back("clip")
        assert os.listdir(tmp_path) == ["clip"]
