"""Names of videos' features."""

import pytest

from keras_i3d.features.video_names import video_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/run.mp4", "b/jump.mp4"], ["run", "jump"]),
        (["a/run.mp4", "b/run.mp4", "b/jump.mp4"], ["a/run", "b/run", "jump"]),
        (["x/a/run.mp4", "y/a/run.mp4"], ["x/a/run", "y/a/run"]),
        (["a/run.mp4", "a/run.avi"], ["run.mp4", "run.avi"]),
        (["a/run.mp4", "a/run.mp4.avi"], ["run", "run.mp4.avi"]),
        (["/a/-x.mp4", "../b/no_extension"], ["-x", "no_extension"]),
        (["a.mp4", "./a.mp4"], ["a", "a"]),
    ],
)
def test_names(paths, names):
    assert list(video_names(paths).values()) == names


def test_a_folder_keeps_its_dots(tmp_path):
    (tmp_path / "v1.5").mkdir()
    assert video_names([str(tmp_path / "v1.5")]) == {str(tmp_path / "v1.5"): "v1.5"}
