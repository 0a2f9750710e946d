"""Which frames a protocol takes of a video, and what it makes of their pixels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.pixels.float_resizing import resize_float
from keras_i3d.data.video.decoding import VideoError
from keras_i3d.fvd.protocol_clips import (
    clip_of_array,
    clip_of_file,
    frame_numbers,
    frame_pixels,
    kept_path,
)
from keras_i3d.fvd.protocols import CDFVD, CLIPS, GOOGLE, JUNYAOHU
from tests.conftest import write_video
from tests.fvd.conftest import SMALL, grey_videos

SPACED = replace(SMALL, frames=3, stride=2)


@pytest.mark.parametrize(
    ("clip", "total", "numbers"),
    [
        ("first", 9, [0, 2, 4]),
        ("first", 5, [0, 2, 4]),
        ("middle", 9, [2, 4, 6]),
        ("random", 5, [0, 2, 4]),
    ],
)
def test_numbers(clip, total, numbers):
    assert frame_numbers(total, replace(SPACED, clip=clip), "abc").tolist() == numbers


@given(st.sampled_from(CLIPS), st.integers(1, 40), st.integers(1, 9), st.integers(0, 60), st.text())
def test_a_clip_lies_within_its_video(clip, frames, stride, spare, content):
    how = replace(SMALL, clip=clip, frames=frames, stride=stride)
    total = how.span + spare
    numbers = frame_numbers(total, how, content)
    assert len(numbers) == frames and set(np.diff(numbers)) <= {stride}
    before, after = numbers[0], total - 1 - numbers[-1]
    assert before + after == spare and min(before, after) >= 0
    assert clip != "first" or before == 0
    assert clip != "middle" or after - before in (0, 1)
    assert numbers.tolist() == frame_numbers(total, how, content).tolist()
    with pytest.raises(ValueError, match="at least"):
        frame_numbers(how.span - 1, how, content)


def test_random_starts_depend_on_seed_and_content():
    drawn = replace(SMALL, clip="random")
    starts = [frame_numbers(23, drawn, str(i))[0] for i in range(400)]
    assert set(starts) == set(range(20))  # all that fit
    assert starts == [frame_numbers(23, drawn, str(i))[0] for i in range(400)]
    assert starts != [frame_numbers(23, replace(drawn, seed=1), str(i))[0] for i in range(400)]


def test_too_few_frames():
    with pytest.raises(ValueError, match="at least 5 frames. Received: 4"):
        frame_numbers(4, SPACED, "abc")


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_google_squashes_in_floats():
    frame = noise(60, 90)
    expected = resize_float(frame, 224, 224, "legacy") * 2 / 255 - 1
    found = frame_pixels(frame, GOOGLE, from_file=True)
    assert (found.shape, found.dtype) == ((224, 224, 3), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_junyaohu_cuts_the_centre_out():
    """101 x 50 pixels: to 453 x 224, rounded up, and from row 114 on."""
    frame = noise(101, 50)
    whole = resize_float(frame, 453, 224, "half_pixel")
    expected = whole[114 : 114 + 224] / 127.5 - 1
    np.testing.assert_allclose(frame_pixels(frame, JUNYAOHU, True), expected, atol=1e-5)


def test_cdfvd_cuts_fractions_off_for_files_alone():
    frame = noise(300, 400)
    first = resize_float(frame, 256, 342, "antialias")[:, 43 : 43 + 256].astype(np.uint8)
    expected = resize_float(first, 224, 224, "half_pixel") / 127.5 - 1
    np.testing.assert_allclose(frame_pixels(frame, CDFVD, True), expected, atol=1e-5)
    squashed = resize_float(frame, 224, 224, "half_pixel") / 127.5 - 1
    np.testing.assert_allclose(frame_pixels(frame, CDFVD, False), squashed, atol=1e-5)


def test_a_clip_of_an_array_and_of_a_file(tmp_path):
    frames = [np.full((12, 16, 3), 20 * i, np.uint8) for i in range(10)]
    path = write_video(tmp_path / "rising.mkv", frames)
    of_file = clip_of_file((7, str(path)), replace(SPACED, clip="middle"))
    of_array = clip_of_array(np.stack(frames), replace(SPACED, clip="middle"))
    levels = [20 * i / 127.5 - 1 for i in (2, 4, 6)]
    for read in (of_file, of_array):
        assert (read.clip.shape, read.size) == ((3, 8, 8, 3), (12, 16))
        np.testing.assert_allclose(read.clip.mean((1, 2, 3)), levels, atol=0.01)


def test_a_short_video_has_no_clip(tmp_path):
    frames = [np.zeros((12, 16, 3), np.uint8)] * 3
    path = write_video(tmp_path / "short.mkv", frames)
    for read in (clip_of_file((0, str(path)), SMALL), clip_of_array(np.stack(frames), SMALL)):
        assert read.is_short and read.frames == 3
    drawn = clip_of_file((0, str(path)), replace(SMALL, clip="random"))
    assert drawn.is_short and drawn.frames == 3


def test_a_broken_file_says_so(tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoError, match="not a video"):
        clip_of_file((0, str(tmp_path / "broken.mp4")), SMALL)


def test_features_that_are_kept_are_taken(tmp_path):
    (video,) = grey_videos([10])
    key = clip_of_array(video, SMALL).key
    kept_path(tmp_path, key).parent.mkdir()
    np.save(kept_path(tmp_path, key), np.arange(3.0))
    assert clip_of_array(video, SMALL, tmp_path).features.tolist() == [0, 1, 2]
    assert clip_of_array(video + 1, SMALL, tmp_path).features is None
    assert clip_of_array(video, replace(SMALL, stride=2), tmp_path).features is None
    kept_path(tmp_path, key).write_bytes(b"damaged")
    assert clip_of_array(video, SMALL, tmp_path).features is None
