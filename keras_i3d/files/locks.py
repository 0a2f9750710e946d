"""Locks between processes; the system frees them when a process ends, however it does."""

import contextlib
import logging
import os
from collections.abc import Iterator

import filelock

log = logging.getLogger(__name__)


@contextlib.contextmanager
def held(path: str | os.PathLike, busy: str, *, wait: bool = False) -> Iterator[None]:
    """Hold a lock file, made if needed, for as long as the block lasts.

    Args:
        path: the lock file, which holds nothing.
        busy: what to say when another process, or thread, holds it.
        wait: whether to say so in a warning and wait, instead of raising the error.

    Raises:
        BlockingIOError: at once, when it is held and `wait` is False.
        OSError: when the lock file cannot be made.
    """
    lock = filelock.FileLock(os.fspath(path))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        if not wait:
            raise BlockingIOError(busy) from None
        log.warning("%s", busy)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
