"""Frames in memory, or from anywhere, read as a video."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError
from keras_i3d.data.video.timing import spans


class FrameSequence:
    """Frames that are at hand, one after the other; read once, as a VideoFile is.

    Attributes:
        fps: as it was given.
        frames: how many were read so far.
        width, height: pixels of the first one; 0 before it is read.
        duration: seconds; None if it is not known how many frames there are.
        begin: 0, the time of the first one.
        notes: what a careful reader should know.

    Args:
        frames: uint8 (height, width, 3) each: an array (time, height, width, 3), or any iterable,
            of which one is held at a time.
        fps: frames a second.

    Raises:
        ValueError: while reading, when a frame is of another type or shape.
        VideoError: while reading, when there is none.
    """

    seekable = False
    path = "frames"

    def __init__(self, frames: Iterable[np.ndarray], fps: float = DEFAULT_FPS):
        if not fps > 0:
            raise ValueError(f"fps should be above 0. Received: fps={fps}")
        self._frames = frames
        self.fps = Fraction(fps).limit_denominator(1001)
        self.frame_duration = 1 / self.fps
        self.begin = Fraction(0)
        self.frames = self.width = self.height = 0
        self.notes: list[str] = []
        known = hasattr(frames, "__len__")
        self.duration = len(frames) * self.frame_duration if known else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Do nothing: no file is open."""

    def __iter__(self) -> Iterator[tuple[np.ndarray, Fraction, Fraction]]:
        return self.unconverted()

    def unconverted(self) -> Iterator[tuple[np.ndarray, Fraction, Fraction]]:
        """Give (frame, time stamp, duration)."""
        for frame in self._frames:
            frame = np.asarray(frame)
            if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[-1] != 3 or not frame.size:
                raise ValueError(
                    f"frames should be uint8 (height, width, 3). Received: frame {self.frames} of "
                    f"{frame.dtype} {frame.shape}"
                )
            if self.frames == 0:
                self.height, self.width = frame.shape[:2]
            self.frames += 1
            yield frame, (self.frames - 1) * self.frame_duration, self.frame_duration
        if self.frames == 0:
            raise VideoError(self.path, "there is no frame")

    def shown(self) -> Iterator[tuple[np.ndarray, Fraction, Fraction]]:
        """Give (frame, start, end) in seconds."""
        return spans(self.unconverted(), self.frame_duration)

    def image(self, frame: np.ndarray) -> np.ndarray:
        """Return the frame."""
        return frame
