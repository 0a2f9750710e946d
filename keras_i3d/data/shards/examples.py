"""One video to one record, in a worker process: decoded, resized, as JPEG, with its labels."""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import closing

import numpy as np
from PIL import Image

from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.data.shards.flow import stored_flow
from keras_i3d.data.shards.manifest import framed
from keras_i3d.data.shards.plan import Job, ShardOptions
from keras_i3d.data.shards.sequence_example import Example, Pictures, build
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.files import storage
from keras_i3d.files.workers import Outcome, run_all

# A video becomes one message, which is held three times while it is written.
MAX_BYTES = 1 << 30
MAX_JPEG_SIDE = 65_500  # libjpeg's own limit


def written_records(
    jobs: Iterable[Job],
    processes: int | None = None,
    seconds: float | None = 600,
    megabytes: int | None = 4000,
) -> Iterator[Outcome]:
    """Write the records of many videos in processes of their own; as workers.run_all.

    Raises:
        OSError: a record could not be written, as on a full disk: that is no video's fault.
    """
    with closing(run_all(_written_record, jobs, processes, seconds, megabytes)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome.result, OSError):
                raise outcome.result
            yield outcome


def _written_record(job: Job) -> dict | OSError:
    """The record's entry; or why no record can be written at all."""
    try:
        return write_record(job)
    except OSError as error:  # what is wrong with the video itself is a VideoError
        # By its three parts, since they are what travels between processes.
        return OSError(error.errno, error.strerror or str(error), error.filename or job.work)


def write_record(job: Job) -> dict:
    """Write the record of a video to its place of work; returns its entry for the manifest.

    What is there already, from an interrupted run, is kept.

    Raises:
        VideoError: no frame of the file can be decoded; or too many, or too large.
    """
    if storage.exists(job.work):
        return read_entry(job.work)
    example = encode_video(job)
    data = build(example)
    images, flow = example.images, example.flow
    entry = {
        "id": job.video.id,
        "length": len(data),
        "frames": len(images.encoded),
        "height": images.height,
        "width": images.width,
        "flows": 0 if flow is None else len(flow.pictures.encoded),
        "labels": list(job.video.labels),
    }
    del example, images, flow
    storage.write(job.work, json.dumps(entry).encode() + b"\n", *framed(data))
    return entry


def read_entry(path: str) -> dict:
    """Return the entry of a record that waits for its shard."""
    with storage.reading(path) as file:
        return json.loads(file.readline())


def encode_video(job: Job) -> Example:
    """Decode, resize and compress one video."""
    options, video = job.options, job.video
    first = round((video.start or 0) * options.fps)
    last = None if video.end is None else max(first + 1, round(video.end * options.fps))
    with VideoFile(video.path) as file:
        spec = Preprocessing(fps=options.fps, short_side=options.short_side)
        images = _pictures(resized_frames(file, spec, first, last), video.path, first, options)
    names = [job.classes[label] for label in video.labels]
    segments = [
        (label, job.classes[label], start, end)
        for label, start, end in video.actions
        if start * options.fps < first + len(images.encoded) and end * options.fps > first
    ]
    flow = None if options.flow is None else stored_flow(job, images)
    return Example(video.id, job.data_path, video.labels, names, images, flow, segments)


def _pictures(
    frames: Iterator[np.ndarray], path: str, first: int, options: ShardOptions
) -> Pictures:
    encoded, size, shape = [], 0, None
    for frame in frames:
        shape = shape or frame.shape
        if frame.shape != shape:
            raise VideoError(path, f"its pictures change from {shape} to {frame.shape}")
        if max(shape) > MAX_JPEG_SIDE:
            raise VideoError(path, f"{shape[1]} x {shape[0]} pixels are too many for a JPEG")
        encoded.append(_jpeg(frame, options.quality))
        size += len(encoded[-1])
        if size > MAX_BYTES:
            raise VideoError(
                path,
                f"its first {len(encoded) / options.fps:.0f} s fill a record ({MAX_BYTES} bytes): "
                "list it in parts, with start and end",
            )
    if not encoded:
        raise VideoError(path, f"it ends before {first / options.fps:g} s, where its part starts")
    return Pictures(encoded, first, options.fps, "JPEG", 3, shape[0], shape[1])


def _jpeg(frame: np.ndarray, quality: int) -> bytes:
    # Colour at full resolution: halving it saves a fifth of the bytes, and costs as much error as
    # four steps of quality.
    file = io.BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()
