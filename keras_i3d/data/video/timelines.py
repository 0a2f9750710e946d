"""When each frame of a video file is shown, kept; and frames of a file by their number.

A file with an index (MP4, Matroska) is read without decoding, and later from the key picture before
the frames that are wanted. Whether these are the very frames is checked each time by their time
stamps; where they are not, and for all other files, the file is decoded from its start.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from keras_i3d.data.video import timing
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.seeking import SeekableFile

# In each process; a video of 10 s takes 4 kB.
KEPT_BYTES = 256 << 20


@dataclass(frozen=True)
class Timeline:
    """Which frame of a file is shown at each tick of a clock.

    frames: at each tick the number of the frame, in the order in which they are shown.
    stamps: each frame's time stamp in the file's own unit; None if it must be decoded from its
        start.
    notes: what a careful reader should know of the file, as VideoFile.notes.
    """

    frames: np.ndarray
    stamps: np.ndarray | None
    notes: tuple[str, ...] = ()

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.frames.nbytes + (0 if self.stamps is None else self.stamps.nbytes)


class Timelines:
    """Timelines of files that were read, the latest ones kept; may be used by many threads.

    Args:
        fps: ticks per second.
    """

    def __init__(self, fps: int):
        self.fps, self._bytes, self._lock = fps, 0, Lock()
        self._kept: OrderedDict[tuple, Timeline] = OrderedDict()

    def indexed(self, path: str) -> Timeline:
        """Read the file's index if it has one that can be trusted; else do as `decoded`.

        Raises:
            VideoError: the file gives no frames.
        """
        return self.listed(path) or self.decoded(path)

    def listed(self, path: str) -> Timeline | None:
        """Read the file's index; None if it has none that can be trusted."""
        return self._get(path, "listed", self._by_index)

    def decoded(self, path: str) -> Timeline:
        """Decode the whole file for it."""
        return self._get(path, "decoded", self._by_decoding)

    def _get(self, path: str, way: str, read) -> Timeline | None:
        try:
            state = os.stat(path)
        except (OSError, ValueError):
            return read(path)  # says by itself what is wrong
        key = (path, state.st_size, state.st_mtime_ns, way)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        timeline = read(path)
        with self._lock:
            self._bytes += timeline.nbytes if timeline and key not in self._kept else 0
            self._kept[key] = timeline
            while self._bytes > KEPT_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes if oldest else 0
        return timeline

    def _by_index(self, path: str) -> Timeline | None:
        with SeekableFile(path, threads=1) as file:
            packets = list(file.packets()) if file.seekable else []
            stamps = [stamp for stamp, *_ in packets]
            # No picture, one without a time or with another's, one torn, or none to begin with.
            if not packets or None in stamps or len(set(stamps)) < len(stamps):
                return None
            if not packets[0][2] or not all(whole for *_, whole in packets):
                return None
            # Stored in another order than shown, and the times do not say so: they are guessed.
            if file.reorders and stamps == sorted(stamps):
                return None
            packets.sort(key=lambda packet: packet[0])
            clock = timing.Clock()

            def timed():
                for number, (stamp, duration, *_) in enumerate(packets):
                    seconds = stamp * file.time_base
                    clock.see(seconds, duration or file.frame_duration)
                    yield number, seconds, duration

            frames = np.fromiter(timing.resample(file.shown(timed()), self.fps), np.int32)
            file.note_end(clock)
            return Timeline(frames, np.array(sorted(stamps), np.int64), tuple(file.notes))

    def _by_decoding(self, path: str) -> Timeline:
        with VideoFile(path, threads=1) as file:
            numbered = (
                (number, stamp, duration)
                for number, (_, stamp, duration) in enumerate(file.unconverted())
            )
            shown = timing.resample(file.shown(numbered), self.fps)
            return Timeline(np.fromiter(shown, np.int32), None)


class OtherFramesError(Exception):
    """What comes out of a file is not what its index says."""


def read_frames(
    path: str, numbers: Sequence[int], timeline: Timeline, threads: int | None = 1
) -> Iterator[tuple[int, np.ndarray]]:
    """Give (number, uint8 (height, width, 3)) of frames of a file, one held at a time.

    Args:
        path: the file.
        numbers: of the frames, in rising order, each once.
        timeline: the file's.
        threads: of the decoder; None for as many as VideoFile takes by itself.

    Raises:
        VideoError: the file gives no frames, or ends before them.
        OtherFramesError: the timeline, made by the file's index, does not hold.
    """
    wanted, last = set(numbers), numbers[-1]
    with SeekableFile(path, threads) as file:
        if timeline.stamps is None:
            numbered = enumerate(file.all_frames())
        else:
            numbered = _from_number(file, numbers[0], timeline.stamps)
        for number, frame in numbered:
            if number in wanted:
                yield number, file.image(frame)
            if number == last:
                return
    if timeline.stamps is not None:
        raise OtherFramesError
    raise VideoError(path, f"it ends before its frame {last}, which it had before: it has changed")


def _from_number(file: SeekableFile, first: int, stamps: np.ndarray) -> Iterator[tuple]:
    """(number, frame) from frame `first` on, each of which has the time that it should have.

    Frames before it are only there for others to build on; those before the key picture may not
    even be whole.
    """
    number = first
    for frame in file.frames_from(int(stamps[first])):
        if number == first and frame.pts is not None and frame.pts < stamps[first]:
            continue
        if number == len(stamps) or frame.pts != stamps[number] or frame.is_corrupt:
            raise OtherFramesError
        yield number, frame
        number += 1
