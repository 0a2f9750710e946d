"""The shards of assembly.py as an Apache Beam pipeline, for data sets that one machine cannot hold.

    jobs -> in batches -> a record each, in the folder of work -> by shard -> put together

The same functions do the work, so the bytes are the same, and an interrupted run is continued.
Pictures never travel through the runner, only the names of the files they wait in: the videos
and the output folder must be on storage that all workers see. Each worker process decodes in a
process of its own, with limits, as everywhere: no video can break the pipeline.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from keras_i3d.data.shards import assembly
from keras_i3d.data.shards.examples import written_records
from keras_i3d.data.shards.manifest import Manifest
from keras_i3d.data.shards.plan import Job, Plan
from keras_i3d.files import storage
from keras_i3d.files.beam_pipelines import check_runner, pipeline
from keras_i3d.files.workers import Outcome

# Starting a process to decode in takes about as long as one short video.
LEAST_BATCH, MOST_BATCH = 8, 64


def write_shards_with_beam(
    plan: Plan,
    runner: str = "DirectRunner",
    arguments: Sequence[str] = (),
    seconds: float | None = 600,
    megabytes: int | None = 4000,
) -> Manifest:
    """Make the shards of a split, or go on making them, on a Beam runner; returns their manifest.

    Args:
        plan: what plan_shards decided; its folder and its work on storage that all workers see.
        runner: one of RUNNERS.
        arguments: the runner's own options, such as "--project=NAME".
        seconds, megabytes: limits for one video.

    Raises:
        ImportError: Beam is not installed.
        ValueError: there is no such runner.
        OtherRunError, BlockingIOError, OSError: as assembly.write_shards does.
    """
    check_runner(runner)
    if manifest := assembly.finished(plan):
        return manifest
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    with assembly.working(plan) as done:
        jobs = [job for row in plan.jobs for job in row if job.shard not in done]
        # Workers need what a shard is called, not what is in all the others.
        outline = replace(plan, jobs=())
        with pipeline(runner, arguments) as (beam, made):
            outcomes = (
                made
                | "jobs" >> beam.Create(jobs)
                | "spread" >> beam.Reshuffle()
                | "batch" >> beam.BatchElements(LEAST_BATCH, MOST_BATCH)
                | "write records" >> beam.FlatMap(_write_records, seconds, megabytes)
            )
            (
                outcomes
                | "by shard" >> beam.GroupByKey()
                | "put together" >> beam.Map(_assemble, outline)
            )
        parts = [
            json.loads(storage.read(assembly.part_path(plan, number)))
            for number in range(len(plan.jobs))
        ]
        return assembly.write_manifest(plan, parts)


def _write_records(
    jobs: Sequence[Job], seconds: float | None, megabytes: int | None
) -> Iterator[tuple[int, Outcome]]:
    for outcome in written_records(jobs, 1, seconds, megabytes):
        yield outcome.item.shard, outcome


def _assemble(of_shard: tuple[int, Iterable[Outcome]], plan: Plan) -> None:
    number, outcomes = of_shard
    assembly.assemble(plan, number, sorted(outcomes, key=lambda outcome: outcome.item.place))
