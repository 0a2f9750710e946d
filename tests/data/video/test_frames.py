"""A file to the network's clip."""

import numpy as np
import pytest

from keras_i3d.data import read_clip
from keras_i3d.data.pixels.preprocessing import Preprocessing
from tests.conftest import write_video


def levels(clip):
    """The frame number of each frame of `counting_video`."""
    return np.rint((clip[:, 100, 100, 0] + 1) * 127.5 / 20).astype(int).tolist()


def test_clips_of_a_video(counting_video):
    assert levels(read_clip(counting_video, 4)) == [0, 1, 2, 3]
    assert levels(read_clip(counting_video, 3, start=5)) == [5, 6, 7]
    assert levels(read_clip(counting_video, 7, start=6)) == [6, 7, 8, 9, 6, 7, 8]
    whole = read_clip(counting_video)
    assert (whole.shape, whole.dtype) == ((64, 224, 224, 3), np.float32)
    assert levels(whole) == [i % 10 for i in range(64)]


def test_a_clip_at_twice_the_rate(counting_video):
    spec = Preprocessing(fps=50, least_frames=1)
    assert levels(read_clip(counting_video, spec=spec)) == [i // 2 for i in range(20)]


def test_values_are_those_of_the_pixels(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (2, 256, 256, 3), np.uint8)
    path = write_video(tmp_path / "noise.mkv", frames)
    clip = read_clip(path, 2)
    wanted = frames[:, 16:240, 16:240].astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(clip, wanted, atol=1e-6)


def test_what_cannot_be_read(counting_video):
    with pytest.raises(ValueError, match="should have frame 10. Received: 10 frames"):
        read_clip(counting_video, 4, start=10)
    with pytest.raises(ValueError, match="start should be at least 0"):
        read_clip(counting_video, 0)
