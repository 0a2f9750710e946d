"""One split of a data set, opened for training or evaluation."""

import pytest

from keras_i3d.data.batches.data_source import open_source
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS


def test_a_link_to_nothing_among_the_videos_is_refused_by_name(tmp_path):
    for name in ("train/wave/a.mp4", "train/run/b.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    videos, seen = DataSet(str(tmp_path)), {"rgb": DEEPMIND_INPUTS["rgb"]}
    assert open_source(videos, "train", seen).num_videos == 2
    (tmp_path / "train" / "run" / "gone.mp4").symlink_to("nowhere")
    with pytest.raises(ValueError, match="gone.mp4: a link to a file that is not there"):
        open_source(videos, "train", seen)
