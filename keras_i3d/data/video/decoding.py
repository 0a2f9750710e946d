"""Frames of a video file, streaming, through PyAV (FFmpeg)."""

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from keras_i3d.data.video import film, timing
from keras_i3d.data.video.film import UNSUPPORTED, VideoError
from keras_i3d.data.video.orientation import AS_STORED, display_matrix, orientation, oriented
from keras_i3d.data.video.presentation import Presentation

# A picture larger than this is taken for an attack or a broken header; 8K video has half as many.
MAX_PIXELS = 1 << 26
# Each decoding thread holds frames of its own: four of them keep 8K video under 1 GB.
MAX_THREADS = 4
DEFAULT_FPS = 25
# swscale's own threads cost more than they save (seen in PyAV 18: 0.3 ms a frame at 568 x 320).
CONVERSION = {"threads": 1} if "threads" in (VideoReformatter.reformat.__doc__ or "") else {}
# Files of which several may be joined into one, each with its own clock, as in MPEG-TS: a gap of so
# many seconds is a new clock (FFmpeg's dts_delta_threshold).
JOINED = av.format.Flags.ts_discont
LONGEST_GAP_WHERE_JOINED = 10
JUMPING = "broken time stamps: they jump; frames follow one another there"
STEPPING_BACK = "broken time stamps: they step back; frames are shown when they are decoded"


