"""What became of each video, in JSON: one file a video, and all of them in the manifest."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_i3d.features.jobs import Job
from keras_i3d.files.journal import file_stamp
from keras_i3d.files.whole import write_whole

DONE, FAILED, SKIPPED = "done", "failed", "skipped"
MANIFEST = "manifest.jsonl"
# What a record must have to be believed, by its status.
FIELDS = {
    DONE: {"name", "video", "stamp", "windows", "notes", "outputs"},
    FAILED: {"name", "video", "stamp", "cause"},
}


def outcome(job: Job, status: str, **more) -> dict[str, Any]:
    """Return a video's record; `more` are the fields of its status."""
    record = {"name": job.name, "video": job.path, "part": job.part, "status": status, **more}
    if job.labels:
        record["labels"] = job.labels
    return json.loads(json.dumps(record))  # as it will be read


def failed(job: Job, cause: str, stamp: Any = None) -> dict[str, Any]:
    """Return the record of a video that has no features, and why."""
    return outcome(job, FAILED, cause=cause, stamp=stamp)


def read_json(path: Path) -> dict | None:
    """Return what is in a file; None where there is none, or one that is damaged."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_outcome(path: Path) -> dict[str, Any] | None:
    """Return a video's record; None where there is none, or one that is damaged."""
    record = read_json(path) or {}
    status, outputs = record.get("status"), record.get("outputs", [])
    if status not in (DONE, FAILED) or not record.keys() >= FIELDS[status]:
        return None
    is_list = isinstance(outputs, list) and all(isinstance(one, dict) for one in outputs)
    if not is_list or not all(one.keys() >= {"file", "bytes", "sha256"} for one in outputs):
        return None
    return record


def write_manifest(
    folder: Path, records: Iterable[Mapping[str, Any]], skipped: Mapping[str, str]
) -> None:
    """Write a line for each record, and for each {video: why it was skipped}."""
    lines = [{k: v for k, v in record.items() if k != "stamp"} for record in records]
    lines += [{"video": one, "status": SKIPPED, "cause": why} for one, why in skipped.items()]
    write_whole(folder / MANIFEST, "".join(json.dumps(line) + "\n" for line in lines))


def video_stamp(path: str) -> Any:
    """Return what tells whether a video is unchanged, in JSON; of a folder, of its files.

    None where it cannot be looked at.
    """
    if not os.path.isdir(path):
        return file_stamp(path)
    try:
        return [[name, file_stamp(os.path.join(path, name))] for name in sorted(os.listdir(path))]
    except OSError:
        return None
