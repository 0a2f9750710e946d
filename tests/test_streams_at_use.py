"""Networks whose streams see different frames, in prediction and in features: by hand."""

from dataclasses import replace

import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.flow.frames_with_flow import frames_with_flow
from keras_i3d.prediction import predict_video
from tests.conftest import write_video
from tests.features.conftest import tiny_network


def filled(tmp_path, count):
    """Frame i is filled with 8 i."""
    frames = [np.full((12, 16, 3), 8 * i, np.uint8) for i in range(count)]
    return str(write_video(tmp_path / "rising.mkv", frames))


def logits(*numbers):
    """What the tiny network says of frames filled with 8 i: the sum of their colours' means."""
    return 3 * np.mean([8 * i / 127.5 - 1 for i in numbers])


def every_fourth(in_clips=False):
    """It sees a frame of every four, the third of them, as many as two in a clip."""
    network = tiny_network("rgb", frames=2, every=4)
    one = replace(network.record.inputs["rgb"], offset=2)
    one = replace(one, preprocessing=replace(one.preprocessing, least_frames=2))
    record = replace(network.record, inputs={"rgb": one}, in_clips=in_clips, multi_label=True)
    return replace(network, record=record)


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def test_a_prediction_is_of_the_frames_that_the_network_sees(tmp_path):
    path = filled(tmp_path, 23)  # frames 2, 6, ... 22
    whole = predict_video(every_fourth(), path)
    assert len(whole.windows) == 1
    expected = sigmoid(logits(2, 6, 10, 14, 18, 22))
    np.testing.assert_allclose(whole.scores, [expected] * 2, atol=0.01)


def test_a_prediction_in_clips_is_the_mean_of_them(tmp_path):
    path = filled(tmp_path, 16)
    found = predict_video(every_fourth(in_clips=True), path)
    seen = [(2, 6), (10, 14)]
    assert [w.start for w in found.windows] == pytest.approx([0, 0.32])
    assert [w.end for w in found.windows] == pytest.approx([0.32, 0.64])
    for window, numbers in zip(found.windows, seen, strict=True):
        np.testing.assert_allclose(window.scores, [sigmoid(logits(*numbers))] * 2, atol=0.01)


def test_features_of_pictures_and_flow_are_of_one_moment(tmp_path, monkeypatch):
    """A picture of every four, the third, and all four of flow; flow i is filled with i."""

    def told(images, method, threads=None):
        for number, image in enumerate(images):
            yield image, np.full((*image.shape[:2], 2), number, np.float32)

    assert frames_with_flow  # what is replaced
    monkeypatch.setattr("keras_i3d.features.seen_frames.frames_with_flow", told)
    network = tiny_network("rgb", "flow", frames=4)
    rgb, flow = network.record.inputs.values()
    inputs = {"rgb": replace(rgb, frames=2, every=4, offset=2), "flow": replace(flow, frames=8)}
    network = replace(network, record=replace(network.record, inputs=inputs))
    found = keras_i3d.extract_features(filled(tmp_path, 16), network=network)
    pictures, flows = (found.arrays[s]["Mixed_5c"][:, 0] for s in ("rgb", "flow"))
    grey = [np.mean([8 * i / 127.5 - 1 for i in numbers]) for numbers in ((2, 6), (10, 14))]
    np.testing.assert_allclose(pictures, grey, atol=0.01)
    np.testing.assert_allclose(flows, [np.mean(range(8)) / 20, np.mean(range(8, 16)) / 20])
    assert found.start == pytest.approx([0, 0.32])
