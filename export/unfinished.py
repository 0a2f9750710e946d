"""Folders that are written aside, beside the versions of a model, and put in their place whole."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# A name that TF Serving, and the local server, do not take for a version.
PREFIX = ".exporting-"


@contextlib.contextmanager
def unfinished_folder(parent: Path) -> Iterator[Path]:
    """Give a new folder in `parent`, which is deleted at the end with what is left in it.

    Deleted at the beginning is what processes that were killed left there. Each holds a lock on its
    folder, which goes with the process, so that no export that is running loses its own.
    """
    with contextlib.ExitStack() as stack:
        with _locked(parent):  # else a folder could be looked at between its making and its lock
            remove_leftovers(parent)
            made = tempfile.TemporaryDirectory(dir=parent, prefix=PREFIX)
            folder = Path(stack.enter_context(made))
            stack.enter_context(_locked(folder))
        yield folder


def remove_leftovers(parent: Path) -> None:
    """Delete unfinished folders that no running process holds."""
    for folder in parent.glob(f"{PREFIX}*"):
        # Held by its process, gone by now, or another user's.
        with contextlib.suppress(OSError), _locked(folder, wait=False):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, wait: bool = True) -> Iterator[None]:
    """Hold a lock on a folder; OSError where another process has it and `wait` is False."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(opened)
