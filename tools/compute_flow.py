"""Optical flow of many videos, on all cores: a file of lossless pictures for each video.

  keras-i3d compute_flow --out=FLOWS FILE [FILE ...]
  keras-i3d compute_flow --out=FLOWS --root=VIDEOS [--format=ucf101 --annotations=LISTS]

Videos are resampled to 25 frames a second and resized to a short side of 256, then comes their
flow. FLOWS/NAME.flow.zip has the flow of the whole file VIDEOS/NAME, and how it was made. Broken
off, the same command goes on with the videos that are missing; flow that was made in another way is
an error, not mixed. Exit status: 0 when all videos have their flow, 1 when some have not (the
others have), 2 for wrong flags, also when FLOWS holds flow made in another way.
"""

import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from absl import flags
from tqdm import tqdm

from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile, FlowFileError
from keras_i3d.data.flow.methods import (
    METHODS,
    FingerprintError,
    check_equal,
    compute_flow,
    fingerprint,
)
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.files.whole import remove_leftovers
from keras_i3d.files.workers import run_all, usable_cores
from keras_i3d.tools.dataset_flags import ROOT, annotations_from_flags
from keras_i3d.tools.flow_of_video import FlowTask, store_flow
from keras_i3d.tools.running import FlagError, ToolError, run

OUT = flags.DEFINE_string("out", None, "the folder for the flow")
METHOD = flags.DEFINE_enum("method", "tvl1", METHODS, "tvl1 is our own, the others are OpenCV's")
FPS = flags.DEFINE_integer("fps", 25, "frames a second", lower_bound=1)
SHORT_SIDE = flags.DEFINE_integer("short_side", 256, "pixels of the shorter side", lower_bound=1)
BOUND = flags.DEFINE_float("bound", 20, "pixels that flow is clamped to", lower_bound=1e-3)
RENDER = flags.DEFINE_bool("render", False, "also draw each flow: NAME.flow.mp4, hue = direction")
RENDER_PIXELS = flags.DEFINE_float(
    "render_pixels", 10, "motion of full colour, in pixels a frame", lower_bound=1e-3
)
WORKERS = flags.DEFINE_integer("workers", None, "cores to use [all]", lower_bound=1)
TIMEOUT = flags.DEFINE_float(
    "timeout", None, "seconds for one video [600, and 20 for each of its frames]", lower_bound=1
)
MEMORY_MB = flags.DEFINE_integer("memory_mb", 4000, "memory of a process, at most", lower_bound=100)
# Seconds: what a header promises beyond this is not believed.
LONGEST = 24 * 3600


def main(arguments: Sequence[str]) -> int:
    """Compute the flow of every video that has none yet; the exit status."""
    if not OUT.value:
        raise FlagError("no place for the flow: give --out=FOLDER")
    missing, videos = _videos(arguments)
    cores = WORKERS.value or usable_cores()
    tasks = [_task(path, name) for path, name in videos]
    try:
        os.makedirs(OUT.value, exist_ok=True)
        remove_leftovers(OUT.value, below=True)
        todo = [task for task in tasks if not _finished(task)]
        if any(not task.stored for task in todo):
            _prepare()
    except OSError as error:
        raise ToolError(f"{OUT.value}: {error.strerror or error}") from error
    except ImportError as error:
        raise ToolError(error) from error
    begin = time.monotonic()
    try:
        failed, pairs = _compute(_longest_first(todo), cores)
    finally:
        remove_leftovers(OUT.value, below=True)
    print(
        f"{len(tasks)} videos: {len(tasks) - len(todo)} had their flow, "
        f"{len(todo) - failed} computed ({pairs} pairs, {time.monotonic() - begin:.0f} s), "
        f"{failed} failed"
        + (f"; {missing} more are listed, but cannot be used" if missing else "")
        + f"; {OUT.value}"
    )
    return 1 if failed else 0


