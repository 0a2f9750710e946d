"""Shards that tools/make_tfrecords.py wrote, as a source of clips."""

import io
import json
import os
from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_i3d.data.flow.methods import FlowFingerprint, decode
from keras_i3d.data.shards.manifest import (
    FRAMING,
    HEAD,
    ManifestError,
    framed,
    read_manifest,
    read_record,
)
from keras_i3d.data.shards.sequence_example import parse
from keras_i3d.files import storage


class Shards:
    """One split of a folder of shards; batches/loading.py decodes its records in the graph.

    Args:
        folder: where the shards and their manifest are; also gs:// or s3://.
        split: such as "train".

    Attributes:
        videos: the manifest's StoredVideo of each.
        short_side: pixels of the shorter side of the stored frames.
        fps: stored frames a second.
        flow: how the stored flow was made; None if there is none.

    Raises:
        FileNotFoundError: there is no such split.
        ManifestError: the shards are damaged or incomplete; also while reading.
    """

    def __init__(self, folder: str | os.PathLike, split: str):
        self._manifest = read_manifest(folder, split)
        self.videos, self.class_names = self._manifest.videos, self._manifest.classes
        self.num_videos = len(self.videos)
        self.short_side: int = self._manifest.options["short_side"]
        self.notes: tuple[str, ...] = ()
        self.fps: int = self._manifest.options["fps"]
        flow = self._manifest.options["flow"]
        try:
            self.flow = None if flow is None else FlowFingerprint.from_json(json.dumps(flow))
        except ValueError as error:
            raise ManifestError(f"{folder}: manifest of {split}: {error}") from error

    def id(self, index: int) -> str:
        """Return the video's own name."""
        return self.videos[index].id

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the numbers of its classes."""
        return self.videos[index].labels

    def num_frames(self, index: int) -> int:
        """Return how many frames it has, at `fps` a second."""
        return self.videos[index].frames

    def record(self, index: int) -> bytes:
        """Return a video's SequenceExample; no other part of its shard is read."""
        video = self.videos[index]
        path = self._manifest.path(video)
        if not storage.is_remote(path):
            return read_record(path, video.offset, video.length)
        stored = storage.read(path, video.offset, video.offset + video.length + FRAMING)
        data = stored[HEAD.size : HEAD.size + video.length]
        if b"".join(framed(data)) != stored:
            raise ManifestError(f"{path}: the record at byte {video.offset} is damaged")
        return data

    def read(
        self, index: int, start: int, count: int, streams: Sequence[str] = ("rgb",)
    ) -> dict[str, np.ndarray]:
        """Read whole frames of a video; see clip_sources.Source."""
        example, clip = parse(self.record(index)), {}
        if "rgb" in streams:
            clip["rgb"] = _pictures(example.images.encoded[start : start + count])
        if "flow" in streams:
            if example.flow is None:
                raise ValueError(f"{self.id(index)} is stored without flow")
            stored = example.flow.pictures.encoded[start : start + count]
            clip["flow"] = decode(_pictures(stored), example.flow.bound)
        return clip


def _pictures(encoded: Sequence[bytes]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in encoded])
