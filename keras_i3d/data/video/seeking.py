"""A video file of which only parts are decoded: its pictures' times, and the way to one of them."""

from collections.abc import Iterator
from fractions import Fraction

import av

from keras_i3d.data.video.decoding import VideoFile

# Forms of file that have an index, by which FFmpeg seeks. In AVI with MPEG-4's packed pictures
# there are more packets than frames; MPEG-TS has no index.
INDEXED = ("mov,mp4", "matroska")


class SeekableFile(VideoFile):
    """A VideoFile that can also be listed without decoding, and begun in the middle."""

    @property
    def seekable(self) -> bool:
        """Whether its form has an index of its pictures."""
        return self._container.format.name.startswith(INDEXED)

    @property
    def reorders(self) -> bool:
        """Whether its pictures may be stored in another order than they are shown."""
        return bool(self._stream.codec_context.has_b_frames)

    @property
    def time_base(self) -> Fraction:
        """Seconds of one unit of a time stamp."""
        return self._stream.time_base

    def packets(self) -> Iterator[tuple[int | None, Fraction | None, bool, bool]]:
        """Give (time stamp, duration, key, whole) of each picture as it is stored, none decoded.

        Time stamps in units of `time_base`, durations in seconds, None if there is none.
        `key`: decoding can start there. Pictures that are never shown are left out.
        """
        unit = self._stream.time_base
        try:
            for packet in self._container.demux(self._stream):
                if packet.size and not packet.is_discard:
                    duration = packet.duration * unit if packet.duration else None
                    yield packet.pts, duration, packet.is_keyframe, not packet.is_corrupt
        except av.error.FFmpegError:
            yield None, None, False, False

    def all_frames(self) -> Iterator[av.VideoFrame]:
        """Give every frame from the start on, as `unconverted` does, but without their times."""
        for frame in self._decoded():
            self.frames += 1
            yield frame

    def frames_from(self, stamp: int) -> Iterator[av.VideoFrame]:
        """Give the frames from a time stamp on, and some before it; end where anything is damaged.

        Decoding begins at the last key picture that is not after `stamp`. Pictures before `stamp`
        that no other is built on are not decoded.
        """
        decoder = self._stream.codec_context
        try:
            self._container.seek(stamp, stream=self._stream)
            for packet in self._container.demux(self._stream):
                early = packet.pts is not None and packet.pts < stamp
                decoder.skip_frame = "NONREF" if early else "DEFAULT"
                yield from packet.decode()
        except av.error.FFmpegError:
            return