class VideoFile:
    """One video file, opened to be read once from start to end.

        with VideoFile("clip.mp4") as video:
            for frame, start, end in video.shown(): ...

    Iterating gives (frame, time stamp, duration): uint8 (height, width, 3) RGB, turned and mirrored
    as the file's display matrix says, and seconds as Fractions, None if the file has none.
    Pixels are taken as square. The stream is the default one, and no still picture beside a film.
    One frame is held at a time; where it is not known yet which time stamps hold, the first few.

    Attributes:
        fps: nominal frames per second, 25 where the file does not say.
        frames: how many frames were decoded so far, or how many there are by its index.
        width, height: pixels of the first frame, upright; 0 before it is read.
        duration: seconds, by the file's header; None if it does not say. Not to be relied on.
        begin: the first frame's own time stamp in seconds, once it is read; None without one.
        notes: what a careful reader should know of the file: damage, broken time stamps, a variable
            frame rate. Complete after the last frame.

    Args:
        path: the file; never a folder, a device or a pipe.
        threads: of the decoder; by default one for each core, four at most.

    Raises:
        VideoError: on opening or while reading, when no frame can be decoded; with the cause.
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
        self._stepped_back, self._rotation, self._matrix = False, None, None
        # One for all frames: to make its tables takes longer than to convert a frame.
        self._reformatter = VideoReformatter()
        self._file = self._open_file()
        try:
            self._container = self._open_container()
            self._stream = self._film()
        except BaseException:
            self.close()
            raise
        # The average counts H.264's fields as frames where a container has times for each (AVI).
        rates = filter(None, (self._stream.average_rate, self._stream.guessed_rate))
        self.fps = Fraction(min(rates, default=DEFAULT_FPS))
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
        """Iterate with frames that `image` converts later: for callers that need few of them."""
        clock, presentation = timing.Clock(), Presentation()
        timed = presentation.timed(self._with_times(), self._undecided, self._most_waiting())
        for frame, stamp, duration in timed:
            if self.frames == 0:
                self.height, self.width = self.image(frame).shape[:2]
                self.begin = None if presentation.broken else stamp
                self._note_start(self.begin)
            self.frames += 1
            clock.see(stamp, duration or self.frame_duration)
            yield frame, stamp, duration
        if self.frames == 0:
            raise VideoError(self.path, "no frame of it can be decoded")
        if presentation.broken:
            self.notes.append(STEPPING_BACK)
        if 0 < presentation.untimed < self.frames:
            self.notes.append(f"broken time stamps: {presentation.untimed} frames have none")
        self.note_end(clock)
        self.close()  # the decoder of 8K video holds a gigabyte

    def shown(self, frames: Iterable[tuple] | None = None) -> Iterator[tuple]:
        """Turn (frame, time stamp, duration) into (frame, start, end) in seconds, from 0 on.

        frames: by default all of the file's, unconverted.
        """
        frames = self.unconverted() if frames is None else frames
        if self._container.format.flags & JOINED.value:
            gap = Fraction(LONGEST_GAP_WHERE_JOINED)
            return timing.spans(frames, self.frame_duration, gap)
        hold, promised = Fraction(timing.LONGEST_HOLD), self.duration or Fraction(0)
        return timing.spans(frames, self.frame_duration, hold, promised, self._note_jump)

    def described(self, frames: int, notes: Iterable[str]) -> None:
        """Take over what another reading of the same file found: its frames, and its notes."""
        self.frames = frames
        self.notes.extend(note for note in notes if note not in self.notes)

    # === Opening ===

    def _open_file(self):
        return film.open_regular(self.path)

    def _open_container(self):
        return film.open_container(self._file, self.path)

    def _film(self):
        films = film.films(self._container, self.path)
        counts = {}
        if len(films) > 1:
            counts = self._packet_counts(films)
            films = film.films(self._container, self.path)  # those before are gone
        stream, form = film.the_film(films, counts), self._container.format.name
        if stream.codec_context is None:
            raise VideoError(self.path, UNSUPPORTED)
        if form.endswith("_pipe") or form == "image2":
            codec = stream.codec_context.name
            raise VideoError(self.path, f"a picture ({codec}); such files are not read as video")
        self._check_size(stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = self._threads
        return stream

    def _packet_counts(self, films: list) -> dict[int, int]:
        counts = film.packet_counts(self._container, films)
        self._container.close()
        self._file.seek(0)
        self._container = self._open_container()
        return counts

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
        damaged = 0
        for packet, last in self._packets():
            # A last picture that is cut off may be an error, which costs those that still wait.
            if last and packet.is_corrupt and self._stream.codec_context.has_b_frames:
                damaged += 1
                continue
            try:
                frames = self._stream.decode(packet)
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

    def _packets(self) -> Iterator[tuple[av.Packet | None, bool]]:
        """Each packet and whether it is the last, then what makes the decoder give up the rest."""
        latest = held = None
        try:
            for packet in self._container.demux(self._stream):
                if packet.pts is not None:
                    self._stepped_back |= latest is not None and packet.pts < latest
                    latest = packet.pts
                if held is not None:
                    yield held, not packet.size
                held = packet
        except av.error.FFmpegError as error:
            if held is not None:
                yield held, True
            held = None
            cause = film.reason(error)
            self.notes.append(f"damaged: reading broke off after {self.frames} frames ({cause})")
        yield held, False

    def _with_times(self) -> Iterator[tuple]:
        for frame in self._decoded():
            unit = frame.time_base or self._stream.time_base
            shown = None if frame.pts is None else frame.pts * unit
            decoded = None if frame.dts is None else frame.dts * unit
            yield frame, shown, decoded, frame.duration * unit if frame.duration else None

    def _undecided(self) -> bool:
        """Whether pictures may be stored in another order than they are shown, and none was yet."""
        return self._stream.codec_context.has_b_frames and not self._stepped_back

    def _most_waiting(self) -> int:
        context = self._stream.codec_context
        return MAX_PIXELS // max(1, context.width * context.height)

    def image(self, frame: av.VideoFrame) -> np.ndarray:
        """Return a frame's pixels: uint8 (height, width, 3), turned and mirrored as it is shown."""
        self._check_size(frame.width, frame.height)
        image = self._reformatter.reformat(frame, format="rgb24", **CONVERSION).to_ndarray()
        # A frame and its side data hold each other, of 8K for gigabytes: read where it turns anew.
        if frame.rotation != self._rotation:
            self._rotation, self._matrix = frame.rotation, display_matrix(frame)
        wanted = AS_STORED if self._matrix is None else orientation(self._matrix)
        if wanted is None:
            note = f"rotation by {frame.rotation} degrees is not a quarter turn and is not applied"
            self.notes += [note] * (note not in self.notes)
        return image if wanted in (None, AS_STORED) else oriented(image, *wanted)

    # === Notes ===

    def _note_start(self, stamp: Fraction | None) -> None:
        begin = self._stream.start_time
        if stamp is not None and begin is not None:
            lost = stamp - begin * self._stream.time_base
            if lost > 2 * self.frame_duration:
                self.notes.append(f"damaged: the first {float(lost):.2f} s cannot be decoded")
                self._lost = lost

    def _note_jump(self) -> None:
        if JUMPING not in self.notes:
            self.notes.append(JUMPING)

    def note_end(self, clock: timing.Clock) -> None:
        """Note what the times of all its frames say of the file."""
        if clock.irregular:
            self.notes.append("variable frame rate: resampled by time stamp")
        if self._stream.duration:
            promised = self._stream.duration * self._stream.time_base - self._lost
            if promised - clock.length > max(2 * self.frame_duration, promised / 20):
                self.notes.append(
                    f"damaged: {float(promised):.2f} s long by its header, but only "
                    f"{float(clock.length):.2f} s can be decoded"
                )
