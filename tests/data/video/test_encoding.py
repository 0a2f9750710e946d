"""Frames to MP4 and back."""

import numpy as np
import pytest

from keras_i3d.data import VideoFile
from keras_i3d.data.video.encoding import write_mp4


def waves(count=12, height=48, width=64):
    y, x = np.mgrid[:height, :width]
    time = np.arange(count)[:, None, None]
    grey = 127 + 100 * np.cos(0.2 * (x + 2 * time)) * np.cos(0.15 * y)
    return np.repeat(grey[..., None], 3, axis=3).astype(np.uint8)


def read(path):
    with VideoFile(path) as video:
        return np.stack([frame for frame, _, _ in video]), video.fps


@pytest.mark.parametrize("size", [(48, 64), (47, 63), (16, 16)])
def test_frames_come_back(size, tmp_path):
    frames = waves(12, *size)
    assert write_mp4(tmp_path / "waves.mp4", iter(frames), fps=30) == 12
    found, fps = read(tmp_path / "waves.mp4")
    assert fps == 30
    assert found.shape == frames.shape
    assert np.abs(found.astype(int) - frames).mean() < 2
    assert [path.name for path in tmp_path.iterdir()] == ["waves.mp4"]


def test_equal_frames_give_equal_bytes(tmp_path):
    rng = np.random.default_rng(0)
    frames = waves(30, 96, 128) + rng.integers(0, 20, (30, 96, 128, 1), np.uint8)
    for name in "abc":
        write_mp4(tmp_path / name, frames)
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1


def test_less_quality_is_smaller(tmp_path):
    write_mp4(tmp_path / "fine.mp4", waves(), quality=5)
    write_mp4(tmp_path / "rough.mp4", waves(), quality=40)
    assert (tmp_path / "rough.mp4").stat().st_size < (tmp_path / "fine.mp4").stat().st_size


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "at least one frame"),
        ([waves()[0], waves(1, 48, 62)[0]], r"frame 1 should be uint8 \(48, 64, 3\)"),
        ([waves()[0].astype(float)], "Received: float64"),
        ([waves()[0, :, :, 0]], "frame 0 should be uint8"),
    ],
)
def test_what_cannot_be_written_leaves_what_was_there(frames, message, tmp_path):
    (tmp_path / "old.mp4").write_text("old")
    with pytest.raises(ValueError, match=message):
        write_mp4(tmp_path / "old.mp4", frames)
    assert (tmp_path / "old.mp4").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interrupted_source_leaves_nothing(tmp_path):
    def frames():
        yield from waves()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_mp4(tmp_path / "half.mp4", frames())
    assert not list(tmp_path.iterdir())
