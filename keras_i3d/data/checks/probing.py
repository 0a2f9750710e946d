"""What a video file really holds: every frame of it is decoded."""

import os
from dataclasses import dataclass

from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.files.hashes import sha256
from keras_i3d.files.journal import file_stamp

OK, DAMAGED, FAILED, MISSING = "ok", "damaged", "failed", "missing"
STATUSES = (OK, DAMAGED, FAILED, MISSING)


@dataclass(frozen=True)
class Probe:
    """What was found in one file.

    status: "ok"; "damaged": some of it cannot be decoded, the rest can; "failed": nothing can;
        "missing": there is no file, or a link to none.
    frames: how many were decoded.
    fps: nominal frames per second.
    size: width and height of the first frame, upright, in pixels.
    bytes, sha256: of the file.
    duration: seconds for which the frames are shown, by their time stamps; not by the header.
    cause: why it failed, in a line.
    notes: of its damage, or a variable frame rate.
    """

    status: str
    frames: int = 0
    fps: float | None = None
    size: tuple[int, int] | None = None
    bytes: int | None = None
    duration: float | None = None
    sha256: str | None = None
    cause: str | None = None
    notes: tuple[str, ...] = ()


def probe(path: str | os.PathLike) -> Probe:
    """Decode the whole file. One frame is held at a time."""
    if not os.path.exists(path):
        try:
            VideoFile(path)
        except VideoError as error:
            return Probe(MISSING, cause=error.cause)
    stamp = file_stamp(path)
    size_in_bytes = stamp and stamp["bytes"]
    digest = None
    try:
        if stamp:
            digest = sha256(path)
        with VideoFile(path) as video:
            # Converted too: what only an image shows, such as an odd rotation, is noted.
            end = max(end for _, _, end in video.shown(iter(video)))
    except (VideoError, OSError) as error:
        cause = getattr(error, "cause", None) or getattr(error, "strerror", None) or str(error)
        return Probe(FAILED, bytes=size_in_bytes, sha256=digest, cause=cause)
    return Probe(
        DAMAGED if any(note.startswith(DAMAGED) for note in video.notes) else OK,
        frames=video.frames,
        fps=round(float(video.fps), 3),
        size=(video.width, video.height),
        bytes=size_in_bytes,
        duration=round(float(end), 6),
        sha256=digest,
        notes=tuple(video.notes),
    )
