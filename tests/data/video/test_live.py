"""Streams and cameras: only for those who ask for one by name."""

import numpy as np
import pytest

from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.live import LiveVideo
from tests.conftest import serving, write_video


@pytest.fixture
def address(tmp_path):
    """An HTTP server's, of a stream of 80 frames: white ones after 40 black ones."""
    frames = [np.full((48, 64, 3), 255 * (i >= 40), np.uint8) for i in range(80)]
    write_video(tmp_path / "stream.ts", frames, codec="mpeg2video", pix_fmt="yuv420p")
    with serving(tmp_path) as host:
        yield f"{host}/stream.ts"


def test_a_stream_is_read_like_a_file(address):
    with LiveVideo(address) as video:
        white = [bool(image.mean() > 127) for image, _, _ in video]
    assert white == 40 * [False] + 40 * [True]
    assert (video.width, video.height) == (64, 48)


def test_files_are_never_taken_for_an_address(address):
    with pytest.raises(VideoError, match="no such file"):
        VideoFile(address)


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("97", "cannot be opened"),
        ("clip.mp4", "neither a camera's number nor an address"),
        ("http://127.0.0.1:9/x", "cannot be opened .Connection refused"),
    ],
)
def test_what_cannot_be_opened_is_named(source, cause):
    with pytest.raises(VideoError, match=cause):
        LiveVideo(source)
