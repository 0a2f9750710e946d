"""Videos that come without flow get it; others are left as they are."""

import numpy as np

from keras_i3d.data.flow.flow_files import FlowFile
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS
from keras_i3d.data.video.encoding import write_mp4
from keras_i3d.training.flow_forward import with_flow
from keras_i3d.training.flow_of_data import with_stored_flow

INPUTS = with_flow({"rgb": DEEPMIND_INPUTS["rgb"].changed(4, 1, 32, 32)})


def test_files_get_flow_once_and_what_has_flow_stays(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (5, 40, 48, 3), np.uint8)
    for split in ("train", "test"):
        for label in ("a", "b"):
            folder = tmp_path / "videos" / split / label
            folder.mkdir(parents=True)
            write_mp4(folder / "clip.mp4", frames, 25)
    videos = DataSet(str(tmp_path / "videos"), validation_split="test")
    made = with_stored_flow(videos, INPUTS, tmp_path / "flow")
    assert made.flow_folder == str(tmp_path / "flow")
    files = sorted((tmp_path / "flow").rglob("*.flow.zip"))
    assert [str(f.relative_to(tmp_path / "flow")) for f in files] == [
        f"{split}/{label}/clip.mp4.flow.zip" for split in ("test", "train") for label in ("a", "b")
    ]
    with FlowFile(files[0]) as stored:
        assert len(stored) == 4 and stored.fingerprint.short_side == 32
    times = [file.stat().st_mtime_ns for file in files]
    with_stored_flow(videos, INPUTS, tmp_path / "flow")
    assert [file.stat().st_mtime_ns for file in files] == times
    assert with_stored_flow(made, INPUTS, tmp_path / "other") == made
    synthetic = DataSet(validation_split="test")
    assert with_stored_flow(synthetic, INPUTS, tmp_path / "other") == synthetic
    assert not (tmp_path / "other").exists()
