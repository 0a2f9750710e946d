"""What is opened: a plain file, and of its streams the film."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

UNSUPPORTED = "unsupported codec: FFmpeg has no decoder for its video stream"
READ_BYTES = 1 << 20
# A stream that shows no second picture within so many packets is a still picture.
MOST_PACKETS = 1000


class VideoError(ValueError):
    """A file that gives no frames; the message names it and the cause."""

    def __init__(self, path, cause: str):
        super().__init__(f"{path}: {cause}")
        self.path, self.cause = str(path), cause

    def __reduce__(self):  # so that it survives the way out of a worker process
        return type(self), (self.path, self.cause)


def open_regular(path: str):
    """Open a file for reading; never a folder, a device or a pipe, which might never end.

    Raises:
        VideoError: it is none, or empty, or cannot be read.
    """
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
        raise VideoError(path, reason(error)) from error


def open_container(file, path: str) -> InputContainer:
    """Read the head of an open file; `path` is for messages.

    Raises:
        VideoError: it is not a video, or not one that FFmpeg knows.
    """

    def refuse(url, flags, options):
        raise VideoError(path, f"it refers to another file ({url}), which is not followed")

    try:
        # The file is handed over open, so that no name is ever taken for an address, a pattern or
        # an option. A playlist in disguise may open nothing beside it: HLS asks io_open, FFmpeg's
        # concat the protocols.
        return av.open(
            file,
            metadata_errors="replace",
            buffer_size=READ_BYTES,
            io_open=refuse,
            container_options={"protocol_whitelist": "none"},
        )
    except (av.error.FFmpegError, OSError) as error:
        cause = f"not a video, or cut off before its index ({reason(error)})"
        raise VideoError(path, cause) from error
    except AttributeError as error:  # older PyAV, for a stream without a decoder
        raise VideoError(path, UNSUPPORTED) from error


def films(container: InputContainer, path: str) -> list[VideoStream]:
    """Return the streams that may be the film: no cover of a song, no preview.

    Raises:
        VideoError: there is none, with what there is.
    """
    streams = container.streams
    found = [stream for stream in streams.video if not _is_cover(stream)]
    if not found:
        kinds = sorted({stream.type for stream in streams} - {"video"})
        cover = " but a cover picture" if streams.video else ""
        raise VideoError(path, f"no video stream{cover}; it holds {', '.join(kinds) or 'nothing'}")
    return found


def packet_counts(container: InputContainer, streams: list[VideoStream]) -> dict[int, int]:
    """Return how many packets each stream has at the start, by its index; reading ends at two each.

    The container must be opened anew after this.
    """
    counts = dict.fromkeys((stream.index for stream in streams), 0)
    try:
        for seen, packet in enumerate(container.demux(streams)):
            counts[packet.stream.index] += packet.size > 0
            if min(counts.values()) > 1 or seen == MOST_PACKETS:
                break
    except OSError:  # damaged: what there was so far
        pass
    return counts


def the_film(streams: list[VideoStream], packets: Mapping[int, int]) -> VideoStream:
    """Return which of several streams is shown: no still picture, the default one, the first.

    Args:
        streams: what `films` found.
        packets: what `packet_counts` found; nothing of a single stream.
    """

    def rank(stream: VideoStream) -> tuple[bool, bool, int]:
        still = stream.frames == 1 or packets.get(stream.index, 2) < 2
        return still, not int(stream.disposition) & int(Disposition.default), stream.index

    return min(streams, key=rank)


def reason(error: OSError | ValueError) -> str:
    """Return what an error says, without its number."""
    return (getattr(error, "strerror", None) or str(error)).strip()


def _is_cover(stream: VideoStream) -> bool:
    """Whether a video stream is the one picture that music files carry, or a film's previews."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    return bool(int(stream.disposition) & int(covers))
