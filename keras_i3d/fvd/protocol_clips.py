"""From a video to the clip that a protocol takes of it: which frames, and their pixels."""

import hashlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from keras_i3d.data.pixels.float_resizing import resize_float
from keras_i3d.data.pixels.preprocessing import Preprocessing, scale
from keras_i3d.files.hashes import sha256
from keras_i3d.fvd.protocols import FVDProtocol, Resizing, digest
from keras_i3d.prediction_inputs import open_video

# What is kept of a clip is found by its content and by how it is made.
SUFFIX = ".npy"


@dataclass(frozen=True)
class ReadClip:
    """What was read of one video.

    content: SHA-256 of the file, or of the array.
    key: of the clip: its content and how it is made.
    frames: how many the video has; where only its first are read, no more than those.
    size: (height, width) of its frames; None where they were not looked at.
    clip: float32 (frames, size, size, 3) as the network takes it; None where the video is too
        short, or where its features are kept.
    features: those that are kept.
    notes: what a careful reader should know of the file.
    """

    content: str
    key: str
    frames: int
    size: tuple[int, int] | None = None
    clip: np.ndarray | None = None
    features: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether the protocol wants more frames than it has."""
        return self.clip is None and self.features is None


def frame_numbers(total: int, protocol: FVDProtocol, content: str) -> np.ndarray:
    """Return which frames of a video of `total` the protocol takes.

    The start at random depends on the seed and the video's content alone, so it is the same
    whatever the video is called and on which side it is.

    total=9, frames=3, stride=2    first: 0 2 4    middle: 2 4 6    random: 0 2 4 to 4 6 8

    Raises:
        ValueError: the video is too short.
    """
    latest = total - protocol.span
    if latest < 0:
        raise ValueError(f"total should be at least {protocol.span} frames. Received: {total}")
    start = {"first": 0, "middle": latest // 2}.get(protocol.clip)
    if start is None:
        drawn = int(digest({"seed": protocol.seed, "content": content})[:16], 16)
        start = int(np.random.default_rng(drawn).integers(0, latest + 1))
    return np.arange(protocol.frames) * protocol.stride + start


def frame_pixels(frame: np.ndarray, protocol: FVDProtocol, from_file: bool) -> np.ndarray:
    """Return (height, width, 3) as (size, size, 3) float32 in the protocol's range.

    Args:
        frame: uint8, or float32 in [0, 255].
        from_file: whether the steps for files alone are taken.
    """
    for step in protocol.resizing:
        if from_file or not step.files_only:
            frame = _resized(frame, step)
    low, high = protocol.range
    return scale(frame, Preprocessing(scale=255 / (high - low), offset=low))


def _resized(frame: np.ndarray, step: Resizing) -> np.ndarray:
    size, (height, width) = step.size, frame.shape[:2]
    if step.crop:
        # The longer side is rounded up, the corner down: cd-fvd and JunyaoHu, `preprocess`.
        rows, columns = (math.ceil(s * (size / min(height, width))) for s in (height, width))
        rows, columns = (size, columns) if height < width else (rows, size)
        frame = resize_float(frame, rows, columns, step.way)
        top, left = (rows - size) // 2, (columns - size) // 2
        frame = frame[top : top + size, left : left + size]
    else:
        frame = resize_float(frame, size, size, step.way)
    return frame.astype(np.uint8) if step.to_bytes else frame


def clip_of_array(video: np.ndarray, protocol: FVDProtocol, kept: Path | None = None) -> ReadClip:
    """Return the clip of a video in memory.

    Args:
        video: (time, height, width, 3) uint8, or float32 in [0, 255].
        kept: the folder of features that are kept.
    """
    digest_of = hashlib.sha256(f"{video.dtype} {video.shape}".encode())
    digest_of.update(np.ascontiguousarray(video))
    content, total, size = digest_of.hexdigest(), len(video), video.shape[1:3]
    key = _key(content, protocol, from_file=False)
    if total < protocol.span:
        return ReadClip(content, key, total, size)
    if (features := kept_features(kept, key)) is not None:
        return ReadClip(content, key, total, size, features=features)
    numbers = frame_numbers(total, protocol, content)
    clip = np.stack([frame_pixels(video[i], protocol, from_file=False) for i in numbers])
    return ReadClip(content, key, total, size, clip)


def clip_of_file(
    numbered: tuple[int, str], protocol: FVDProtocol, kept: Path | None = None
) -> ReadClip:
    """Return the clip of a video file or a folder of pictures; runs in a process of its own.

    Args:
        numbered: (its number, its path).
        kept: the folder of features that are kept.

    Raises:
        VideoError: no frame of it can be read.
    """
    path = numbered[1]
    content = _content(path)
    key = _key(content, protocol, from_file=True)
    if (features := kept_features(kept, key)) is not None:
        return ReadClip(content, key, protocol.span, features=features)
    total = protocol.span
    if protocol.clip != "first":
        total = sum(1 for _ in _frames(path, []))
        if total < protocol.span:
            return ReadClip(content, key, total)
    wanted = frame_numbers(total, protocol, content).tolist()
    notes, clip, count, size = [], [], 0, None
    for image in _frames(path, notes, set(wanted), wanted[-1] + 1):
        count += 1
        if image is not None:
            size = size or image.shape[:2]
            clip.append(frame_pixels(image, protocol, from_file=True))
    whole = np.stack(clip) if len(clip) == protocol.frames else None
    return ReadClip(content, key, count, size, whole, notes=tuple(notes))


def kept_features(kept: Path | None, key: str) -> np.ndarray | None:
    """Return the features of a clip that are kept; None where there are none, or damaged ones."""
    if kept is None:
        return None
    try:
        return np.load(kept_path(kept, key), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def kept_path(kept: Path, key: str) -> Path:
    """Return where the features of a clip are kept."""
    return kept / key[:2] / f"{key}{SUFFIX}"


def _key(content: str, protocol: FVDProtocol, from_file: bool) -> str:
    return digest({"content": content, "clip": protocol.clip_hash, "from_file": from_file})


def _frames(
    path: str, notes: list[str], wanted: set[int] | None = None, end: int | None = None
) -> Iterator[np.ndarray | None]:
    """Each frame of a file up to `end`; None for those that are not wanted."""
    with open_video(path) as video:
        for number, (frame, *_) in enumerate(islice(video.unconverted(), end)):
            yield video.image(frame) if wanted and number in wanted else None
        notes.extend(video.notes)


def _content(path: str) -> str:
    """SHA-256 of a file; of a folder of pictures, over its files."""
    if not os.path.isdir(path):
        with open_video(path):  # says what is wrong with it better than reading its bytes does
            return sha256(path)
    names = sorted(one.name for one in Path(path).iterdir() if one.is_file())
    lines = "".join(f"{sha256(Path(path) / name)}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
