"""Which of a file's streams is the film."""

import av
import numpy as np
import pytest

from keras_i3d.data import VideoError, VideoFile
from keras_i3d.data.video.timelines import Timelines, read_frames
from tests.data.video.test_containers import number_in, numbered

FRAMES = 12


def write(path, streams):
    """A file of streams: (codec, how many frames, their first number, dispositions)."""
    form = "mov" if any(codec == "png" for codec, *_ in streams) else "matroska"
    with av.open(str(path), "w", format=form) as container:
        for codec, _, _, disposition in streams:
            stream = container.add_stream(codec, rate=25)
            stream.width, stream.height = numbered(0).shape[1::-1]
            stream.pix_fmt = {"png": "rgb24", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
            stream.disposition = disposition
        for number in range(max(count for _, count, _, _ in streams)):
            for stream, (_, count, first, _) in zip(container.streams, streams, strict=True):
                if number < count:
                    frame = av.VideoFrame.from_ndarray(numbered(first + number), format="rgb24")
                    container.mux(stream.encode(frame))
        for stream in container.streams:
            container.mux(stream.encode())
    return str(path)


NONE = av.stream.Disposition(0)
DEFAULT = av.stream.Disposition.default
COVER = av.stream.Disposition.attached_pic
FILM = ("libx264", FRAMES, 100, NONE)
MAIN = ("libx264", FRAMES, 100, DEFAULT)
OTHER = ("libx264", FRAMES, 7, NONE)


@pytest.mark.parametrize(
    "streams",
    [
        [("png", 1, 0, NONE), MAIN],
        [("mjpeg", 1, 0, NONE), MAIN],
        [("mjpeg", 1, 0, DEFAULT), FILM],
        [FILM, ("mjpeg", 1, 0, NONE)],
        [("mjpeg", 1, 0, COVER), FILM],
        [OTHER, MAIN],
        [MAIN, OTHER],
        [FILM, OTHER],
        [("mjpeg", FRAMES, 7, NONE), MAIN],
        [("mjpeg", 1, 0, NONE), OTHER, ("mjpeg", 1, 3, NONE), MAIN],
    ],
    ids=lambda streams: "-".join(f"{s[0]}{s[1]}{s[3].name or ''}" for s in streams),
)
def test_the_film_is_the_default_one_and_no_picture(streams, tmp_path):
    path = write(tmp_path / "video", streams)
    with VideoFile(path) as video:
        assert [number_in(image) for image, _, _ in video] == list(range(100, 100 + FRAMES))
    timeline = Timelines(25).indexed(path)
    assert timeline.frames.tolist() == list(range(FRAMES))
    found = [number_in(image) for _, image in read_frames(path, [3, 9], timeline)]
    assert found == [103, 109]


def test_a_picture_alone_is_a_film_of_one_frame(tmp_path):
    path = write(tmp_path / "video", [("png", 1, 5, NONE)])
    with VideoFile(path) as video:
        assert [number_in(image) for image, _, _ in video] == [5]


def test_a_cover_alone_is_none(tmp_path, shared):
    with pytest.raises(VideoError, match="no video stream but a cover picture"):
        VideoFile(shared / "nasty" / "audio_with_cover_art.m4a")


def test_still_stream_of_the_shared_folder(shared):
    with VideoFile(shared / "failing" / "still_stream_first.mkv") as video:
        images = np.stack([image for image, _, _ in video])
    assert images.shape == (80, 120, 160, 3)
