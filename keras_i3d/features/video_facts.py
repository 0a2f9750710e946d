"""What is known of a video beside its frames, for the metadata of its features."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from keras_i3d.features.jobs import Part
from keras_i3d.files.hashes import sha256


@dataclass(frozen=True)
class VideoFacts:
    """What is known of a video once all of it is read.

    path: as it was given. sha256, bytes: of the file; None of frames in memory.
    frames, width, height, fps: of the file itself, before resampling.
    begin: the time of the file's first frame, on its own clock.
    part: what of it was wanted: start and end in seconds from that frame; None for the file's own.
    seen: how many frames the network saw of it.
    seconds: from the first of these to the end of the last.
    notes: what a careful reader should know of it.
    """

    path: str
    sha256: str | None
    bytes: int | None
    frames: int
    width: int
    height: int
    fps: float
    begin: float
    part: Part
    seen: int
    seconds: float
    notes: tuple[str, ...]


def content_hash(path: str) -> tuple[str, int]:
    """Return the SHA-256 and the bytes of a video; of a folder, over its files in their order."""
    if not os.path.isdir(path):
        return sha256(path), os.path.getsize(path)
    files = sorted(one for one in Path(path).iterdir() if one.is_file())
    lines = "".join(f"{sha256(one)}  {one.name}\n" for one in files)
    digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    return digest, sum(one.stat().st_size for one in files)
