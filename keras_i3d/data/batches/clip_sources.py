"""Where clips come from: anything that knows its videos by number and can read frames of one."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from keras_i3d.data.pixels.cropping import Cropper, crop_corner
from keras_i3d.data.pixels.preprocessing import Input

# From a video's number of frames to those that each stream wants; None if none is wanted.
Choice = Callable[[int], Mapping[str, np.ndarray] | None]


class Source(Protocol):
    """Videos by number; `synthetic.SyntheticVideos`, VideoFiles and Shards are sources.

    A source that computes no more than the crops, and need not know its frames beforehand, has a
    method read_crops too, with the arguments and results of the function here.

    num_videos: how many; they are numbered from 0.
    class_names: a label is a place in it.
    fps: frames a second, as they are numbered.
    notes: what was chosen or left out of a list, in sentences.
    """

    num_videos: int
    class_names: tuple[str, ...]
    fps: int
    notes: tuple[str, ...]

    def id(self, index: int) -> str:
        """Return the video's own name; unique."""

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the numbers of its classes."""

    def num_frames(self, index: int) -> int:
        """Return its number of frames, at `fps` a second."""

    def read(
        self, index: int, start: int, count: int, streams: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Return frames start, start + 1, ... of a video, `count` of them, of any size.

        Returns:
            rgb: (count, height, width, 3) uint8.
            flow: (count or count - 1, height, width, 2) float32, x then y, in pixels; entry i is
                from frame start + i to the next one. The last is missing at the video's end.
        """


def read_crops(
    source: Source,
    index: int,
    choose: Choice,
    crops: Sequence[tuple[float, float]],
    inputs: Mapping[str, Input],
) -> dict[str, np.ndarray] | None:
    """Return crops of chosen frames of a video, by the source's own method if it has one.

    Args:
        source: where the video is.
        index: its number.
        choose: says which frames of each stream.
        crops: where each crop lies; see sampling.View.
        inputs: what each stream sees; its short_side and crop are taken.

    Returns:
        rgb: (crops, time, crop, crop, 3) uint8; flow: (crops, time, crop, crop, 2) float32 in
        pixels: entry i is from frame i to the video's next one, and the one before it where there
        is none. None if nothing was chosen.
    """
    if hasattr(source, "read_crops"):
        return source.read_crops(index, choose, crops, inputs)
    total = source.num_frames(index)
    numbers, clip = choose(total), {}
    if numbers is None:
        return None
    for stream, one in inputs.items():
        # The last frame has the flow of the one before it.
        last = max(0, total - 2) if stream == "flow" else total - 1
        wanted, places = np.unique(np.minimum(numbers[stream], last), return_inverse=True)
        frames = _read_frames(source, index, wanted, stream)
        if stream == "flow":
            clip[stream] = crop_flow(frames, places, crops, one, source.id(index))
        else:
            size = frames.shape[1:3]
            cropper = Cropper(*size, one.short_side, one.crop, crops, one.keep_aspect)
            clip[stream] = np.stack([cropper(frames[place]) for place in places], axis=1)
    return clip


def _read_frames(source: Source, index: int, wanted: np.ndarray, stream: str) -> np.ndarray:
    """Read frames of rising numbers, and none that lies between them."""
    runs = np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1)
    pieces = [source.read(index, int(run[0]), len(run), (stream,))[stream] for run in runs]
    return np.concatenate([piece[: len(run)] for piece, run in zip(pieces, runs, strict=True)])


def crop_flow(
    flow: np.ndarray, numbers: np.ndarray, crops: Sequence, spec: Input, where: str
) -> np.ndarray:
    """Cut flow, (frames, height, width, 2), into (crops, time, crop, crop, 2); never resized.

    Raises:
        ValueError: it has another size than frames are resized to.
    """
    rows, columns = flow.shape[1:3]
    if min(rows, columns) != spec.short_side:
        raise ValueError(
            f"{where}: flow should be of frames with a shorter side of {spec.short_side}. "
            f"Received: {columns} x {rows}. Flow cannot be resized; compute it again"
        )
    if not len(flow):  # of a video of one frame
        return np.zeros((len(crops), len(numbers), spec.crop, spec.crop, 2), np.float32)
    # Views, so that only the crops are copied.
    numbers = np.minimum(numbers, len(flow) - 1)
    corners = [crop_corner(rows, columns, spec.crop, place) for place in crops]
    cut = [flow[:, top : top + spec.crop, left : left + spec.crop] for top, left in corners]
    return np.stack([part[numbers] for part in cut])


class Skipped:
    """Videos that could not be read and were left out: counted, named, reported at the end."""

    def __init__(self):
        self._lock, self._causes = Lock(), {}

    def add(self, id: str, cause: str) -> None:
        """Count a video that was left out, maybe not for the first time."""
        with self._lock:
            self._causes[id] = cause

    def __len__(self) -> int:
        """How many different videos."""
        return len(self._causes)

    @property
    def causes(self) -> dict[str, str]:
        """Each video's id and why it was left out."""
        with self._lock:
            return dict(self._causes)

    def report(self, most: int = 10) -> str:
        """Return the count, and a line for each of the first `most`; empty if there is none."""
        with self._lock:
            causes = sorted(self._causes.items())
        lines = [f"  {cause}" if id in cause else f"  {id}: {cause}" for id, cause in causes]
        if not lines:
            return ""
        more = [f"  and {len(lines) - most} more"] if len(lines) > most else []
        count = "1 video was" if len(lines) == 1 else f"{len(lines)} videos were"
        return "\n".join([f"{count} left out:", *lines[:most], *more])
