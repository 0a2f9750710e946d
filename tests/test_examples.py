"""The scripts in examples/, each run as it stands, on videos made by rule and random weights."""

import runpy

import keras
import numpy as np
import pytest

from keras_i3d.data.batches.sampling import ClipSpec
from keras_i3d.data.synthetic.files import VideoSet, write_videos
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


def test_fine_tune(videos, tmp_path, capsys):
    out, clip = tmp_path / "mine.keras", ClipSpec(num_frames=8, short_side=32, crop=32)
    model = example("fine_tune.py")(videos, out, weights=None, steps=2, batch_size=2, clip=clip)
    printed = capsys.readouterr().out
    assert "MoveLeft" in printed.splitlines()[-1] or "ZoomIn" in printed.splitlines()[-1]
    clips = np.zeros((1, 8, 32, 32, 3), np.float32)
    again = keras.saving.load_model(out)
    np.testing.assert_allclose(
        again.predict_on_batch(clips), model.predict_on_batch(clips), atol=1e-6
    )
    assert len(model.trainable_variables) == 2


@pytest.mark.parametrize("path", sorted((PROJECT / "examples").glob("*.py")), ids=lambda p: p.name)
def test_an_example_is_one_page(path):
    assert len(path.read_text("utf-8").splitlines()) <= 60
