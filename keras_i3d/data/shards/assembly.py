"""A split of a data set as TFRecord shards: parallel, atomic, and continued after a break.

Worker processes make one record each time, from one video, in a folder of work; when all of a
shard's are there they are put together, and the shard takes its name. What is missing when
everything else was there stands in the manifest, with its cause. At any moment the process may be
killed: the next run goes on with the records that are whole, and ends with the same bytes.

    OUT/.train.work/plan.json                 what is being made
    OUT/.train.work/00003-000017.record       a record that waits for its shard
    OUT/.train.work/00003.json                a shard that is done: its part of the manifest
    OUT/train-00003-of-00008.tfrecord
    OUT/train.manifest.json                   last of all; then the folder of work is removed
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from keras_i3d.data.shards.examples import written_records
from keras_i3d.data.shards.manifest import (
    FRAMING,
    VERSION,
    Manifest,
    ManifestError,
    check_size,
    manifest_path,
    read_manifest,
)
from keras_i3d.data.shards.plan import Job, Plan
from keras_i3d.files import storage
from keras_i3d.files.locks import held
from keras_i3d.files.whole import remove_leftovers
from keras_i3d.files.workers import Outcome


class OtherRunError(ValueError):
    """The folder holds, or is being filled with, other shards of this split; says both."""


def finished(plan: Plan) -> Manifest | None:
    """Return the manifest of a run of this plan that came to its end; None if none has.

    Raises:
        OtherRunError: a finished run of other options, or of another list, is there.
        ManifestError: what is there is damaged.
    """
    if not storage.exists(manifest_path(plan.folder, plan.split)):
        return None
    manifest = read_manifest(plan.folder, plan.split)
    there = {
        "split": manifest.split,
        "options": manifest.options,
        "classes_sha256": plan.identity()["classes_sha256"]
        if manifest.classes == plan.classes
        else f"of {len(manifest.classes)} others",
        "listed": manifest.listed,
        "list_sha256": manifest.list_sha256,
    }
    _check_same(plan, there, "holds finished shards")
    return manifest


def write_shards(
    plan: Plan,
    processes: int | None = None,
    seconds: float | None = 600,
    megabytes: int | None = 4000,
    watch: Callable[[Outcome], None] = lambda outcome: None,
) -> Manifest:
    """Make the shards of a split, or go on making them; returns their manifest.

    Args:
        plan: what plan_shards decided.
        processes, seconds, megabytes: workers, and the limits for one video; see workers.run_all.
        watch: called with every Outcome (its item a Job, its result the manifest's entry), also
            with those of an earlier run, for a progress bar.

    Raises:
        OtherRunError: the folder has shards of other options or of another list.
        BlockingIOError: another process is filling it.
        OSError: it cannot be written.
    """
    if manifest := finished(plan):
        return manifest
    with working(plan) as shards:
        for number, shard in shards.items():
            for outcome in _outcomes(plan.jobs[number], shard):
                watch(outcome)
        jobs = [job for number, row in enumerate(plan.jobs) if number not in shards for job in row]
        waiting: dict[int, dict[int, Outcome]] = {}
        with contextlib.closing(written_records(jobs, processes, seconds, megabytes)) as outcomes:
            for outcome in outcomes:
                job = outcome.item
                there = waiting.setdefault(job.shard, {})
                there[job.place] = outcome
                if len(there) == len(plan.jobs[job.shard]):
                    ordered = [there[place] for place in sorted(there)]
                    shards[job.shard] = assemble(plan, job.shard, ordered)
                    del waiting[job.shard]
                watch(outcome)
        return write_manifest(plan, [shards[number] for number in range(len(plan.jobs))])


def assemble(plan: Plan, number: int, outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Put a shard together from its videos' records; returns its part of the manifest.

    May be done twice: while its part is not written, the records are kept.
    """
    outcomes = list(outcomes)
    videos, failed, digest, size = [], [], hashlib.sha256(), 0
    name = plan.shard_name(number)
    with storage.writing(storage.join(plan.folder, name)) as shard:
        for outcome in outcomes:
            job = outcome.item
            if outcome.error is not None:
                cause = {"id": job.video.id, "path": job.data_path, "cause": outcome.error}
                failed.append(cause)
                continue
            with storage.reading(job.work) as file:
                entry = json.loads(file.readline())
                record = file.read()
            if len(record) != entry["length"] + FRAMING:
                raise ManifestError(f"{job.work}: damaged; remove it and start again")
            videos.append({**entry, "offset": size})
            shard.write(record)
            digest.update(record)
            size += len(record)
    part = {"file": name, "bytes": size, "sha256": digest.hexdigest(), "videos": videos}
    part["failed"] = failed
    storage.write(part_path(plan, number), json.dumps(part).encode())
    for outcome in outcomes:
        storage.remove(outcome.item.work)
    return part


def write_manifest(plan: Plan, parts: list[dict[str, Any]]) -> Manifest:
    """Write the manifest of a split whose shards are all there; then clear away the work."""
    failed = [entry for part in parts for entry in part["failed"]]
    content = {
        "version": VERSION,
        "split": plan.split,
        "listed": plan.listed,
        "written": plan.listed - len(failed),
        "options": asdict(plan.options),
        "list_sha256": plan.list_sha256,
        "classes": plan.classes,
        "failed": failed,
        "shards": [{key: part[key] for key in part if key != "failed"} for part in parts],
    }
    storage.write(manifest_path(plan.folder, plan.split), json.dumps(content, indent=1).encode())
    manifest = read_manifest(plan.folder, plan.split)
    storage.remove(plan.work)
    return manifest


def clear(plan: Plan) -> None:
    """Remove everything of a split from its folder: manifest, shards and work."""
    storage.remove(manifest_path(plan.folder, plan.split))
    if storage.exists(plan.work):
        with _lock(plan.work):  # BlockingIOError where another process is filling it
            storage.remove(plan.work)
    if storage.exists(plan.folder):
        shard = re.compile(re.escape(plan.split) + r"-\d{5}-of-\d{5}\.tfrecord")
        for name in filter(shard.fullmatch, storage.names(plan.folder)):
            storage.remove(storage.join(plan.folder, name))


def retry_failed(plan: Plan) -> None:
    """Make a finished split unfinished again: only shards that lack videos will be made anew."""
    manifest = finished(plan)
    if manifest is None or not manifest.failed:
        return
    path = manifest_path(plan.folder, plan.split)
    failed = {id for id, *_ in manifest.failed}
    storage.make_folder(plan.work)
    for number, part in enumerate(json.loads(storage.read(path))["shards"]):
        if not any(job.video.id in failed for job in plan.jobs[number]):
            storage.write(part_path(plan, number), json.dumps({**part, "failed": []}).encode())
    storage.remove(path)


@contextlib.contextmanager
def working(plan: Plan) -> Iterator[dict[int, dict[str, Any]]]:
    """Hold the folder of work for this plan and process alone; gives the shards that are done."""
    storage.make_folder(plan.folder)
    storage.make_folder(plan.work)
    with _lock(plan.work):
        path = storage.join(plan.work, "plan.json")
        if storage.exists(path):
            _check_same(plan, json.loads(storage.read(path)), "holds unfinished shards")
        else:
            storage.write(path, json.dumps(plan.identity(), indent=1).encode())
        try:
            yield dict(_done_shards(plan))
        finally:
            if not storage.is_remote(plan.work):
                remove_leftovers(plan.work)  # of processes that were ended


@contextlib.contextmanager
def _lock(folder: str) -> Iterator[None]:
    """Held by one process at a time; the system frees it when the process ends, however it does."""
    if storage.is_remote(folder):
        yield
        return
    with held(os.path.join(folder, "lock"), f"{folder}: another process is at work in it"):
        yield


def _check_same(plan: Plan, there: dict[str, Any], what: str) -> None:
    wanted = plan.identity()
    if there == wanted:
        return
    rows = []
    for key in ("listed", "list_sha256", "classes_sha256"):
        if there.get(key) != wanted[key]:
            rows.append(f"{key} {there.get(key)} there, {wanted[key]} wanted")
    options = there.get("options") or {}
    for key, value in wanted["options"].items():
        if options.get(key) != value:
            rows.append(f"{key} {options.get(key)} there, {value} wanted")
    raise OtherRunError(
        f"{plan.folder} {what} of {plan.split!r} that differ: {'; '.join(rows) or there}"
    )


def part_path(plan: Plan, number: int) -> str:
    """Return where a finished shard's part of the manifest waits for the others."""
    return storage.join(plan.work, f"{number:05d}.json")


def _done_shards(plan: Plan) -> Iterator[tuple[int, dict[str, Any]]]:
    for number in range(len(plan.jobs)):
        if storage.exists(path := part_path(plan, number)):
            part = json.loads(storage.read(path))
            check_size(storage.join(plan.folder, part["file"]), part["bytes"])
            for job in plan.jobs[number]:
                storage.remove(job.work)
            yield number, part


def _outcomes(jobs: Iterable[Job], part: dict[str, Any]) -> Iterator[Outcome]:
    """What an earlier run said of the videos of a shard."""
    failed = {entry["id"]: entry["cause"] for entry in part["failed"]}
    entries = {entry["id"]: entry for entry in part["videos"]}
    for job in jobs:
        yield Outcome(job, entries.get(job.video.id), failed.get(job.video.id))