def _videos(arguments: Sequence[str]) -> tuple[int, list[tuple[str, str]]]:
    """How many listed videos cannot be used; (path, name) of the others."""
    if ROOT.value is not None:
        if arguments:
            raise FlagError("give files, or a data set by --root, not both")
        annotations = annotations_from_flags()
        paths = {v.path: None for videos in annotations.splits.values() for v in videos}
        named = [(path, os.path.relpath(path, ROOT.value)) for path in paths]
        for path, name in named:
            if name.startswith(os.pardir + os.sep):
                raise FlagError(f"{path} is not below {ROOT.value}: give its --root")
        if annotations.problems:
            print(annotations.problems.report(), file=sys.stderr)
        return len(annotations.problems), named
    if not arguments:
        raise FlagError("no videos: give files, or a data set by --root")
    named = [(path, os.path.basename(os.path.normpath(path))) for path in dict.fromkeys(arguments)]
    owners: dict[str, str] = {}
    for path, name in named:
        if owners.setdefault(name, path) != path:
            raise FlagError(f"{owners[name]} and {path} would both be {name}{SUFFIX}: use --root")
    return 0, named


def _task(path: str, name: str) -> FlowTask:
    out = os.path.join(OUT.value, name)
    picture = f"{out}.flow.mp4" if RENDER.value else None
    sizes = (FPS.value, SHORT_SIDE.value, BOUND.value)
    return FlowTask(
        path, out + SUFFIX, name, 0, METHOD.value, *sizes, 1, picture, RENDER_PIXELS.value
    )


def _finished(task: FlowTask) -> bool:
    """Whether the flow, and its drawing, are there; FlagError when it was made in another way."""
    if not os.path.exists(task.out):
        return False
    try:
        with FlowFile(task.out) as stored:
            check_equal(fingerprint(task.method, task.spec), stored.fingerprint, task.out)
    except FlowFileError as error:
        print(f"compute_flow: {error}; computed again", file=sys.stderr)
        return False
    except FingerprintError as error:
        raise FlagError(f"{error}\ngive another --out, or the flags of that flow") from error
    return task.picture is None or os.path.exists(task.picture)


def _prepare() -> None:
    """Load what the method needs, and compile it once for all processes."""
    begin = time.monotonic()
    compute_flow(np.zeros((2, 32, 32, 3), np.uint8), METHOD.value, threads=1)
    if time.monotonic() - begin > 2:
        print(f"{METHOD.value} was compiled for this machine; this is done once", file=sys.stderr)


def _longest_first(tasks: list[FlowTask]) -> list[FlowTask]:
    """With the frames that the headers promise; the longest first, so that no core waits."""

    def counted(task: FlowTask) -> FlowTask:
        stored = os.path.exists(task.out) and task.picture is not None and _readable(task.out)
        try:
            with VideoFile(task.path) as video:
                frames = round(min(video.duration or 10, LONGEST) * task.fps)
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


def _compute(tasks: list[FlowTask], cores: int) -> tuple[int, int]:
    """(videos that failed, pairs of frames that were done)."""
    if not tasks:
        return 0, 0
    processes = min(cores, len(tasks))
    tasks = [replace(task, threads=cores // processes) for task in tasks]
    seconds = TIMEOUT.value or 600 + 20 * tasks[0].frames
    failed = pairs = 0
    pause = 0.1 if sys.stderr.isatty() else 30
    # Averaged over the whole run: the rate of the last few videos would say little.
    bar = tqdm(total=sum(t.frames for t in tasks), unit=" frames", smoothing=0, mininterval=pause)
    with bar:
        for outcome in run_all(store_flow, tasks, processes, seconds, MEMORY_MB.value):
            if outcome.error is not None:
                failed += 1
                message = f"compute_flow: {outcome.item.path}: {outcome.error}"
                bar.write(message, file=sys.stderr)
            else:
                pairs += outcome.result
            bar.update(outcome.item.frames)
    return failed, pairs


if __name__ == "__main__":
    run(main)
