"""The features of one video: all of them in a record, or window by window."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class FeatureWindow:
    """What the network says of one window of a video.

    arrays: {stream: {layer: float32}}, shaped as the pooling leaves it; with several crops their
        axis comes first.
    start, centre, end: seconds of the file's own clock.
    """

    arrays: Arrays
    start: float
    centre: float
    end: float


@dataclass(frozen=True)
class Features:
    """The features of a video.

    arrays: {stream: {layer: float32 (windows, ...)}}.
    start, centre, end: float64 (windows,) seconds of the file's own clock: a video that starts at
        10 s has windows that start at 10 s.
    fps: frames a second that the network saw; of a variable rate taken as it is, the nominal one.
    notes: what a careful reader should know: damage, a variable frame rate, a short video.
    metadata: how they were made and of what; goes into JSON.
    """

    arrays: Arrays
    start: np.ndarray
    centre: np.ndarray
    end: np.ndarray
    fps: float
    notes: tuple[str, ...]
    metadata: dict[str, Any]

    def __len__(self) -> int:
        return len(self.start)

    def named(self) -> dict[str, np.ndarray]:
        """Return the arrays by their names in files: "rgb", or of named layers "rgb_Mixed_4f"."""
        named = bool(self.metadata["features"]["layers"])
        return {
            f"{stream}_{layer}" if named else stream: array
            for stream, layers in self.arrays.items()
            for layer, array in layers.items()
        }

    def times(self) -> dict[str, np.ndarray]:
        """Return {"start", "centre", "end": float64 (windows,)} in seconds."""
        return {"start": self.start, "centre": self.centre, "end": self.end}

    def metadata_json(self) -> str:
        """Return the metadata, and the shapes of the arrays, in JSON: equal ones in equal text."""
        shapes = {name: array.shape for name, array in self.named().items()}
        return json.dumps({**self.metadata, "shapes": shapes}, sort_keys=True)
