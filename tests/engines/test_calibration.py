"""The sample of windows that int8 is calibrated on."""

import numpy as np
import pytest

from keras_i3d.engines import EngineError, calibration_clips
from tests.conftest import write_video


def greys(folder, name, first, count):
    """A video whose frame i has the grey first + i; the network sees grey / 127.5 - 1."""
    frames = [np.full((32, 40, 3), first + i, np.uint8) for i in range(count)]
    return write_video(folder / name, frames)


def shown(clip):
    """The grey of each frame of a clip."""
    return np.rint((clip["rgb"][0, :, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_windows_of_all_videos_in_turn(tiny, tmp_path):
    videos = [greys(tmp_path, f"{n}.mkv", 100 * n, 100) for n in (0, 1)]
    clips = calibration_clips(tiny, [tmp_path / "broken.mkv", *videos])
    windows = [shown(clip) for clip in clips]
    assert clips[0]["rgb"].shape == (1, 64, 224, 224, 3)
    assert all(window == list(range(window[0], window[0] + 64)) for window in windows)
    assert len(set(map(tuple, windows))) == 24
    of = [window[0] // 100 for window in windows]
    assert of in ([0, 1] * 12, [1, 0] * 12)
    again = [shown(clip) for clip in calibration_clips(tiny, [tmp_path / "broken.mkv", *videos])]
    assert again == windows
    other = calibration_clips(tiny, [tmp_path / "broken.mkv", *videos], seed=1)
    assert [shown(clip) for clip in other] != windows


def test_whole_videos_are_kept_for_the_check(tiny, tmp_path):
    """Every third clip checks; one that cannot be read and one named twice change nothing."""
    videos = [greys(tmp_path, f"{n}.mkv", 60 * n, 40) for n in range(4)]
    (tmp_path / "broken.mkv").write_bytes(b"nothing")
    named = [*videos, tmp_path / "broken.mkv", *map(str, videos), videos[0]]
    of = [clip[0] // 60 for clip in map(shown, calibration_clips(tiny, named))]
    assert set(of) == {0, 1, 2, 3}
    assert not set(of[2::3]) & set(of[0::3] + of[1::3])


def test_a_short_video_is_looped_from_any_of_its_frames(tiny, tmp_path):
    windows = [shown(c) for c in calibration_clips(tiny, [greys(tmp_path, "a.mkv", 0, 30)])]
    for window in windows:
        assert window == [(window[0] + i) % 30 for i in range(64)]
    assert len({window[0] for window in windows}) == 24


def test_too_little_is_refused(tiny, tmp_path):
    (tmp_path / "broken.mkv").write_bytes(b"nothing")
    with pytest.raises(EngineError, match="24 windows.*that give 10; name a folder with more"):
        calibration_clips(tiny, [tmp_path / "broken.mkv", greys(tmp_path, "a.mkv", 0, 10)])
