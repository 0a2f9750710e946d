"""TFRecord files and the manifest beside them: every record's place, for access in any order.

    OUT/train-00000-of-00008.tfrecord    records one after the other
    OUT/train.manifest.json              what is in them, and what could not be

A record in a file, as TensorFlow's tsl/lib/io/record_writer.h has it (numbers little-endian):

    length 8 bytes | masked crc32c of the length 4 | data | masked crc32c of the data 4
"""

import json
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from keras_i3d.files import storage
from keras_i3d.files.hashes import masked_crc

VERSION = 1
FRAMING = 16  # bytes of a record besides its data
HEAD = struct.Struct("<QI")
TAIL = struct.Struct("<I")
# The list of a data set of a million videos is about 150 MB.
MAX_MANIFEST_BYTES = 1 << 30
# Names of splits become names of files.
SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class ManifestError(ValueError):
    """A manifest, or a shard, that is not what it should be; the message names file and cause."""


@dataclass(frozen=True)
class StoredVideo:
    """One video in a shard: its TFRecord.

    id: unique within the split.
    file: name of the shard, in the manifest's folder.
    offset: bytes before it in its shard; what TFRecordDatasetV2 calls byte_offsets.
    length: bytes of its data, a SequenceExample; in the file it takes 16 more.
    frames, height, width: how many pictures, and their pixels.
    flows: how many flow pictures, frames - 1, or 0 where the shards hold none.
    labels: numbers of its classes.
    """

    id: str
    file: str
    offset: int
    length: int
    frames: int
    height: int
    width: int
    flows: int
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Shard:
    """One file: its name, its size in bytes and its SHA-256 in hexadecimal."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that is known of one split: listed = written + len(failed).

    folder, split: where it was read.
    classes: their names; a label is a place in them.
    options: how they were made: fps, short_side, quality, seed, flow (a fingerprint, or None).
    shards: the files.
    videos: what is in them, shard by shard in the files' own order.
    failed: (id, path, cause) of the videos that are not.
    listed, list_sha256: how many videos were to be written, and what tells their list from others.
    """

    folder: str
    split: str
    classes: tuple[str, ...]
    options: dict[str, Any]
    shards: tuple[Shard, ...]
    videos: tuple[StoredVideo, ...]
    failed: tuple[tuple[str, str, str], ...]
    listed: int
    list_sha256: str

    @property
    def written(self) -> int:
        """Return how many videos are in the shards."""
        return len(self.videos)

    def path(self, video: StoredVideo) -> str:
        """Return the path of a video's shard."""
        return storage.join(self.folder, video.file)

    def summary(self) -> str:
        """Return the split's counts in a line."""
        size = sum(shard.bytes for shard in self.shards)
        failed = f", {len(self.failed)} not (why is in the manifest)" if self.failed else ""
        return (
            f"{self.split}: {self.listed} videos listed, {self.written} written in "
            f"{len(self.shards)} shards ({size / 1e6:.1f} MB){failed}"
        )


def manifest_path(folder: str, split: str) -> str:
    """Return where the manifest of a split is."""
    return storage.join(folder, f"{split}.manifest.json")


def shard_name(split: str, number: int, count: int) -> str:
    """Return a shard's name: 'train', 0, 8 gives train-00000-of-00008.tfrecord."""
    return f"{split}-{number:05d}-of-{count:05d}.tfrecord"


def read_manifest(folder: str | os.PathLike, split: str) -> Manifest:
    """Read a split's manifest; all in it is checked, and that its shards are there whole.

    Args:
        folder: a folder, also gs:// or s3://.
        split: such as "train".

    Raises:
        FileNotFoundError: there is no such manifest.
        ManifestError: it is damaged, or does not fit its shards (by their size in bytes).
    """
    folder = os.fspath(folder)
    path = manifest_path(folder, split)
    if not SPLIT.fullmatch(split) or not storage.exists(path):
        there = ", ".join(splits_in(folder)) or "none"
        raise FileNotFoundError(f"{path}: no such manifest; splits in {folder}: {there}")
    if storage.size(path) > MAX_MANIFEST_BYTES:
        raise ManifestError(
            f"{path}: larger than {MAX_MANIFEST_BYTES} bytes, too large for a manifest"
        )
    try:
        manifest = parse_manifest(json.loads(storage.read(path)), folder)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        cause = f"no {error}" if isinstance(error, KeyError) else error
        raise ManifestError(
            f"{path}: not a manifest of make_tfrecords, or damaged: {cause}"
        ) from error
    if manifest.split != split:
        raise ManifestError(f"{path}: it is the manifest of split {manifest.split!r}")
    for shard in manifest.shards:
        check_size(storage.join(folder, shard.file), shard.bytes)
    return manifest


def splits_in(folder: str) -> list[str]:
    """Return the splits of which a folder has manifests."""
    if not storage.exists(folder):
        return []
    ending = ".manifest.json"
    return sorted(n.removesuffix(ending) for n in storage.names(folder) if n.endswith(ending))


