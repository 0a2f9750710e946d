"""Real and broken files: every frame counted, every fault named."""

import json
import os
import pickle

import numpy as np
import pytest

from keras_i3d.data import DEEPMIND_RGB, VideoError, VideoFile, cropped_frames
from keras_i3d.data.pixels.preprocessing import resize_and_crop
from keras_i3d.data.video import decoding
from tests.conftest import write_video


def read(path):
    """(frames at 25 fps, VideoFile after the last one)."""
    with VideoFile(path) as video:
        return sum(1 for _ in cropped_frames(video)), video


def images(path):
    with VideoFile(path) as video:
        return np.stack([image for image, _, _ in video])


def test_frames_come_in_order_with_their_times(counting_video):
    with VideoFile(counting_video) as video:
        frames = list(video)
    assert [int(image[0, 0, 0]) for image, _, _ in frames] == [20 * i for i in range(10)]
    assert [round(float(stamp), 3) for _, stamp, _ in frames] == [
        round(i / 25, 3) for i in range(10)
    ]
    assert (video.frames, video.width, video.height, video.fps) == (10, 40, 30, 25)
    assert video.notes == []


# What a good tool makes of each file of the shared folder: frames at 25 fps and the words of a
# note, or the words of the error.
NASTY = {
    "-leading-dash.mp4": 80,
    "UPPER.MP4": 80,
    "all_black.mp4": 75,
    "all_intra.mp4": 80,
    "animated.webp": "a picture (webp); such files are not read as video",
    "audio_only.mp4": "no video stream; it holds audio",
    "audio_only.wav": "no video stream; it holds audio",
    "audio_with_cover_art.m4a": "no video stream but a cover picture; it holds audio",
    "av1.mp4": 25,
    "broken_link.mp4": "",  # a dangling link, or, where links were not kept, the link's text
    "directory.mp4": "a folder, not a video file",
    "edit_list_preroll.mp4": 47,
    "fps120.mp4": 25,
    "fragmented.mp4": 80,
    "frames_01.mp4": 1,
    "frames_08.mp4": 8,
    "frames_15.mp4": 15,
    "frames_16.mp4": 16,
    "full_range_yuvj420p.mp4": 80,
    "garbage.mp4": "not a video, or cut off before its index",
    "gray.mp4": 80,
    "hevc_10bit.mp4": 80,
    "interlaced.mpg": 80,
    "jpeg_renamed.mp4": "a picture (mjpeg); such files are not read as video",
    "long_6000_frames.mp4": 15_000,
    "mjpeg_422.avi": 80,
    "no_extension": 80,
    "odd_161x121.gif": 12,
    "odd_161x121.mp4": 80,
    "phone_portrait_upright_after_rotation.mp4": 80,
    "raw_stream.h264": 80,
    "resolution_change.ts": 80,
    "rotate180.mp4": 80,
    "rotate90.mp4": 80,
    "spaces & 100% ümläut テスト.mp4": 80,
    "starts_mid_gop.ts": (40, "the first 0.76 s cannot be decoded"),
    "tall_16x1000.mp4": 25,
    "tiny_16x16.mp4": 25,
    "truncated.avi": (43, "1.92 s long by its header, but only 1.72 s can be decoded"),
    "truncated_faststart_half.mp4": (31, "3.20 s long by its header, but only 1.24 s can be"),
    "truncated_no_moov.mp4": "not a video, or cut off before its index",
    "unknown_codec.mp4": "unsupported codec",
    "vfr.mp4": (80, "variable frame rate"),
    "zero_byte.mp4": "the file is empty (0 bytes)",
}


def test_every_nasty_file_is_listed_here(shared):
    listed = json.loads((shared / "nasty" / "nasty.json").read_text())
    assert set(listed) == set(NASTY)
    assert len(NASTY) == 44


@pytest.mark.parametrize("name", sorted(NASTY))
def test_nasty_files(name, shared):
    path, wanted = shared / "nasty" / name, NASTY[name]
    if isinstance(wanted, str):
        with pytest.raises(VideoError) as error:
            read(path)
        assert str(error.value).startswith(f"{path}: ")
        assert wanted in error.value.cause
        assert "\n" not in str(error.value)
        return
    count, note = wanted if isinstance(wanted, tuple) else (wanted, None)
    frames, video = read(path)
    assert frames == count
    if note is None:
        assert video.notes == []
    else:
        assert any(note in found for found in video.notes), video.notes


def test_every_real_clip_has_the_frames_that_are_listed(shared):
    listed = json.loads((shared / "clips" / "clips.json").read_text())
    for name, facts in listed.items():
        frames, video = read(shared / "clips" / name)
        assert video.frames == facts["frames"], name
        assert (video.width, video.height) == (facts["width"], facts["height"])
        assert not any("damaged" in note for note in video.notes), name


def test_rotation_is_applied(shared):
    upright = images(shared / "nasty" / "all_intra.mp4")[0].astype(int)
    turned = images(shared / "nasty" / "phone_portrait_upright_after_rotation.mp4")[0].astype(int)
    assert turned.shape == upright.shape == (120, 160, 3)
    assert np.abs(turned - upright).mean() < 8
    half = images(shared / "nasty" / "rotate180.mp4")[0].astype(int)
    assert np.abs(half[::-1, ::-1] - upright).mean() < 8
    quarter = images(shared / "nasty" / "rotate90.mp4")[0].astype(int)
    assert quarter.shape == (160, 120, 3)
    assert min(np.abs(np.rot90(quarter, k) - upright).mean() for k in (1, 3)) < 8


