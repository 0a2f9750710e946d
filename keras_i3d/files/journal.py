"""A record of work that outlives its process: one JSON object a line, appended as work is done."""

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from typing import Any

from keras_i3d.files.locks import held


class Journal:
    """Records by key, in a file that is added to; to be used with `with`.

        with Journal("done.jsonl", key="path") as journal:
            if journal.get(path) is None: journal.add({"path": path, "frames": 80})

    What a killed process left half written is dropped: a last line that does not end, or is no
    record. Of several records with one key the last counts. A record is safe from the process's
    death once `add` returns, though not from a power failure.

    Args:
        path: the file; created if it is missing.
        key: which value of a record names the piece of work.

    Raises:
        BlockingIOError: when another process holds the journal.
        OSError: when it cannot be read or written.
    """

    def __init__(self, path: str | os.PathLike, key: str):
        self.key = key
        self._records: dict[Any, dict] = {}
        with contextlib.ExitStack() as opened:
            opened.enter_context(held(f"{path}.lock", f"{path}: another process holds it"))
            self._file = opened.enter_context(open(path, "a+b"))
            self._read()
            self._open = opened.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file and let others have it."""
        self._open.close()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[dict]:
        return iter(self._records.values())

    def get(self, key: Any) -> dict | None:
        """Return the record of this key; None if there is none."""
        return self._records.get(key)

    def add(self, record: dict) -> None:
        """Add a record; it has the key, and nothing that JSON has not."""
        self._records[record[self.key]] = record
        # In one piece, so that a kill leaves at most one torn line, at the end.
        self._file.write(json.dumps(record).encode("ascii") + b"\n")
        self._file.flush()

    def _read(self) -> None:
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            record = _parsed(line)
            if isinstance(record, dict) and isinstance(record.get(self.key), (str, int)):
                self._records[record[self.key]] = record
        self._file.truncate(end)


def file_stamp(path: str | os.PathLike) -> dict[str, int] | None:
    """Return what tells whether a file is unchanged: bytes, and when it was modified (ns).

    None if there is no regular file.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return {"bytes": status.st_size, "modified": status.st_mtime_ns}


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