def check_size(path: str, wanted: int) -> None:
    """Raise ManifestError unless a shard is there with so many bytes."""
    if not storage.exists(path):
        raise ManifestError(f"{path}: missing, though the manifest beside it lists it")
    if (found := storage.size(path)) != wanted:
        raise ManifestError(
            f"{path} should have {wanted} bytes, says the manifest. Received: {found}: damaged or "
            f"replaced"
        )


def parse_manifest(content: Any, folder: str) -> Manifest:
    """Return JSON as a Manifest; ValueError, KeyError or TypeError where it is none."""
    if _typed(content, "version", int) != VERSION:
        raise ValueError(f"version {content['version']}; this program reads version {VERSION}")
    split, classes = _typed(content, "split", str), tuple(_typed(content, "classes", list))
    if not SPLIT.fullmatch(split) or not all(isinstance(name, str) for name in classes):
        raise ValueError("split or classes are not names")
    shards, videos, count = [], [], len(_typed(content, "shards", list))
    for number, entry in enumerate(content["shards"]):
        shard = Shard(
            _typed(entry, "file", str), _count(entry, "bytes"), _typed(entry, "sha256", str)
        )
        if shard.file != shard_name(split, number, count):
            raise ValueError(f"shard {number} is called {shard.file!r}")
        shards.append(shard)
        videos += _videos(entry, shard, len(classes))
    failed = tuple(
        tuple(_typed(entry, key, str) for key in ("id", "path", "cause"))
        for entry in _typed(content, "failed", list)
    )
    listed = _count(content, "listed")
    if not listed == _count(content, "written") + len(failed) == len(videos) + len(failed):
        raise ValueError(f"{listed} videos listed, {len(videos)} written, {len(failed)} failed")
    ids = [video.id for video in videos] + [id for id, _, _ in failed]
    if len(set(ids)) < len(ids):
        raise ValueError("an id is in it twice")
    options = _typed(content, "options", dict)
    digest = _typed(content, "list_sha256", str)
    return Manifest(
        folder, split, classes, options, tuple(shards), tuple(videos), failed, listed, digest
    )


def _videos(entry: dict, shard: Shard, classes: int) -> Iterator[StoredVideo]:
    end = 0
    for item in _typed(entry, "videos", list):
        counts = (_count(item, key) for key in ("offset", "length", "frames", "height", "width"))
        labels = tuple(_typed(item, "labels", list))
        video = StoredVideo(
            _typed(item, "id", str), shard.file, *counts, _count(item, "flows"), labels
        )
        if video.offset != end:
            raise ValueError(f"{shard.file}: a video at byte {video.offset} instead of {end}")
        if not video.frames or video.flows not in (0, video.frames - 1):
            raise ValueError(f"{video.id}: {video.frames} frames, {video.flows} flow pictures")
        if not all(type(label) is int and 0 <= label < classes for label in labels):
            raise ValueError(f"{video.id}: labels {labels} of {classes} classes")
        end += video.length + FRAMING
        yield video
    if end != shard.bytes:
        raise ValueError(f"{shard.file}: its videos end at byte {end} of {shard.bytes}")


def _typed(entry: Any, key: str, kind: type):
    if not isinstance(entry, dict):
        raise TypeError(f"{type(entry).__name__} instead of an object with {key!r}")
    value = entry[key]
    if type(value) is not kind:
        raise TypeError(f"{key} is {value!r:.40}, not of type {kind.__name__}")
    return value


def _count(entry: Any, key: str) -> int:
    value = _typed(entry, key, int)
    if not 0 <= value < 1 << 63:
        raise ValueError(f"{key} is {value}")
    return value


# === Records ===


def framed(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a record as it stands in a file, in three parts that follow one another."""
    length = struct.pack("<Q", len(data))
    return HEAD.pack(len(data), masked_crc(length)), data, TAIL.pack(masked_crc(data))


def read_record(path: str | os.PathLike, offset: int, length: int | None = None) -> bytes:
    """Return the data of the record at a place of a local file, its checksums verified.

    Args:
        path: a TFRecord file.
        offset: bytes before the record.
        length: bytes of data it must have; None if that is not known.
    """
    with open(path, "rb") as file:
        file.seek(offset)
        head = file.read(HEAD.size)
        if len(head) == HEAD.size:
            size, crc = HEAD.unpack(head)
            whole = crc == masked_crc(head[:8]) and length in (None, size)
            # A length whose checksum is right is read; one that goes past the end never.
            if whole and offset + size + FRAMING <= os.fstat(file.fileno()).st_size:
                data, tail = file.read(size), file.read(TAIL.size)
                if TAIL.unpack(tail)[0] == masked_crc(data):
                    return data
    raise ManifestError(f"{path}: no whole record of {length or 'any'} bytes at byte {offset}")
