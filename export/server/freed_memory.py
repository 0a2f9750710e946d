"""Freed memory goes back to the system; glibc would keep it, scattered over its threads."""

import contextlib
import ctypes
import threading

EVERY = 5  # seconds; it takes some milliseconds, and up to 100 where much has been freed


def give_back() -> None:
    """Give back what is free; other C libraries than glibc have no such call."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


class FreedMemory:
    """A thread that gives it back every few seconds."""

    def __init__(self):
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="freed-memory", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, whether it has begun or not."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(EVERY):
            give_back()