@pytest.mark.parametrize("name", ["full_range_yuvj420p.mp4", "hevc_10bit.mp4", "mjpeg_422.avi"])
def test_colours_are_those_of_the_plain_twin(name, shared):
    twin = images(shared / "nasty" / "all_intra.mp4").astype(int)
    assert np.abs(images(shared / "nasty" / name).astype(int) - twin).mean() < 8


def test_gray_has_three_equal_channels(shared):
    frames = images(shared / "nasty" / "gray.mp4").astype(int)
    assert np.abs(frames - frames[..., :1]).max() <= 1


def test_odd_sizes_have_no_sheared_rows(shared):
    """The same scene at 160 x 120: a wrong stride would shift each row a little more."""
    upright = resize_and_crop(images(shared / "nasty" / "all_intra.mp4")[0], DEEPMIND_RGB)
    for name in ("odd_161x121.mp4", "odd_161x121.gif"):
        frame = images(shared / "nasty" / name)[0]
        assert frame.shape == (121, 161, 3)
        frame = resize_and_crop(frame, DEEPMIND_RGB).astype(int)
        assert np.abs(frame - upright).mean() < 12
        sheared = np.stack([np.roll(row, y, axis=0) for y, row in enumerate(frame)])
        assert np.abs(sheared - upright).mean() > 16


def test_two_readings_are_equal(shared):
    path = shared / "nasty" / "edit_list_preroll.mp4"
    np.testing.assert_array_equal(images(path), images(path))


def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(VideoError, match="not a regular file"):
        VideoFile(tmp_path / "pipe.mp4")
    with pytest.raises(VideoError, match="not a regular file"):
        VideoFile("/dev/zero")


def test_a_link_to_nowhere(tmp_path):
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nothing")
    with pytest.raises(VideoError, match="a link to a file that is not there"):
        VideoFile(tmp_path / "gone.mp4")
    with pytest.raises(VideoError, match="no such file"):
        VideoFile("-")


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
    ],
)
def test_a_playlist_in_disguise_reads_no_other_file(playlist, counting_video, tmp_path):
    for target in (counting_video, counting_video.name, f"file:{counting_video}", "http://x/y.ts"):
        path = tmp_path / "clip.mp4"
        path.write_text(playlist.format(target=target))
        with pytest.raises(VideoError):
            read(path)


def test_a_name_is_never_an_address_or_a_pattern(counting_video, tmp_path):
    for name in ("http:x.mkv", "concat:a|b", "img%03d.mkv", "*.mkv", "a\nb.mkv"):
        path = tmp_path / name
        path.write_bytes(counting_video.read_bytes())
        assert read(path)[0] == 10


def test_frames_too_large_are_refused(counting_video, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 40 * 30 - 1)
    with pytest.raises(VideoError, match="frames of 40 x 30 pixels; at most 1199"):
        read(counting_video)


def test_the_file_is_closed_after_a_failure(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"nonsense" * 100)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with pytest.raises(VideoError):
            VideoFile(tmp_path / "x.mp4")
    assert len(os.listdir("/proc/self/fd")) == before


def test_any_cut_of_a_good_file_gives_frames_or_one_error(counting_video, tmp_path):
    whole = counting_video.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path = tmp_path / "cut.mkv"
        path.write_bytes(whole[:length])
        try:
            frames, _ = read(path)
        except VideoError as error:
            assert error.path == str(path)
        else:
            assert 1 <= frames <= 10


def test_any_flipped_byte_gives_frames_or_one_error(shared, tmp_path):
    whole = (shared / "nasty" / "all_black.mp4").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            damaged[place] = rng.integers(256)
        path = tmp_path / "flipped.mp4"
        path.write_bytes(damaged)
        try:
            with VideoFile(path) as video:
                for _ in zip(cropped_frames(video), range(500), strict=False):
                    pass
        except VideoError:
            pass


def test_a_variable_frame_rate_is_resampled_by_time_stamp(tmp_path):
    """Frames at 0, 1, 2, 3, 8, 9 twenty-fifths: the fourth is held for five ticks."""
    frames = [np.full((30, 40, 3), 20 * i, np.uint8) for i in range(6)]
    path = write_video(tmp_path / "vfr.mkv", frames, stamps=[0, 1, 2, 3, 8, 9])
    with VideoFile(path) as video:
        levels = [int(frame[100, 100, 0]) // 20 for frame in cropped_frames(video)]
    assert levels == [0, 1, 2, 3, 3, 3, 3, 3, 4, 5]
    assert video.notes == ["variable frame rate: resampled by time stamp"]


def test_an_error_survives_pickling():
    error = pickle.loads(pickle.dumps(VideoError("a b.mp4", "no frame of it can be decoded")))
    assert (error.path, error.cause) == ("a b.mp4", "no frame of it can be decoded")
    assert str(error) == "a b.mp4: no frame of it can be decoded"
