"""The views of a split that int8 is calibrated on: of files, of shards, of made videos."""

import keras
import numpy as np
import pytest

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.synthetic.videos import SyntheticVideos
from keras_i3d.engines import EngineError
from keras_i3d.evaluation.int8_views import int8_views
from keras_i3d.models.catalogue import network
from keras_i3d.weights.trained import record_of
from tests.conftest import write_video


@pytest.fixture
def small():
    """A record of four frames of 8 x 8 pixels; its model is never run."""
    inputs = {
        stream: one.changed(frames=4, short_side=8, crop=8)
        for stream, one in network("i3d").seen("rgb").items()
    }
    clip = keras.Input((None, 8, 8, 3))
    return LoadedNetwork(keras.Model(clip, clip), record_of(network("i3d"), "rgb", inputs, ()), "")


def files(folder, counts):
    """A source of videos whose frame i has the grey i + 100 * number."""
    videos = []
    for number, count in enumerate(counts):
        frames = [np.full((8, 10, 3), 100 * number + i, np.uint8) for i in range(count)]
        path = write_video(folder / f"{number}.mkv", frames)
        videos.append(Video(str(path), (0,), str(path)))
    return VideoFiles(videos, ("only",))


def greys(clip):
    return np.rint((clip["rgb"][0, :, 0, 0, 0] + 1) * 127.5).astype(int).tolist()


def test_views_of_all_videos_in_turn_no_two_alike(small, tmp_path):
    source = files(tmp_path, (90, 90))
    source.videos.append(Video(str(tmp_path / "gone.mkv"), (0,), "gone"))
    source.num_videos = 3
    windows = [greys(clip) for clip in int8_views(small, source)]
    assert all(window == list(range(window[0], window[0] + 4)) for window in windows)
    assert len(set(map(tuple, windows))) == len(windows) == 24
    assert sum(window[0] < 100 for window in windows) == 12
    assert [greys(clip) for clip in int8_views(small, source)] == windows
    assert [greys(clip) for clip in int8_views(small, source, seed=1)] != windows


def test_too_few_are_refused(small, tmp_path):
    """Eight frames have five windows of four."""
    with pytest.raises(EngineError, match="videos that give 5; name a folder with more"):
        int8_views(small, files(tmp_path, (8,)))


def test_videos_that_lie_nowhere(small):
    source = SyntheticVideos("val", num_videos=30, num_frames=9, size=(8, 12), seed=3)
    clips = int8_views(small, source)
    assert len(clips) == 24 and clips[0]["rgb"].shape == (1, 4, 8, 8, 3)
