"""Leases: who works on what, among processes and machines that share a folder.

They outlive a crash. A lease is a small file that its holder touches every few seconds. One that is
not touched any more is anyone's: nobody compares clocks, each watches for itself whether it still
changes.
"""

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from pathlib import Path

# Seconds between two touches, and seconds without one after which a lease is taken over.
TOUCH, FORGOTTEN = 5, 60


class Leases:
    """The leases of one process in one folder; to be used with `with`.

        with Leases("out/.features/leases") as leases:
            if leases.take("clip"):
                ...
                leases.give_back("clip")

    Of a process that was killed on this machine a lease is free at once, of one on another machine
    after a minute. A holder that is stopped for longer loses its leases without notice, so work
    under a lease should end in a write that may be done twice.

    Args:
        folder: for the lease files; made if needed.
        forgotten: seconds without a touch after which a lease is free.
    """

    def __init__(self, folder: str | os.PathLike, forgotten: float = FORGOTTEN):
        self.folder, self._forgotten = Path(folder), forgotten
        self.folder.mkdir(parents=True, exist_ok=True)
        # No two are alike, not even of one process.
        self._own = json.dumps([_place(), os.getpid(), _started(os.getpid()), secrets.token_hex(8)])
        self._held: set[Path] = set()
        self._seen: dict[Path, tuple[int, float]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._touch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        for path in list(self._held):
            self.give_back(path.name)
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():  # what killed processes left when they were done
                self._free(path)

    def take(self, name: str) -> bool:
        """Take a lease; whether it is now held. One that another holds is not waited for.

        Args:
            name: a file name.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self.folder / name
        if path.exists() and not self._free(path):
            return False
        if not _create(path, self._own):  # another was quicker
            return False
        self._held.add(path)
        return True

    def give_back(self, name: str) -> None:
        """Free a lease, unless another has taken it over meanwhile."""
        path = self.folder / name
        self._held.discard(path)
        if self._is_own(path):
            path.unlink(missing_ok=True)

    def _free(self, path: Path) -> bool:
        """Whether a lease's holder is gone; it is then out of the way."""
        try:
            touched, holder = judged = _state(path)
        except FileNotFoundError:
            return True
        now = time.monotonic()
        before, since = self._seen.setdefault(path, (touched, now))
        if before != touched:
            self._seen[path] = touched, now
            since = now
        if not _is_gone(holder) and now - since < self._forgotten:
            return False
        # Of all processes that find it abandoned, only one can rename it; a slow one renames what
        # the quick one has put in its place, and has to put that back.
        aside = path.with_name(f".{secrets.token_hex(8)}.forgotten")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return False
        renamed = _state(aside)
        if renamed != judged:
            _create(path, renamed[1])
        aside.unlink(missing_ok=True)
        self._seen.pop(path, None)
        return renamed == judged

    def _touch(self) -> None:
        while not self._ended.wait(TOUCH):
            for path in list(self._held):
                with contextlib.suppress(OSError):
                    if self._is_own(path):
                        os.utime(path)

    def _is_own(self, path: Path) -> bool:
        try:
            return path.read_text() == self._own
        except FileNotFoundError:
            return False


def _state(path: Path) -> tuple[int, str]:
    """When a lease was touched last, and whose it is."""
    return path.stat().st_mtime_ns, path.read_text()


def _create(path: Path, text: str) -> bool:
    """Write a file that was not there; whether it was not."""
    try:
        with open(path, "x") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _is_gone(holder: str) -> bool:
    """Whether a holder ran where this process runs, and runs no more."""
    try:
        place, process, started, *_ = json.loads(holder)
    except (ValueError, TypeError):  # not written yet, or cut off: only time tells
        return False
    return place == _place() and _started(process) != started


def _place() -> str:
    """This machine since its last start, and what process numbers mean here."""
    parts = [socket.gethostname()]
    for read in (
        lambda: Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        lambda: os.readlink("/proc/self/ns/pid"),
    ):
        with contextlib.suppress(OSError):
            parts.append(read())
    return " ".join(parts)


def _started(process: int) -> str | None:
    """When a process was started, in the kernel's own unit; None if there is none."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None if Path("/proc/self/stat").exists() else "unknown"
    return status.rpartition(")")[2].split()[19]
