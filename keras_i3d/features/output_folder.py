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

from keras_i3d.features.jobs import WHOLE, Job, seconds_of
from keras_i3d.features.outcomes import (
    DONE,
    FAILED,
    failed,
    outcome,
    read_json,
    read_outcome,
    video_stamp,
    write_manifest,
)
from keras_i3d.files.hashes import sha256
from keras_i3d.files.leases import Leases
from keras_i3d.files.whole import remove_leftovers, write_unless_there, write_whole


class OtherFeaturesError(ValueError):
    """A folder holds features that were made in another way."""


class OutputFolder:
    """Reads and writes what became of each video; to be used with `with`.

    Args:
        folder: made if need be.
        made: how features are made; goes into JSON.
        verify: whether to read every output again and compare it with its hash; else only its size
            is looked at.
        tidy: whether to look through the folder for what killed processes have left half written.

    Raises:
        OtherFeaturesError: the folder has features that were made in another way.
        OSError: the folder cannot be written.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        made: Mapping[str, Any],
        verify: bool = False,
        tidy: bool = True,
    ):
        self.folder, self._verify = Path(folder), verify
        self._work = self.folder / ".features"
        (self._work / "records").mkdir(parents=True, exist_ok=True)
        self._check_made(json.loads(json.dumps(made)))
        if tidy:
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

        It has failed where its name is that of another video's, or another part's, features.
        """
        path = self._record_path(job)
        record = read_outcome(path)
        if record is None:
            return None
        # Earlier versions did not write the part: theirs are believed of whole videos alone.
        same = record.get("part", list(WHOLE)) == list(job.part)
        same = same and record["stamp"] == video_stamp(job.path)
        if record["status"] == FAILED:
            with contextlib.suppress(OSError):
                return record if same and path.stat().st_mtime_ns >= self._started else None
            return None
        if not all(self._is_whole(one) for one in record["outputs"]):
            return None
        if not same and (cause := self._conflict(record, job)):
            return failed(job, cause)
        if job.labels and list(job.labels) != record.get("labels"):
            return None
        return record if same else None

    def add_done(
        self, job: Job, stamp: Any, windows: int, notes: Sequence[str], paths: Iterable[Path]
    ) -> dict:
        """Record that a video's features are written.

        Args:
            job: the video. stamp: its `video_stamp` before it was read.
            windows, notes, paths: of its features, and their files.
        """
        outputs = [
            {
                "file": str(path.relative_to(self.folder)),
                "bytes": path.stat().st_size,
                "sha256": sha256(path),
            }
            for path in paths
        ]
        return self._add(
            job, outcome(job, DONE, windows=windows, notes=notes, outputs=outputs, stamp=stamp)
        )

    def add_failed(self, job: Job, cause: str, stamp: Any) -> dict:
        """Record why a video has no features; `stamp` as for `add_done`."""
        return self._add(job, failed(job, cause, stamp))

    def write_manifest(self, jobs: Sequence[Job], skipped: Mapping[str, str]) -> None:
        """Write what became of these videos, and of all others that the folder knows.

        Args:
            jobs: the videos of this run.
            skipped: {path or line: why it was skipped}.
        """
        records, others = [], {path.name for path in self._records()}
        for job in jobs:
            record = read_outcome(self._record_path(job))
            if record and (cause := self._conflict(record, job)):
                record = failed(job, cause)
            else:
                others.discard(self._record_path(job).name)
            records.append(record)
        records += [read_outcome(self._work / "records" / name) for name in sorted(others)]
        write_manifest(self.folder, filter(None, records), skipped)

    def _conflict(self, record: Mapping, job: Job) -> str | None:
        """Why a video may not take the place of the features that a record is of."""
        part = record.get("part", list(job.part))
        other = record["video"] != job.path and record["stamp"] != video_stamp(job.path)
        if record["status"] == FAILED or (not other and part == list(job.part)):
            return None
        return (
            f"{self.folder} has features of {record['video']}{seconds_of(part)} under the name "
            f"{job.name}; give another folder"
        )

    def _add(self, job: Job, record: dict) -> dict:
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

    def _records(self) -> list[Path]:
        return list((self._work / "records").glob("*.json"))

    def _check_made(self, made: dict) -> None:
        path = self._work / "made.json"
        if not self._records() or path.exists():
            write_unless_there(path, json.dumps(made, indent=1, sort_keys=True))
        before = read_json(path)
        if before is None:
            raise OtherFeaturesError(
                f"{path} is missing or damaged, so nothing says how its features were made; give "
                f"another folder, or remove {self._work} to make them anew"
            )
        different = sorted(_different(before, made))
        if different:
            raise OtherFeaturesError(
                f"{self.folder} has features that were made in another way: "
                f"{'; '.join(different)}; give another folder, or the flags of those features"
            )


def _different(one, other, where: str = ""):
    """ "features.stride was 64, is 16" for each value that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            inside = f"{where}.{key}" if where else key
            yield from _different(one.get(key), other.get(key), inside)
    elif one != other:
        yield f"{where} was {one}, is {other}"
