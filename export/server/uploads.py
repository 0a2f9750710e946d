"""Frames of a video file that somebody sent: decoded in a process of its own, within limits."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from keras_i3d.data import VideoError, VideoFile, cropped_frames
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.export.client.video_query import sent_frames
from keras_i3d.export.server.refusal import Refusal
from keras_i3d.files.workers import run_all

# Of one file; FFmpeg needs about a gigabyte for 8K video.
SECONDS, MEGABYTES = 60, 3000
# A minute at 25 frames a second; 300 MB on disk at 256 x 256.
MOST_FRAMES = 1500


@dataclass(frozen=True)
class Job:
    """What the process is to do: read `path` from second `start` on, write to `frames`."""

    path: str
    frames: str
    sees: Input
    most_frames: int
    start: float
    end: float | None


@contextmanager
def uploaded_frames(
    path: Path,
    sees: Input,
    most_frames: int = MOST_FRAMES,
    start: float = 0,
    end: float | None = None,
    gone: Callable[[], bool] | None = None,
) -> Iterator[tuple[np.ndarray, list[str]]]:
    """Give (frames, notes) of a file; the frames as they are sent to `serving_default`.

    Args:
        path: the file, not to be trusted; the frames are written beside it while they are in use.
        sees: what the model sees of a video.
        most_frames: of those that it sees; what comes after them is left out, and a note says so.
        start, end: seconds of the part to look at; by default all.
        gone: asked now and then whether the sender has left.

    Returns:
        frames: (time, short side, short side, 3) uint8 of which the model cuts its centre, read
        from disk as they are needed.

    Raises:
        VideoError: when no frame can be decoded, or not within 60 s and 3 GB.
        Refusal: when the sender has left.
    """
    job = Job(str(path), f"{path}.frames", sees, most_frames, start, end)
    try:
        outcomes = list(run_all(decode, [job], 1, SECONDS, MEGABYTES, stop=gone))
        if not outcomes:
            raise Refusal("CANCELLED", "the client is gone")
        outcome = outcomes[0]
        if outcome.error is not None:
            raise VideoError("the video", outcome.error)
        count, notes = outcome.result
        side = sees.short_side
        yield np.memmap(job.frames, np.uint8, "r", shape=(count, side, side, 3)), notes
    finally:
        if os.path.exists(job.frames):
            os.remove(job.frames)


def decode(job: Job) -> tuple[int, list[str]]:
    """Decode in the process: how many frames were written, and notes about them."""
    with VideoFile(job.path) as video, open(job.frames, "wb") as file:
        spec = sent_frames(job.sees.preprocessing)
        last = None if job.end is None else round(job.end * spec.fps)
        frames = cropped_frames(video, spec, round(job.start * spec.fps), last)
        frames = islice(frames, None, None, Pace({"rgb": job.sees}).every)
        count = 0
        for frame in islice(frames, job.most_frames):
            file.write(np.ascontiguousarray(frame).data)
            count += 1
        more = next(frames, None) is not None
        notes = list(video.notes)
    if not count and job.start:
        raise VideoError(job.path, f"it ends before {job.start:g} s")
    if more:
        seen = job.most_frames / Pace({"rgb": job.sees}).rate
        which = f"{seen:g} s from {job.start:g} s on" if job.start else f"its first {seen:g} s"
        notes.append(f"long: only {which} were used")
    return count, notes
