"""Memory of a process of its own: the one of the tests holds what all tests before left in it."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor

import psutil

from keras_i3d.files.spawning import QuietlySpawned

SECONDS = 250


def memory(pid: int) -> int:
    """Return the MB of a process and of those that it started."""
    process, total = psutil.Process(pid), 0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total >> 20


@contextlib.contextmanager
def memory_below(pid: int, megabytes: int) -> Iterator[None]:
    """Hold that a process, without those that it started, never grows by so many MB meanwhile."""
    process, ended = psutil.Process(pid), threading.Event()
    before = peak = process.memory_info().rss

    def watch():
        nonlocal peak
        while not ended.wait(0.002):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    assert peak - before < megabytes << 20, f"{peak - before >> 20} MB"


class ProcessAside:
    """A process for one measured call after the other."""

    def __init__(self):
        self._pool = ProcessPoolExecutor(1, QuietlySpawned())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._pool.shutdown()

    def below(self, megabytes: int, function: Callable, *arguments):
        """Return what a module's function returns; it never takes so many MB more."""
        self._call(callable, function)  # its module, and all that this imports, are there
        with memory_below(self._call(os.getpid), megabytes):
            return self._call(function, *arguments)

    def _call(self, function: Callable, *arguments):
        return self._pool.submit(function, *arguments).result(SECONDS)
