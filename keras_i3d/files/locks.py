"""Locks between processes; the system frees them when a process ends, however it does."""

import contextlib
import os
from collections.abc import Iterator

import filelock


@contextlib.contextmanager
def held(path: str | os.PathLike, busy: str) -> Iterator[None]:
    """Hold a lock file, made if need be, for as long as the block lasts.

    Args:
        path: the lock file, which holds nothing.
        busy: what the error says when another process, or thread, holds it.

    Raises:
        BlockingIOError: at once, when it is held.
    """
    try:
        lock = filelock.FileLock(os.fspath(path)).acquire(timeout=0)
    except filelock.Timeout:
        raise BlockingIOError(busy) from None
    with lock:
        yield
