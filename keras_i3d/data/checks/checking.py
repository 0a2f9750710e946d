"""Every video of a data set decoded, in processes of their own; can be stopped and goes on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from keras_i3d.data.checks.check_report import as_text, manifest, summary
from keras_i3d.data.checks.probing import FAILED, Probe, probe
from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.files.journal import Journal, file_stamp
from keras_i3d.files.whole import write_whole
from keras_i3d.files.workers import run_all, usable_cores

JOURNAL = "journal.jsonl"
MANIFEST = "manifest.jsonl"
SUMMARY = "summary.json"
TEXT = "summary.txt"
PROBLEMS = "problems.txt"
# I3D's head needs so many: two frames after a stride of 8.
LEAST_FRAMES = 9


def check_videos(
    annotations: Annotations,
    folder: str | Path,
    processes: int | None = None,
    seconds: float | None = 600,
    megabytes: int | None = 4000,
    least_frames: int = LEAST_FRAMES,
    watch: Callable[[int, int, int, int], None] | None = None,
) -> dict:
    """Decode what is not decoded yet, and write manifest and summary into a folder.

    Args:
        annotations: the list; each of its problems has a line in the manifest too.
        folder: where the journal is kept, and the manifest and the summary are written, each of
            which appears whole or not at all, after the last video.
        processes: how many decode at once; by default one for each core.
        seconds, megabytes: limits for one file; None for none. What failed within other limits is
            tried again.
        least_frames: a video of fewer is counted as too short.
        watch: called with files done, files, bytes done, bytes; first before the work begins.

    Returns:
        The summary, as `check_report.summary` gives it.

    Raises:
        BlockingIOError: when another process is at work in the folder.
        OSError: when it cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    limits = {"seconds": seconds, "megabytes": megabytes}
    with Journal(folder / JOURNAL, key="path") as journal:
        records = _probed(annotations, journal, processes, limits, watch or (lambda *_: None))
        lines = manifest(annotations, records)
        counted = summary(annotations, lines, least_frames)
        write_whole(folder / MANIFEST, "".join(json.dumps(line) + "\n" for line in lines))
        write_whole(folder / SUMMARY, json.dumps(counted, indent=1) + "\n")
        write_whole(folder / TEXT, as_text(counted) + "\n")
        if annotations.problems:
            annotations.problems.write(folder / PROBLEMS)
        else:
            (folder / PROBLEMS).unlink(missing_ok=True)
    return counted


def _probed(annotations, journal: Journal, processes, limits: dict, watch) -> dict[str, dict]:
    """Path to what is in the file, from the journal where that is still true."""
    paths = dict.fromkeys(video.path for videos in annotations.splits.values() for video in videos)
    stamps = {path: file_stamp(path) for path in paths}
    size = {path: (stamp or {}).get("bytes", 0) for path, stamp in stamps.items()}
    todo = [path for path in paths if not _still_true(journal.get(path), stamps[path], limits)]
    files, total = len(paths) - len(todo), sum(size.values())
    done = total - sum(size[path] for path in todo)
    watch(files, len(paths), done, total)
    for path, found in _outcomes(todo, processes, limits):
        journal.add({"path": path, "stamp": stamps[path], "limits": limits, **asdict(found)})
        files, done = files + 1, done + size[path]
        watch(files, len(paths), done, total)
    return {path: journal.get(path) for path in paths}


def _outcomes(paths: list[str], processes, limits: dict) -> Iterator[tuple[str, Probe]]:
    if paths:
        processes = min(processes or usable_cores(), len(paths))
        for outcome in run_all(probe, paths, processes=processes, **limits):
            yield outcome.item, outcome.result or Probe(FAILED, cause=outcome.error)


def _still_true(record: dict | None, stamp: dict | None, limits: dict) -> bool:
    """Whether a file need not be decoded again: unchanged, and not failed within other limits."""
    if record is None or stamp is None or record.get("stamp") != stamp:
        return False
    return record.get("status") != FAILED or record.get("limits") == limits
