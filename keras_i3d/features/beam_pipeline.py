"""The features of many videos as an Apache Beam pipeline, on any number of machines.

    jobs -> spread -> in batches -> each worker: the network, once; its videos, as many_videos does

The same functions do the work in the same folder, so the files are the same, an interrupted run is
continued, and a batch that Beam gives to two workers is made once. Videos and the output folder
must be on storage that all workers see.
"""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence

from keras_i3d.features.jobs import Job
from keras_i3d.features.many_videos import Finished
from keras_i3d.features.outcomes import video_stamp
from keras_i3d.features.output_folder import OutputFolder
from keras_i3d.features.to_folder import Order, extract_to_folder
from keras_i3d.files.beam_pipelines import check_runner, pipeline
from keras_i3d.shown_options import options_of

# To load a network takes as long as a few videos.
LEAST_BATCH, MOST_BATCH = 8, 64
CHANGED = "it changed, or its features did, while others were made: run the command again"


@options_of(extract_to_folder, without=("verify", "manifest"))
def extract_with_beam(
    order: Order,
    jobs: Sequence[Job],
    folder: str | os.PathLike,
    runner: str,
    skipped: Mapping[str, str],
    arguments: Sequence[str] = (),
    **limits,
) -> Iterator[Finished]:
    """Make the features of every video that has none yet on a Beam runner; then give the outcomes.

    Args:
        order, jobs, folder, skipped, limits: as for extract_to_folder.
        runner: "DirectRunner", "FlinkRunner", "SparkRunner" or "DataflowRunner".
        arguments: the runner's own options, such as "--project=NAME".

    Raises:
        ImportError: Beam is not installed.
        ValueError: there is no such runner.
        OtherFeaturesError, OSError: as extract_to_folder does.
    """
    check_runner(runner)
    with OutputFolder(folder, order.made()) as out:
        before = {job.name for job in jobs if out.settled(job)}
        with pipeline(runner, arguments) as (beam, made):
            (
                made
                | "jobs" >> beam.Create(jobs)
                | "spread" >> beam.Reshuffle()
                | "batch" >> beam.BatchElements(LEAST_BATCH, MOST_BATCH)
                | "extract" >> beam.Map(_extract, order, os.fspath(folder), limits)
            )
        records = [
            out.settled(job) or out.add_failed(job, CHANGED, video_stamp(job.path)) for job in jobs
        ]
        out.write_manifest(jobs, skipped)
    for job, record in zip(jobs, records, strict=True):
        yield Finished(job, record, fresh=job.name not in before)


def _extract(jobs: Sequence[Job], order: Order, folder: str, limits: Mapping) -> None:
    with _turn:
        for _ in extract_to_folder(_kept(order), jobs, folder, {}, manifest=False, **limits):
            pass


# An engine is of one thread, and Beam may have several in a process.
_turn = threading.Lock()
_loaded: dict[str, Order] = {}


def _kept(order: Order) -> Order:
    """The order that this process has had before, with its network, or this one from now on."""
    key = repr(order)
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = order
    return _loaded[key]
