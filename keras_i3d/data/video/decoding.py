"""Frames of a video file, streaming, through PyAV (FFmpeg)."""

import os
import stat
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from keras_i3d.data.video.timing import Clock

# A picture larger than this is taken for an attack or a broken header; 8K video has half as many.
MAX_PIXELS = 1 << 26
# Each decoding thread holds frames of its own: four of them keep 8K video under 1 GB.
MAX_THREADS = 4
DEFAULT_FPS = 25
READ_BYTES = 1 << 20
# swscale's own threads cost more than they save (seen in PyAV 18: 0.3 ms a frame at 568 x 320).
CONVERSION = {"threads": 1} if "threads" in (VideoReformatter.reformat.__doc__ or "") else {}
UNSUPPORTED = "unsupported codec: FFmpeg has no decoder for its video stream"


class VideoError(ValueError):
    """A file that gives no frames; the message names it and the cause."""

    def __init__(self, path, cause: str):
        super().__init__(f"{path}: {cause}")
        self.path, self.cause = str(path), cause

    def __reduce__(self):  # so that it survives the way out of a worker process
        return type(self), (self.path, self.cause)


class VideoFile:
    """One video file, opened to be read once from start to end.

        with VideoFile("clip.mp4") as video:
            for frame, start, end in timing.spans(video, video.frame_duration): ...

    Iterating gives (frame, time stamp, duration): uint8 (height, width, 3) RGB, turned upright as
    the file's rotation says, and seconds as Fractions, None where the file has none. Pixels are
    taken as square. One frame is held at a time.

    Attributes:
        fps: nominal frames per second, 25 where the file does not say.
        frames: how many frames were decoded so far, or how many there are by its index.
        width, height: pixels of the first frame, upright; 0 before it is read.
        duration: seconds, by the file's header; None where it does not say. Not to be relied on.
        begin: the first frame's own time stamp in seconds, once it is read; None without one.
        notes: what a careful reader should know of the file: damage, a variable frame rate.
            Complete after the last frame.

    Args:
        path: the file; never a folder, a device or a pipe.
        threads: of the decoder; by default one for each core, four at most.

    Raises:
        VideoError: on opening or while reading, when no frame can be had; with the cause.
    """

    # Whether a part is reached without decoding what is before it.
    seekable = True

    def __init__(self, path: str | os.PathLike, threads: int | None = None):
        self.path = os.fspath(path)
        self._threads = threads or min(os.cpu_count() or 1, MAX_THREADS)
        self.frames = self.width = self.height = 0
        self.notes: list[str] = []
        self.begin: Fraction | None = None
        self._lost = Fraction(0)
        self._container = self._stream = None
        # One for all frames: to make its tables takes longer than to convert a frame.
        self._reformatter = VideoReformatter()
        self._file = self._open_file()
        try:
            self._container = self._open_container()
            self._stream = self._choose_stream()
        except BaseException:
            self.close()
            raise
        self.fps = Fraction(self._stream.average_rate or self._stream.guessed_rate or DEFAULT_FPS)
        self.frame_duration = 1 / self.fps
        self.duration = self._duration()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._container is not None:
            self._container.close()
        self._container = self._stream = None
        self._file.close()

    def __iter__(self) -> Iterator[tuple[np.ndarray, Fraction | None, Fraction | None]]:
        for frame, stamp, duration in self.unconverted():
            yield self.image(frame), stamp, duration

    def unconverted(self) -> Iterator[tuple[av.VideoFrame, Fraction | None, Fraction | None]]:
        """As iterating, but with frames that `image` converts: for those who want few of them."""
        clock = Clock()
        for frame in self._decoded():
            unit = frame.time_base or self._stream.time_base
            stamp = None if frame.pts is None else frame.pts * unit
            duration = frame.duration * unit if frame.duration else None
            if self.frames == 0:
                self.height, self.width = self.image(frame).shape[:2]
                self.begin = stamp
                self._note_start(stamp)
            self.frames += 1
            clock.see(stamp, duration or self.frame_duration)
            yield frame, stamp, duration
        if self.frames == 0:
            raise VideoError(self.path, "no frame of it can be decoded")
        self.note_end(clock)
        self.close()  # the decoder of 8K video holds a gigabyte

    def described(self, frames: int, notes: Iterable[str]) -> None:
        """Take over what another reading of the same file found: its frames, and its notes."""
        self.frames = frames
        self.notes.extend(note for note in notes if note not in self.notes)

    # === Opening ===

    def _open_file(self):
        return _open_regular(self.path)

    def _open_container(self):
        try:
            # The file is opened here and handed over, so that no name is ever taken for an
            # address, a pattern or an option. A playlist in disguise may open nothing beside it:
            # HLS asks io_open, FFmpeg's concat the protocols.
            return av.open(
                self._file,
                metadata_errors="replace",
                buffer_size=READ_BYTES,
                io_open=self._refuse,
                container_options={"protocol_whitelist": "none"},
            )
        except (av.error.FFmpegError, OSError) as error:
            cause = f"not a video, or cut off before its index ({_reason(error)})"
            raise VideoError(self.path, cause) from error
        except AttributeError as error:  # older PyAV, for a stream without a decoder
            raise VideoError(self.path, UNSUPPORTED) from error

    def _refuse(self, url, flags, options):
        raise VideoError(self.path, f"it refers to another file ({url}), which is not followed")

    def _choose_stream(self):
        streams = self._container.streams
        pictures = [stream for stream in streams.video if not _is_cover(stream)]
        if not pictures:
            kinds = sorted({stream.type for stream in streams} - {"video"})
            cover = " but a cover picture" if streams.video else ""
            raise VideoError(
                self.path, f"no video stream{cover}; it holds {', '.join(kinds) or 'nothing'}"
            )
        stream, form = pictures[0], self._container.format.name
        if stream.codec_context is None:
            raise VideoError(self.path, UNSUPPORTED)
        if form.endswith("_pipe") or form == "image2":
            codec = stream.codec_context.name
            raise VideoError(self.path, f"a picture ({codec}); such files are not read as video")
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self._threads
        return stream

    def _duration(self) -> Fraction | None:
        if self._stream.duration:
            return self._stream.duration * self._stream.time_base
        if self._container.duration:
            return Fraction(self._container.duration, av.time_base)
        return None

    def _check_size(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise VideoError(
                self.path, f"frames of {width} x {height} pixels; at most {MAX_PIXELS} are decoded"
            )

    # === Reading ===

    def _decoded(self) -> Iterator[av.VideoFrame]:
        damaged, broken_off = 0, None
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except av.error.FFmpegError as error:
                broken_off = _reason(error)
                break
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                damaged += 1
                continue
            for frame in frames:
                if frame.is_corrupt:
                    damaged += 1
                    if self.frames == 0:  # nothing whole to build on yet: a grey smear
                        continue
                yield frame
        if damaged:
            self.notes.append(f"damaged: {damaged} of its packets or frames are not whole")
        if broken_off:
            self.notes.append(
                f"damaged: reading broke off after {self.frames} frames ({broken_off})"
            )

    def image(self, frame: av.VideoFrame) -> np.ndarray:
        """A frame's pixels: uint8 (height, width, 3), turned upright."""
        self._check_size(frame.width, frame.height)
        image = self._reformatter.reformat(frame, format="rgb24", **CONVERSION).to_ndarray()
        turns, rest = divmod(round(frame.rotation), 90)
        if rest:
            note = f"rotation by {frame.rotation} degrees is not a quarter turn and is not applied"
            if note not in self.notes:
                self.notes.append(note)
            return image
        return np.rot90(image, turns) if turns % 4 else image

    # === Notes ===

    def _note_start(self, stamp: Fraction | None) -> None:
        begin = self._stream.start_time
        if stamp is not None and begin is not None:
            lost = stamp - begin * self._stream.time_base
            if lost > 2 * self.frame_duration:
                self.notes.append(f"damaged: the first {float(lost):.2f} s cannot be decoded")
                self._lost = lost

    def note_end(self, clock: Clock) -> None:
        """Note what the times of all its frames say of the file."""
        if clock.irregular:
            self.notes.append("variable frame rate: resampled by time stamp")
        if self._stream.duration:
            promised = self._stream.duration * self._stream.time_base - self._lost
            if promised - clock.length > max(2 * self.frame_duration, promised / 20):
                self.notes.append(
                    f"damaged: {float(promised):.2f} s are promised by its header, "
                    f"{float(clock.length):.2f} s can be decoded"
                )


def _open_regular(path: str):
    """The file, opened for reading; never a folder, a device or a pipe, which might never end."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise VideoError(path, "a folder, not a video file")
        if not stat.S_ISREG(mode):
            raise VideoError(path, "not a regular file")
        if os.path.getsize(path) == 0:
            raise VideoError(path, "the file is empty (0 bytes)")
        return open(path, "rb")
    except FileNotFoundError as error:
        cause = "a link to a file that is not there" if Path(path).is_symlink() else "no such file"
        raise VideoError(path, cause) from error
    except VideoError:
        raise
    except (OSError, ValueError) as error:  # no permission; a name with a zero byte
        raise VideoError(path, _reason(error)) from error


def _is_cover(stream) -> bool:
    """Whether a video stream is the one picture that music files carry."""
    return bool(int(stream.disposition) & int(av.stream.Disposition.attached_pic))


def _reason(error: OSError | ValueError) -> str:
    return (getattr(error, "strerror", None) or str(error)).strip()
