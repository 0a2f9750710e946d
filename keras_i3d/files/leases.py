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
        try:
            with open(path, "x") as file:
                file.write(json.dumps(_holder()))
        except FileExistsError:  # another was quicker
            return False
        self._held.add(path)
        return True

    def give_back(self, name: str) -> None:
        """Free a lease."""
        path = self.folder / name
        self._held.discard(path)
        path.unlink(missing_ok=True)

    def _free(self, path: Path) -> bool:
        """Whether a lease's holder is gone; it is then out of the way."""
        try:
            touched = path.stat().st_mtime_ns
            holder = path.read_text()
        except FileNotFoundError:
            return True
        now = time.monotonic()
        before, since = self._seen.setdefault(path, (touched, now))
        if before != touched:
            self._seen[path] = touched, now
            since = now
        if not _is_gone(holder) and now - since < self._forgotten:
            return False
        # Of all processes that find it abandoned, only one can rename it.
        aside = path.with_name(f".{secrets.token_hex(8)}.forgotten")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return False
        aside.unlink(missing_ok=True)
        self._seen.pop(path, None)
        return True

    def _touch(self) -> None:
        while not self._ended.wait(TOUCH):
            for path in list(self._held):
                with contextlib.suppress(OSError):
                    os.utime(path)


def _is_gone(holder: str) -> bool:
    """Whether a holder ran where this process runs, and runs no more."""
    try:
        place, process, started = json.loads(holder)
    except (ValueError, TypeError):  # not written yet, or cut off: only time tells
        return False
    return place == _place() and _started(process) != started


def _holder() -> list:
    return [_place(), os.getpid(), _started(os.getpid())]


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
