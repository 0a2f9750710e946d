"""A part of a file has the frames that decoding from the start gives, and costs no more than it."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from keras_i3d.data import DEEPMIND_RGB, VideoError, VideoFile, cropped_frames, read_clip
from keras_i3d.data.video import frames as of_video
from keras_i3d.data.video import parts
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.data.video.timelines import OtherFramesError
from tests.conftest import write_video

SMALL = replace(DEEPMIND_RGB, short_side=40, crop=32)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """600 frames with key pictures at 0, 250 and 500; frames refer to later ones."""
    noise = np.random.default_rng(0).integers(0, 256, (80, 700, 3), np.uint8)
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_mp4(path, (noise[:, i : i + 96] for i in range(600)))
    return path


def read(path, make, *part, spec=SMALL):
    """(frames, the file afterwards)"""
    with VideoFile(path) as video:
        return np.stack(list(make(video, spec, *part))), video


@pytest.mark.parametrize("make", [cropped_frames, resized_frames])
@pytest.mark.parametrize("fps", [25, 10, 60])
def test_parts_of_a_film_are_parts_of_all_its_frames(film, make, fps):
    spec = replace(SMALL, fps=fps)
    whole, before = read(film, make, spec=spec)
    cases = ((1, 2), (100, 164), (230, 251), (len(whole) - 3, None), (30, 10**6))
    for start, end in cases:
        part, video = read(film, make, start, end, spec=spec)
        np.testing.assert_array_equal(part, whole[start:end])
        assert (video.width, video.height, video.frames) == (96, 80, 600)
        assert video.notes == before.notes


@pytest.mark.parametrize(("codec", "name"), [("mpeg4", "a.avi"), ("mpeg4", "a.ts")])
def test_files_without_an_index(codec, name, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (60, 48, 64, 3), np.uint8)
    path = write_video(tmp_path / name, noise, codec=codec, pix_fmt="yuv420p")
    whole, _ = read(path, cropped_frames)
    np.testing.assert_array_equal(read(path, cropped_frames, 20, 30)[0], whole[20:30])


def test_a_rate_that_varies_is_noted_of_a_part_too(tmp_path):
    frames = [np.full((32, 32, 3), 5 * i, np.uint8) for i in range(40)]
    stamps = np.cumsum([1, 3] * 20).tolist()
    path = write_video(tmp_path / "varied.mkv", frames, stamps=stamps)
    whole, video = read(path, cropped_frames)
    part, of_part = read(path, cropped_frames, 10, 20)
    np.testing.assert_array_equal(part, whole[10:20])
    assert video.notes == of_part.notes == ["variable frame rate: resampled by time stamp"]


class Converted:
    """Counts the frames that are turned into pixels, and those that are resized."""

    def __init__(self, monkeypatch):
        self.converted = 0
        image = VideoFile.image

        def counted(video, frame):
            self.converted += 1
            return image(video, frame)

        monkeypatch.setattr(VideoFile, "image", counted)
        self.resized = []
        resize = of_video.resize_and_crop
        monkeypatch.setattr(
            of_video, "resize_and_crop", lambda i, s: self.resized.append(1) or resize(i, s)
        )


@pytest.mark.parametrize("name", ["film.mp4", "film.avi"])
def test_only_the_frames_of_the_part_are_converted_and_resized(film, name, tmp_path, monkeypatch):
    if name == "film.avi":
        noise = np.random.default_rng(0).integers(0, 256, (520, 32, 32, 3), np.uint8)
        film = write_video(tmp_path / name, noise, codec="mpeg4", pix_fmt="yuv420p")
    seen = Converted(monkeypatch)
    read(film, cropped_frames, 510, 514)
    assert len(seen.resized) == 4
    assert seen.converted == 5  # the file's first, for its size


def test_a_frame_that_is_shown_at_several_ticks_is_resized_once(film, monkeypatch):
    seen = Converted(monkeypatch)
    frames, _ = read(film, cropped_frames, 0, 20, spec=replace(SMALL, fps=50))
    assert (len(frames), len(seen.resized)) == (20, 10)


def test_an_index_that_does_not_hold(film, monkeypatch):
    """What came of it before the first wrong frame stays; the rest is decoded from the start."""
    whole, _ = read(film, cropped_frames)
    read_frames = parts.read_frames

    def broken(*arguments, **options):
        yield from islice(read_frames(*arguments, **options), 3)
        raise OtherFramesError

    monkeypatch.setattr(parts, "read_frames", broken)
    part, video = read(film, cropped_frames, 300, 320)
    np.testing.assert_array_equal(part, whole[300:320])
    assert (video.width, video.height) == (96, 80)


def test_clips_of_a_film(film):
    whole = read_clip(film, spec=SMALL)
    np.testing.assert_array_equal(read_clip(film, 64, start=500, spec=SMALL), whole[500:564])
    np.testing.assert_array_equal(read_clip(film, start=590, spec=SMALL)[:10], whole[590:])
    with pytest.raises(ValueError, match="should have frame 700. Received: 600 frames"):
        read_clip(film, 4, start=700, spec=SMALL)


@pytest.mark.slow
def test_every_shared_file(shared):
    compared = 0
    for folder in ("clips", "nasty"):
        for path in sorted((shared / folder).iterdir()):
            try:
                with VideoFile(path, threads=1) as video:
                    whole = list(islice(cropped_frames(video, SMALL), 400))
            except VideoError:
                continue
            for start in {1, len(whole) // 2, len(whole) - 1} - {0}:
                with VideoFile(path, threads=1) as video:
                    part = list(cropped_frames(video, SMALL, start, min(start + 5, len(whole))))
                np.testing.assert_array_equal(part, whole[start : start + 5], err_msg=str(path))
                compared += 1
    assert compared > 100
