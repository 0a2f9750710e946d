"""Frames of a file by their number: those of decoding all of it, whatever the file."""

import os

import numpy as np
import pytest

from keras_i3d.data.video import timelines
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.data.video.seeking import SeekableFile
from keras_i3d.data.video.timelines import OtherFramesError, Timeline, Timelines, read_frames
from keras_i3d.data.video.timing import resample, spans
from tests.conftest import write_video


def everything(path):
    """(pixels of all frames, sparse; number of the frame at each tick) by decoding all of it."""
    pixels, timed = [], []
    # Of a damaged file more threads get other frames.
    with VideoFile(path, threads=1) as file:
        for number, (image, stamp, duration) in enumerate(file):
            pixels.append(image[::7, ::7].copy())
            timed.append((number, stamp, duration))
        return pixels, list(resample(spans(timed, file.frame_duration), 25))


def check(path):
    """Compare with decoding all of a file; whether it was read by its index."""
    pixels, ticks = everything(path)
    timeline = Timelines(25).indexed(str(path))
    assert timeline.frames.tolist() == ticks
    count = len(pixels)
    for first in {0, 1, count // 2, count - 1} & set(range(count)):
        numbers = [n for n in (first, first + 1, first + 3) if n < count]
        for number, image in read_frames(str(path), numbers, timeline):
            np.testing.assert_array_equal(image[::7, ::7], pixels[number])
    return timeline.stamps is not None


@pytest.fixture(scope="module")
def long_video(tmp_path_factory):
    """600 frames, so with several key pictures; frames refer to later ones."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (80, 700, 3), np.uint8)
    path = tmp_path_factory.mktemp("video") / "long.mp4"
    write_mp4(path, (noise[:, i : i + 96] for i in range(600)))
    return path


def test_an_indexed_file(long_video):
    assert check(long_video)


def test_it_is_begun_at_the_key_picture(long_video, monkeypatch):
    timeline = Timelines(25).indexed(str(long_video))
    decoded = []
    frames_from = SeekableFile.frames_from

    def counted(self, stamp):
        for frame in frames_from(self, stamp):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(SeekableFile, "frames_from", counted)
    (pair,) = read_frames(str(long_video), [510], timeline)
    assert pair[0] == 510
    assert len(decoded) <= 11  # from 500 on; x264 sets a key picture every 250 frames


def test_files_without_an_index(counting_video, tmp_path):
    frames = [np.full((32, 32, 3), i, np.uint8) for i in range(30)]
    assert not check(write_video(tmp_path / "a.avi", frames, codec="mpeg4", pix_fmt="yuv420p"))
    assert check(counting_video)


def test_an_index_that_does_not_hold(long_video):
    timeline = Timelines(25).indexed(str(long_video))
    wrong = Timeline(timeline.frames, timeline.stamps + 1)
    with pytest.raises(OtherFramesError):
        list(read_frames(str(long_video), [300], wrong))
    longer = Timeline(timeline.frames, np.append(timeline.stamps, timeline.stamps[-1] + 512))
    with pytest.raises(OtherFramesError):
        list(read_frames(str(long_video), [600], longer))


def test_timelines_are_kept_until_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "v.mp4"
    frames = np.zeros((9, 32, 32, 3), np.uint8)
    write_mp4(path, frames)
    kept = Timelines(25)
    first = kept.indexed(str(path))
    assert kept.indexed(str(path)) is first
    write_mp4(path, frames[:5])
    assert len(kept.indexed(str(path)).frames) == 5
    monkeypatch.setattr(timelines, "KEPT_BYTES", 0)
    write_mp4(path, frames[:4])
    assert len(kept.indexed(str(path)).frames) == 4
    assert kept.indexed(str(path)) is not kept.indexed(str(path))


def test_a_file_that_has_become_shorter(tmp_path):
    path = tmp_path / "v.avi"
    frames = [np.full((32, 32, 3), i, np.uint8) for i in range(9)]
    write_video(path, frames, codec="mpeg4", pix_fmt="yuv420p")
    timeline = Timelines(25).indexed(str(path))
    write_video(path, frames[:4], codec="mpeg4", pix_fmt="yuv420p")
    with pytest.raises(VideoError, match="ends before its frame 8"):
        list(read_frames(str(path), [2, 8], timeline))


@pytest.mark.slow
def test_every_shared_file(shared):
    indexed, without = 0, 0
    for folder in ("clips", "nasty"):
        for path in sorted((shared / folder).iterdir()):
            try:
                indexed += check(path)
            except VideoError as error:
                with pytest.raises(VideoError) as same:
                    Timelines(25).indexed(os.fspath(path))
                assert str(same.value) == str(error)
                without += 1
    assert indexed > 30
    assert without > 8
