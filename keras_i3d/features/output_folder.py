"""A folder of features: what is done in it, by whom, and how; for any number of processes.

OUT/NAME.npz                      the features
OUT/manifest.jsonl                a line a video: done, failed with the cause, or skipped
OUT/.features/made.json           how all features of this folder are made
OUT/.features/records/KEY.json    what became of one video, written after its features
OUT/.features/leases/KEY          who works on it
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_i3d.features.jobs import Job
from keras_i3d.files.hashes import sha256
from keras_i3d.files.journal import file_stamp
from keras_i3d.files.leases import Leases
from keras_i3d.files.whole import remove_leftovers, write_whole

DONE, FAILED, SKIPPED = "done", "failed", "skipped"
MANIFEST = "manifest.jsonl"


class OtherFeaturesError(ValueError):
    """A folder holds features that were made in another way, or of another video."""

    @property
    def cause(self) -> str:
        """The message."""
        return str(self)


class OutputFolder:
    """Reads and writes what became of each video; to be used with `with`.

    Args:
        folder: made if need be.
        made: how features are made; goes into JSON.
        verify: whether to read every output again and compare it with its hash; else only its size
            is looked at.

    Raises:
        OtherFeaturesError: the folder has features that were made in another way.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike, made: Mapping[str, Any], verify: bool = False):
        self.folder, self._verify = Path(folder), verify
        self._work = self.folder / ".features"
        (self._work / "records").mkdir(parents=True, exist_ok=True)
        self._check_made(json.loads(json.dumps(made)))
        remove_leftovers(self.folder, below=True)
        # What failed before this moment is tried again; by the clock of the file system.
        token = self._work / f".started-{secrets.token_hex(4)}"
        token.touch()
        self._started = token.stat().st_mtime_ns
        token.unlink()
        self.leases = Leases(self._work / "leases")

    def __enter__(self):
        self.leases.__enter__()
        return self

    def __exit__(self, *errors):
        self.leases.__exit__(*errors)

    def settled(self, job: Job) -> dict | None:
        """Return the record of a video that needs no more work; None where it does.

        Raises:
            OtherFeaturesError: its name is that of another video's features.
        """
        path = self._record_path(job)
        record = _read(path)
        if record is None:
            return None
        same = record["stamp"] == video_stamp(job.path)
        if record["status"] == FAILED:
            with contextlib.suppress(OSError):
                return record if same and path.stat().st_mtime_ns >= self._started else None
            return None
        if not all(self._is_whole(one) for one in record["outputs"]):
            return None
        if not same and record["video"] != job.path:
            raise OtherFeaturesError(
                f"{self.folder} has features of {record['video']} under the name {job.name}; give "
                f"another folder"
            )
        return record if same else None

    def add_done(self, job: Job, windows: int, notes: Sequence[str], paths: Iterable[Path]) -> dict:
        """Take down that a video's features are written."""
        outputs = [
            {
                "file": str(path.relative_to(self.folder)),
                "bytes": path.stat().st_size,
                "sha256": sha256(path),
            }
            for path in paths
        ]
        return self._add(job, DONE, windows=windows, notes=list(notes), outputs=outputs)

    def add_failed(self, job: Job, cause: str) -> dict:
        """Take down why a video has no features."""
        return self._add(job, FAILED, cause=cause)

    def write_manifest(self, jobs: Sequence[Job], skipped: Mapping[str, str]) -> None:
        """Write what became of these videos, and of all others that the folder knows.

        Args:
            jobs: the videos of this run.
            skipped: {path or line: why it was skipped}.
        """
        records = {job.name: _read(self._record_path(job)) for job in jobs}
        for path in (self._work / "records").glob("*.json"):
            record = _read(path)
            if record is not None:
                records.setdefault(record["name"], record)
        lines = [
            {k: v for k, v in record.items() if k != "stamp"}
            for record in records.values()
            if record
        ]
        lines += [{"video": one, "status": SKIPPED, "cause": why} for one, why in skipped.items()]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        write_whole(self.folder / MANIFEST, text)

    def _add(self, job: Job, status: str, **more) -> dict:
        record = {"name": job.name, "video": job.path, "status": status, **more}
        if job.labels:
            record["labels"] = job.labels
        record["stamp"] = video_stamp(job.path)
        write_whole(self._record_path(job), json.dumps(record))
        return record

    def _record_path(self, job: Job) -> Path:
        return self._work / "records" / f"{job.key}.json"

    def _is_whole(self, output: Mapping) -> bool:
        path = self.folder / output["file"]
        try:
            if path.stat().st_size != output["bytes"]:
                return False
            return not self._verify or sha256(path) == output["sha256"]
        except OSError:
            return False

    def _check_made(self, made: dict) -> None:
        path = self._work / "made.json"
        before = _read(path)
        if before is None:
            write_whole(path, json.dumps(made, indent=1, sort_keys=True))
            return
        different = sorted(_different(before, made))
        if different:
            raise OtherFeaturesError(
                f"{self.folder} has features that were made in another way: "
                f"{'; '.join(different)}; give another folder, or the flags of those features"
            )


def video_stamp(path: str) -> Any:
    """Return what tells whether a video is unchanged; of a folder, of its files."""
    if os.path.isdir(path):
        return [[one.name, file_stamp(one.path)] for one in sorted(os.scandir(path), key=_name)]
    return file_stamp(path)


def _name(entry: os.DirEntry) -> str:
    return entry.name


def _read(path: Path) -> dict | None:
    """A record; None where there is none, or a damaged one."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _different(one, other, where: str = ""):
    """ "features.stride was 64, is 16" for each value that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            inside = f"{where}.{key}" if where else key
            yield from _different(one.get(key), other.get(key), inside)
    elif one != other:
        yield f"{where} was {one}, is {other}"
