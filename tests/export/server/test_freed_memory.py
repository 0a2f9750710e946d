"""What large requests leave free goes back to the system."""

import platform

import psutil
import pytest

from keras_i3d.export.server.freed_memory import give_back


def resident():
    return psutil.Process().memory_info().rss >> 20


def freed_and_given_back():
    """MB that come back of 200 that are freed below something that is still in use."""
    blocks = [b"x" * 100_000 for _ in range(2000)]
    del blocks[:-1]
    before = resident()
    give_back()
    return before - resident()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep nothing")
def test_freed_memory_is_given_back(aside):
    assert aside.below(400, freed_and_given_back) > 150
