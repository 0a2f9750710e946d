"""The features of many videos: processes decode, one network computes, and nothing is lost.

videos -> a lease each -> decoded in processes of their own -> windows of all videos in one
queue -> batches -> the network -> the windows of a video back together -> its file, its record
"""

import contextlib
import dataclasses
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from keras_i3d.features.extractor import FeatureExtractor
from keras_i3d.features.jobs import Job
from keras_i3d.features.outcomes import video_stamp
from keras_i3d.features.output_folder import OutputFolder
from keras_i3d.features.seen_frames import frames_of
from keras_i3d.features.timed_windows import TimedWindow, TimedWindows
from keras_i3d.features.video_facts import VideoFacts
from keras_i3d.features.video_features import Features, FeatureWindow
from keras_i3d.files.producers import Producer, ProducerError
from keras_i3d.files.workers import usable_cores

# Windows that wait for the network: for each process that decodes, and bytes of them all.
WAITING, WAITING_BYTES = 4, 1 << 30
# Bytes of the windows that are being filled, two for each process; more have fewer processes.
FILLED_BYTES = 4 << 30
# Seconds between two looks at what other processes hold.
PATIENCE = 1.0
Writer = Callable[[Features, Path], list[Path]]


@dataclass(frozen=True)
class Finished:
    """One video with its outcome.

    record: its line in the manifest. fresh: whether this process has made it now.
    frames: how many frames the network saw of it now.
    """

    job: Job
    record: dict
    fresh: bool
    frames: int = 0

    @property
    def status(self) -> str:
        """ "done" or "failed"."""
        return self.record["status"]


@dataclass
class _Open:
    """A video under way: how its file was before it was read, and what the network gave so far."""

    job: Job
    stamp: Any = None
    windows: list[FeatureWindow] = field(default_factory=list)
    facts: VideoFacts | None = None
    cause: str | None = None
    frames: int = 0


def extract_many(
    extractor: FeatureExtractor,
    jobs: Sequence[Job],
    out: OutputFolder,
    write: Writer,
    *,
    processes: int | None = None,
    seconds: float | None = 600,
    megabytes: int | None = 4000,
    seen: Callable[[int], object] = lambda frames: None,
) -> Iterator[Finished]:
    """Make the features of every video that has none yet, and give what became of each.

    Other processes, on any machine, may do the same on the same folder at the same time: each video
    is made once, and each process ends when all have their outcome.

    Args:
        extractor: the network and its settings.
        jobs: the videos.
        out: their folder, entered.
        write: writes a video's features at a path without suffix and returns the files.
        processes: how many decode at once; see decoding_processes.
        seconds, megabytes: the longest wait for the next frames, and the memory, of a process that
            decodes.
        seen: called with the number of frames that each window goes on by; for a progress bar.
    """
    left = list(jobs)
    size = extractor.sight.window_bytes(extractor.settings.window)
    count = min(processes or decoding_processes(size), max(1, len(left)))
    producers = [Producer(frames_of, seconds, megabytes) for _ in range(count)]
    try:
        while left:
            left = yield from _one_pass(extractor, left, out, write, producers, seen)
            if left:  # others are at work on them
                time.sleep(PATIENCE)
    finally:
        for producer in producers:
            producer.close()


