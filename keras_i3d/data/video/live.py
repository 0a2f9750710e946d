"""Frames of a camera or of a stream on the network: only for those who ask for one by name."""

import io
import re
import sys

import av

from keras_i3d.data.video.decoding import VideoError, VideoFile

# FFmpeg's name of the system's cameras, and how a number names one.
CAMERAS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}")}
SECONDS_TO_ANSWER = 10


class LiveVideo(VideoFile):
    """A camera or a stream, read as a VideoFile is, from now until it ends or is closed.

    Args:
        source: a camera's number, 0 for the first; or an address such as rtsp://HOST/PATH.

    Raises:
        VideoError: on opening or while reading, with the cause.
    """

    seekable = False

    def __init__(self, source: str):
        if not source.isdecimal() and not re.match(r"[a-z][a-z0-9+]*://", source):
            raise VideoError(source, "neither a camera's number nor an address such as rtsp://…")
        super().__init__(source)

    def _open_file(self):
        return io.BytesIO()  # FFmpeg opens the source by itself

    def _open_container(self):
        form, name = None, self.path
        if self.path.isdecimal():
            if sys.platform not in CAMERAS:
                raise VideoError(self.path, f"cameras cannot be opened by number on {sys.platform}")
            form, name = CAMERAS[sys.platform]
            name = name.format(self.path)
        try:
            return av.open(name, format=form, timeout=SECONDS_TO_ANSWER)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise VideoError(self.path, f"cannot be opened ({cause.strip()})") from error

    def _packet_counts(self, films: list) -> dict[int, int]:
        return {}  # what was read is gone
