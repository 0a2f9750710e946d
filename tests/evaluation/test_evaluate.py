"""Every video scored once or listed; views averaged; whatever the batch."""

import keras
import numpy as np
import pytest

from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import Video
from keras_i3d.evaluation.evaluate import evaluate
from tests.conftest import write_video
from tests.data.batches.test_batches import SMALL, Counting
from tests.data.seen import seen

SOURCE = Counting([12, 9, 3, 12, 16])


class FirstPixel(keras.layers.Layer):
    """Logits that the first pixel of the last frame gives: (red, green, blue) levels / 100."""

    def call(self, clip):
        return (clip[:, -1, 0, 0] + 1) * 1.275


@pytest.fixture(scope="module")
def model():
    clip = keras.Input((None, None, None, 3))
    return keras.Model(clip, FirstPixel()(clip), name="first_pixel")


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)


def test_views_are_averaged_by_hand(model):
    scores = evaluate(model, SOURCE, SMALL, num_clips=2, num_crops=3, batch_size=4)
    # Video 1, 9 frames, clips of 7: begin at 0 and 2, end at 6 and 8; crops at row 4 of columns
    # 0, 9 and 18.
    logits = np.array([[16 + end, 4, left] for end in (6, 8) for left in (0, 9, 18)]) / 100
    assert np.allclose(scores.logits[1], logits.mean(0), atol=1e-5)
    assert np.allclose(scores.probabilities[1], softmax(logits).mean(0), atol=1e-5)
    assert scores.ids.tolist() == [f"video {n}" for n in range(5)]
    assert scores.labels.tolist() == [0, 1, 2, 0, 1]
    assert scores.failed == {}


def test_the_batch_size_changes_nothing(model):
    one, many = (evaluate(model, SOURCE, SMALL, num_clips=3, batch_size=b) for b in (1, 7))
    assert np.allclose(one.logits, many.logits, atol=1e-6)


def test_whole_videos(model):
    scores = evaluate(model, SOURCE, SMALL)
    # The last of every other frame: 10 of 12, 8 of 9, frame 0 again of 3, 10 of 12, 14 of 16.
    lasts = np.array([10, 16 + 8, 32 + 0, 48 + 10, 64 + 14]) / 100
    assert np.allclose(scores.logits[:, 0], lasts, atol=1e-5)


def test_a_broken_video_is_listed(model, tmp_path):
    path = write_video(tmp_path / "a.mkv", [np.full((40, 50, 3), 10, np.uint8)] * 5)
    (tmp_path / "b.mkv").write_bytes(b"nothing")
    videos = [Video(str(tmp_path / "b.mkv"), (1,), "b"), Video(str(path), (0,), "a")]
    for options in ({}, {"num_clips": 2, "batch_size": 3}):
        scores = evaluate(model, VideoFiles(videos, ("x", "y", "z")), SMALL, **options)
        assert scores.ids.tolist() == ["a"]
        assert scores.labels.tolist() == [0]
        assert scores.failed.keys() == {"b"}
        assert scores.listed == 2


def test_several_labels(model):
    class Several(Counting):
        def labels(self, index):
            return (0, 2) if index else (1,)

    scores = evaluate(model, Several([5, 5]), SMALL, multi_label=True)
    assert scores.labels.tolist() == [[0, 1, 0], [1, 0, 1]]
    assert np.allclose(scores.probabilities, 1 / (1 + np.exp(-scores.logits)), atol=1e-6)
    with pytest.raises(ValueError, match="video 1 should have one label. Received: 2"):
        evaluate(model, Several([5, 5]), SMALL)


def test_other_classes_are_refused(model):
    class Fewer(Counting):
        class_names = ("a", "b")

    with pytest.raises(ValueError, match="should have the 3 classes of .* Received: 2"):
        evaluate(model, Fewer([5]), seen(4, 1, 40, 32))
