"""The scripts in examples/, each run as it stands, on synthetic videos and random weights."""

import ast
import runpy

import numpy as np
import pytest

from keras_i3d.data.synthetic.files import VideoSet, write_videos
from keras_i3d.models.catalogue import I3D
from keras_i3d.models.i3d import build_i3d
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """A folder of two classes with two short videos each."""
    folder = tmp_path_factory.mktemp("made")
    motions = ("MoveLeft", "ZoomIn")
    made = VideoSet(motions=motions, videos_per_class=2, num_frames=12, size=(48, 64))
    write_videos(folder, made, 1, lambda outcomes, total: outcomes)
    return folder / "videos"


def example(name):
    return runpy.run_path(str(PROJECT / "examples" / name))["main"]


def test_predict(videos, tmp_path, capsys):
    build_i3d().save_weights(tmp_path / "random.weights.h5")
    path = sorted(videos.rglob("*.mp4"))[0]
    prediction = example("predict.py")(path, tmp_path / "random.weights.h5")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the first 2.6 s"
    assert len(lines) == 7
    assert lines[6].startswith("  0.0 - 0.5 s")
    assert prediction.scores.sum() == pytest.approx(1, abs=1e-5)


def test_features(videos, tmp_path, capsys):
    build_i3d().save_weights(tmp_path / "random.weights.h5")
    path = sorted(videos.rglob("*.mp4"))[0]
    features = example("features.py")(path, tmp_path / "random.weights.h5", window=9)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  0.00 - 0.36 s  length ")
    assert lines[-1].startswith("most alike: windows 0 and 1, cosine ")
    assert features.arrays["rgb"]["Mixed_5c"].shape == (2, 1024)


def test_fine_tune(videos, tmp_path, capsys):
    """The new head has moved, and all else is as the weights had it."""
    begin = build_i3d()
    begin.save_weights(tmp_path / "random.weights.h5")
    clip = I3D.inputs["rgb"].changed(frames=9, short_side=200, crop=193)
    options = {"weights": str(tmp_path / "random.weights.h5"), "steps": 2, "batch_size": 2}
    network = example("fine_tune.py")(videos, tmp_path / "mine", clip=clip, **options)
    assert network.record.labels == ("MoveLeft", "ZoomIn")
    assert (tmp_path / "mine.txt").read_text() == "MoveLeft\nZoomIn\n"
    ((label, _),) = ast.literal_eval(capsys.readouterr().out.splitlines()[-1])
    assert label in network.record.labels
    before = {v.path: v.numpy() for v in begin.weights}
    for variable in network.model.weights:
        if not variable.path.startswith(I3D.head):
            np.testing.assert_array_equal(variable.numpy(), before[variable.path])
    assert network.model.get_layer(I3D.head[0]).conv_3d.bias.numpy().any()  # zero at the start


@pytest.mark.parametrize("path", sorted((PROJECT / "examples").glob("*.py")), ids=lambda p: p.name)
def test_an_example_is_one_page(path):
    assert len(path.read_text("utf-8").splitlines()) <= 60
