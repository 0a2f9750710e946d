"""What is said of a whole video, from the answers about its windows."""

import numpy as np
import pytest

from keras_i3d.export.client.answer import Answer, ModelMetadata, TensorShape
from keras_i3d.export.client.video_answer import VideoAnswer, ask_video
from keras_i3d.export.client.video_query import WindowAnswer
from keras_i3d.export.served_record import ASSUMED, from_metadata
from tests.conftest import write_video

RAW = {"frames": TensorShape("uint8", (None, None, None, None, 3))}


def answered(**outputs):
    outputs = {name: np.array(value) for name, value in outputs.items()}
    return Answer(outputs, "m", "serving_default", 3, 0.25)


def said(*rows, labels=("dance", "jump")):
    """Of windows of one second each with these probabilities."""
    windows = [WindowAnswer(n, n + 1, answered(probabilities=[row])) for n, row in enumerate(rows)]
    return VideoAnswer("a.mp4", "m", tuple(windows), labels, ("small",))


def test_windows_are_averaged_and_runs_of_one_class_joined():
    answer = said([0.9, 0.1], [0.7, 0.3], [0.2, 0.8])
    assert answer.best() == [("dance", pytest.approx(0.6)), ("jump", pytest.approx(0.4))]
    assert [(s.start, s.end, s.label) for s in answer.timeline()] == [
        (0, 2, "dance"),
        (2, 3, "jump"),
    ]
    assert answer.timeline()[0].probability == pytest.approx(0.8)
    assert answer.as_json(1) == {
        "video": "a.mp4",
        "model": "m",
        "version": 3,
        "start": 0,
        "end": 3,
        "windows": 3,
        "seconds": 0.75,
        "notes": ["small"],
        "predictions": [{"label": "dance", "probability": pytest.approx(0.6)}],
    }
    lines = answer.as_text(1).splitlines()
    assert lines[:2] == ["a.mp4  0 - 3 s, answered in 0.75 s", "  note: small"]
    assert lines[-3:] == [
        "  timeline",
        "      0.0 -   2.0 s  0.80  dance",
        "      2.0 -   3.0 s  0.80  jump",
    ]


def test_classes_without_names_are_numbered():
    assert said([0.1, 0.9], labels=()).best(1) == [("class 1", 0.9)]


def test_the_best_of_windows_alone_are_not_averaged():
    answer = answered(classes=[[b"dance", b"jump"]], scores=[[0.5, 0.25]])
    window = WindowAnswer(0, 1, answer)
    one = VideoAnswer("a.mp4", "m", (window,))
    assert one.best(1) == [("dance", 0.5)]
    two = VideoAnswer("a.mp4", "m", (window, WindowAnswer(1, 2, answer)))
    assert two.best() == []
    assert [stretch.end for stretch in two.timeline()] == [2]


def test_a_signature_without_classes_gives_shapes():
    window = WindowAnswer(0, 1, answered(pooled=np.zeros((1, 6))))
    answer = VideoAnswer("a.mp4", "m", (window,))
    assert (answer.best(), answer.as_json()["outputs"]) == (None, {"pooled": [1, 6]})
    assert answer.as_text().splitlines()[-1] == "  pooled  [1, 6]"


class Recorder:
    """A client that keeps what it was sent."""

    video_signature = "serving_default"

    def __init__(self, **about):
        self.sent, self.about = [], about

    def predict(self, inputs, signature):
        self.sent.append(inputs["frames"])
        return answered(probabilities=[[0.5, 0.5]])

    def metadata(self):
        return ModelMetadata("m", 1, {"serving_default": (RAW, {})}, self.about)


def test_a_network_that_sees_every_other_frame_is_sent_those(tmp_path):
    frames = [np.full((30, 40, 3), i, np.uint8) for i in range(100)]
    path = str(write_video(tmp_path / "hundred.mkv", frames))
    sees = {"frames": 8, "every": 4, "channels": 3}
    spec = {"short_side": 12, "crop": 8, "least_frames": 9}
    client = Recorder(inputs={"rgb": {**sees, "preprocessing": spec}}, labels=["a", "b"])
    answer = ask_video(client, path, start=1, end=3)
    assert client.sent[0][0, :, 0, 0, 0].tolist() == [*range(25, 75, 4)]
    assert (answer.best()[0][0], answer.notes) == ("a", ())
    client.sent.clear()
    seen = []
    answer = ask_video(client, path, window=8, each=seen.append)
    assert [clip[0, 0, 0, 0, 0] for clip in client.sent] == [0, 16, 32, 48, 64, 68]  # 25 frames
    assert [len(one.windows) for one in seen] == [1] * 6
    assert answer.windows[0].end == 8 * 4 / 25


def test_a_model_that_says_nothing_is_taken_for_i3d_and_a_note_says_so(tmp_path):
    path = write_video(tmp_path / "short.mkv", [np.zeros((30, 40, 3), np.uint8)] * 4)
    client = Recorder()
    answer = ask_video(client, str(path))
    assert client.sent[0].shape == (1, 64, 256, 256, 3)
    assert answer.notes == (ASSUMED,)


def test_metadata_of_0_1_and_damaged_metadata():
    old = from_metadata({"preprocessing": {"rgb": {"crop": 32}}, "labels": ["a"]})
    assert (old.inputs["rgb"].crop, old.labels, old.notes) == (32, ("a",), ())
    assert from_metadata(old.as_metadata()) == old
    for damaged in ({"inputs": 3}, {"preprocessing": {"x": {}}}, {"labels": 5}):
        with pytest.raises(ValueError, match="metadata should be what export_saved_model writes"):
            from_metadata(damaged)
