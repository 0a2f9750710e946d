"""The flow of many videos, a file for each, computed in processes of their own; resumable."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile, FlowFileError, write_flow_file
from keras_i3d.data.flow.methods import (
    FlowFingerprint,
    check_equal,
    compute_flow,
    decode,
    fingerprint,
    flows,
)
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, Preprocessing
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.data.video.timing import LONGEST_VIDEO
from keras_i3d.files.whole import remove_leftovers
from keras_i3d.files.workers import Outcome, run_all, usable_cores

DRAWING = ".flow.mp4"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FlowTask:
    """One video, and how to make its flow.

    path, out: the video and the file for its flow; video: its name in that file.
    method, spec: how; see compute_flows.
    draw, drawing: what draws the flow, and where; None for nothing.
    frames: how many the video has at spec.fps, by its header; for the clock only.
    threads: pairs at once.
    stored: whether `out` is already there, and only the drawing is missing.
    """

    path: str
    out: str
    video: str
    method: str
    spec: Preprocessing
    draw: Callable | None
    drawing: str | None
    frames: int = 0
    threads: int = 1
    stored: bool = False


@dataclass(frozen=True)
class Computed:
    """How many videos had their flow, were computed, failed; and how many pairs of frames."""

    had: int
    computed: int
    failed: int
    pairs: int


def compute_flows(
    videos: Sequence[tuple[str, str]],
    folder: str | os.PathLike,
    method: str = "tvl1",
    spec: Preprocessing = DEEPMIND_FLOW,
    draw: Callable[[str, Iterable[np.ndarray], float], object] | None = None,
    cores: int | None = None,
    seconds: float | None = None,
    megabytes: int | None = 4000,
    watch: Callable[[Iterable[Outcome], int], Iterable[Outcome]] = lambda outcomes, frames: (
        outcomes
    ),
) -> Computed:
    """Compute the flow of every video that has none yet in FOLDER/NAME.flow.zip.

    Args:
        videos: (path, name below the folder) of each.
        folder: for the flow; created if it is missing.
        method: as for methods.compute_flow.
        spec: fps, short_side and bound count.
        draw: a function of a module, called in another process with (path of an MP4, flows in
            pixels, fps) to draw a video's flow in FOLDER/NAME.flow.mp4; None for no drawings.
        cores: how many to use; by default all.
        seconds, megabytes: limits for one video; by default 600 s and 20 for each of its frames.
        watch: called with the outcomes (their items FlowTasks, their results pairs of frames) and
            the number of frames to come, gives them on; for a progress bar.

    Raises:
        FingerprintError: the folder has flow that was made in another way; nothing is done.
        ImportError: a package that the method needs is not installed.
        OSError: the folder cannot be written.
    """
    tasks = [_task(path, os.path.join(folder, name), name, method, spec, draw)
             for path, name in videos]  # fmt: skip
    os.makedirs(folder, exist_ok=True)
    todo = _longest_first([task for task in tasks if not _finished(task)])
    if any(not task.stored for task in todo):
        _prepare(method)
    failed = pairs = 0
    try:
        for outcome in _outcomes(todo, cores or usable_cores(), seconds, megabytes, watch):
            failed += outcome.error is not None
            pairs += outcome.result or 0
    finally:
        remove_leftovers(folder, below=True)  # of processes that were ended
    return Computed(len(tasks) - len(todo), len(todo) - failed, failed, pairs)


def named_below(paths: Iterable[str], root: str | os.PathLike | None) -> list[tuple[str, str]]:
    """Return (path, name) of videos as compute_flows takes them, each path once.

    Args:
        paths: of the videos.
        root: the folder that names start from; None for the files' own names.

    Raises:
        ValueError: a path is not below the root, or two files have one name.
    """
    named, owners = [], {}
    for path in dict.fromkeys(paths):
        if root is None:
            name = os.path.basename(os.path.normpath(path))
        else:
            name = os.path.relpath(path, root)
        if name.startswith(os.pardir + os.sep):
            raise ValueError(f"{path} should be below the root. Received: root={root}")
        if owners.setdefault(name, path) != path:
            both = f"{owners[name]} and {path}"
            raise ValueError(f"{both} would both be {name}{SUFFIX}: give a root above them")
        named.append((path, name))
    return named


def stored_fingerprint(folder: str | os.PathLike) -> FlowFingerprint:
    """Return how the flow in a folder was made, as its first file says.

    Raises:
        ValueError: there is no flow in it.
        FlowFileError: the file is damaged.
    """
    for below, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SUFFIX):
                with FlowFile(os.path.join(below, name)) as stored:
                    return stored.fingerprint
    raise ValueError(f"{folder}: no flow files (*{SUFFIX}) in it")


def store_flow(task: FlowTask) -> int:
    """Compute, store and draw the flow of a video; returns how many pairs of frames it has."""
    os.makedirs(os.path.dirname(task.out) or ".", exist_ok=True)
    if not task.stored:
        if task.method != "tvl1" and task.threads == 1:
            from keras_i3d.data.flow import opencv_flow

            opencv_flow.one_thread()
        with VideoFile(task.path) as video:
            computed = flows(resized_frames(video, task.spec), task.method, task.threads)
            write_flow_file(task.out, computed, fingerprint(task.method, task.spec), task.video)
    with FlowFile(task.out) as stored:
        if task.draw:
            task.draw(task.drawing, _decoded(stored), task.spec.fps)
        return len(stored)


def _decoded(stored: FlowFile) -> Iterator[np.ndarray]:
    for number in range(len(stored)):
        yield decode(stored[number], stored.fingerprint.bound)


def _task(path: str, out: str, name: str, method: str, spec: Preprocessing, draw) -> FlowTask:
    return FlowTask(path, out + SUFFIX, name, method, spec, draw, out + DRAWING if draw else None)


def _finished(task: FlowTask) -> bool:
    """Whether the flow, and its drawing, are there."""
    if not os.path.exists(task.out):
        return False
    try:
        with FlowFile(task.out) as stored:
            check_equal(fingerprint(task.method, task.spec), stored.fingerprint, task.out)
    except FlowFileError as error:
        logger.warning("%s; computed again", error)
        return False
    return task.drawing is None or os.path.exists(task.drawing)


def _prepare(method: str) -> None:
    """Load what the method needs, and compile it once for all processes."""
    begin = time.monotonic()
    compute_flow(np.zeros((2, 32, 32, 3), np.uint8), method, threads=1)
    if time.monotonic() - begin > 2:
        logger.warning("%s was compiled for this machine; this is done once", method)


def _longest_first(tasks: list[FlowTask]) -> list[FlowTask]:
    """With the frames that the headers promise; the longest first, so that no core waits."""

    def counted(task: FlowTask) -> FlowTask:
        stored = os.path.exists(task.out) and task.drawing is not None and _readable(task.out)
        try:
            with VideoFile(task.path) as video:
                frames = round(min(video.duration or 10, LONGEST_VIDEO) * task.spec.fps)
        except (VideoError, MemoryError):
            frames = 1  # the worker says what is wrong
        return replace(task, frames=max(frames, 1), stored=stored)

    with ThreadPoolExecutor(4) as pool:
        return sorted(pool.map(counted, tasks), key=lambda task: -task.frames)


def _readable(path: str) -> bool:
    try:
        with FlowFile(path):
            return True
    except FlowFileError:
        return False


def _outcomes(tasks: list[FlowTask], cores: int, seconds, megabytes, watch) -> Iterable[Outcome]:
    if not tasks:
        return ()
    processes = min(cores, len(tasks))
    tasks = [replace(task, threads=cores // processes) for task in tasks]
    seconds = seconds or 600 + 20 * tasks[0].frames
    outcomes = run_all(store_flow, tasks, processes, seconds, megabytes)
    return watch(outcomes, sum(task.frames for task in tasks))