def decoding_processes(size: int) -> int:
    """Return one for each core, or as many as there is room for windows of `size` bytes."""
    return min(usable_cores(), max(1, FILLED_BYTES // (2 * size)))


def windows_waiting(size: int, processes: int) -> int:
    """Return how many windows of `size` bytes may wait for the network."""
    return min(WAITING * processes, max(1, WAITING_BYTES // size))


def _one_pass(extractor, jobs, out, write, producers, seen) -> Iterator[Finished]:
    """Work on all that is free now; returns what other processes hold."""
    feeder = _Feeder(extractor, jobs, out, write, producers)
    try:
        for (video, is_last), window in extractor.run(feeder.windows()):
            yield from feeder.settled()
            seen(extractor.settings.stride)
            if video.cause is None:
                video.windows.append(window)
            if is_last:
                yield _finished(extractor, video, out, write)
        yield from feeder.settled()
    finally:
        feeder.close()
    return feeder.held


def _finished(extractor, video: _Open, out: OutputFolder, write) -> Finished:
    """Write a video's features, or record why it has none."""
    if video_stamp(video.job.path) != video.stamp:
        video.cause = "it changed while it was read; run the command again when it is whole"
    if video.cause is None:
        features = extractor.gathered(video.windows, video.facts, video.job.labels)
        paths = write(features, out.folder / video.job.name)
        record = out.add_done(video.job, video.stamp, len(features), features.notes, paths)
    else:
        record = out.add_failed(video.job, video.cause, video.stamp)
    out.leases.give_back(video.job.key)
    return Finished(video.job, record, True, video.frames)


class _Feeder:
    """Reads videos in as many threads as there are producers, and queues their windows.

    Attributes:
        held: videos that other processes are at work on.
    """

    def __init__(self, extractor, jobs: Sequence[Job], out: OutputFolder, write, producers):
        self._extractor, self._out, self._writer = extractor, out, write
        threads = max(1, usable_cores() // len(producers))
        self._sight = dataclasses.replace(extractor.sight, threads=threads)
        self._jobs, self._choosing = iter(jobs), threading.Lock()
        self.held: list[Job] = []
        self._settled: deque[Finished | _Open] = deque()
        size = self._sight.window_bytes(extractor.settings.window)
        self._queue: queue.Queue = queue.Queue(windows_waiting(size, len(producers)))
        self._stopped, self._producers = False, producers
        self._threads = [threading.Thread(target=self._work, args=[p]) for p in producers]
        for thread in self._threads:
            thread.start()

    def windows(self) -> Iterator[tuple[tuple[_Open, bool], TimedWindow]]:
        """Give ((video, whether it is its last), window) of all videos, as they come."""
        working = len(self._threads)
        while working:
            item = self._queue.get()
            if isinstance(item, BaseException):
                raise item
            if item is None:
                working -= 1
            else:
                yield item

    def settled(self) -> Iterator[Finished]:
        """Give the videos that had their outcome, failed, or gave no window."""
        while self._settled:
            one = self._settled.popleft()
            if isinstance(one, _Open):
                one = _finished(self._extractor, one, self._out, self._writer)
            yield one

    def close(self) -> None:
        """End the threads; of videos half read nothing is kept."""
        self._stopped = True
        if any(thread.is_alive() for thread in self._threads):
            for producer in self._producers:
                producer.close()
        for thread in self._threads:
            thread.join()

    def _work(self, producer: Producer) -> None:
        try:
            while (job := self._next()) is not None:
                self._read(job, producer)
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _next(self) -> Job | None:
        """The next video that has no outcome and that nobody else works on."""
        with self._choosing:
            for job in self._jobs:
                if self._stopped:
                    break
                if not self._is_settled(job):
                    if not self._out.leases.take(job.key):
                        self.held.append(job)
                    elif self._is_settled(job):  # meanwhile, by the last holder of the lease
                        self._out.leases.give_back(job.key)
                    else:
                        return job
        return None

    def _is_settled(self, job: Job) -> bool:
        record = self._out.settled(job)
        if record is None and job.cause is not None:
            record = self._out.add_failed(job, job.cause, video_stamp(job.path))
        if record is not None:
            self._settled.append(Finished(job, record, fresh=False))
        return record is not None

    def _read(self, job: Job, producer: Producer) -> None:
        video, window = _Open(job, video_stamp(job.path)), None
        chunks = producer.results((job.path, self._sight, job.part, job.flow_name))
        windows = TimedWindows(chain.from_iterable(chunks), self._extractor.settings.cutting)
        try:
            for one in windows:
                if window is not None:
                    self._put(((video, False), window))
                window = one
        except ProducerError as error:
            video.cause = error.cause
        video.facts, video.frames = windows.facts, windows.count
        if window is None or video.cause is not None:
            self._settled.append(video)
        else:
            self._put(((video, True), window))

    def _put(self, item) -> None:
        while not self._stopped:
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=1)
                return
