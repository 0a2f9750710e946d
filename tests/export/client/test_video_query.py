"""What is sent of a video: the pixels and the windows of `keras-i3d predict`."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_i3d.data import VideoError, preprocess
from keras_i3d.data.pixels.preprocessing import Preprocessing, resize_and_crop
from keras_i3d.export.client.answer import Answer, ModelMetadata, TensorShape
from keras_i3d.export.client.video_query import (
    ask_about,
    encoded,
    sending,
    sent_frames,
)
from tests.conftest import write_video

SMALL = Preprocessing(short_side=12, crop=8)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(8, 30), st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_what_is_sent_has_the_pixels_of_the_videos_own_crop(height, width, crop, more):
    spec = Preprocessing(short_side=crop + 2 * more, crop=crop)
    if max(height, width) * spec.short_side > 40_000 * min(height, width):
        return
    image = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    sent = resize_and_crop(image, sent_frames(spec))
    assert sent.shape == (spec.short_side, spec.short_side, 3)
    assert (resize_and_crop(sent, spec) == resize_and_crop(image, spec)).all()


def test_files_can_be_exact_or_small():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    assert (np.asarray(Image.open(io.BytesIO(encoded(image, "png")))) == image).all()
    ramp = np.linspace(0, 255, 600).astype(np.uint8).reshape(1, 200, 3).repeat(20, 0)
    jpeg = np.asarray(Image.open(io.BytesIO(encoded(ramp)))).astype(int)
    assert np.abs(jpeg - ramp).max() < 12


class Recorder:
    """A client that keeps what it was sent."""

    def __init__(self):
        self.sent = []

    def predict(self, inputs, signature):
        self.sent.append(inputs)
        return Answer({}, "m", signature, 1, 0.0)

    def classify(self, clips, signature):
        return self.predict({"inputs": clips}, signature)


def metadata(**signatures):
    about = {"preprocessing": {"rgb": {"short_side": 12, "crop": 8, "least_frames": 9}}}
    return ModelMetadata("m", 1, {n: (i, {}) for n, i in signatures.items()}, about)


RAW = {"frames": TensorShape("uint8", (None, None, None, None, 3))}
FILES = {"frames": TensorShape("string", (None, None))}
FIXED = {"frames": TensorShape("uint8", (None, 4, None, None, 3))}
CLIP = {"rgb_clip": TensorShape("float32", (None, None, 8, 8, 3))}
EXAMPLES = {"inputs": TensorShape("string", (None,))}
FLOW = {"flow_frames": TensorShape("float32", (None, None, None, None, 2))}


def test_each_signature_is_sent_what_it_takes(counting_video):
    known = metadata(raw=RAW, files=FILES, clip=CLIP, classify=EXAMPLES, fixed=FIXED, flow=FLOW)
    sent = {}
    for name in ("raw", "files", "clip", "classify", "fixed"):
        client = Recorder()
        windows = list(ask_about(client, sending(known, name), counting_video, files="png"))
        sent[name] = client.sent
    frames = sent["raw"][0]["frames"]
    assert frames.shape == (1, 10, 12, 12, 3)
    assert frames[0, :, 0, 0, 0].tolist() == [20 * i for i in range(10)]
    decoded = [Image.open(io.BytesIO(file)) for file in sent["files"][0]["frames"][0]]
    assert (np.stack([np.asarray(image) for image in decoded]) == frames[0]).all()
    assert sent["classify"][0]["inputs"][0] == sent["files"][0]["frames"][0]
    assert np.array_equal(sent["clip"][0]["rgb_clip"][0], preprocess(frames[0], SMALL))
    assert [s["frames"][0, 0, 0, 0, 0] for s in sent["fixed"]] == [0, 40, 80, 120]
    assert [(w.start, w.end) for w in windows[-1:]] == [(6 / 25, 10 / 25)]
    with pytest.raises(
        ValueError, match=r"takes flow_frames float32 \(any, .*: not the frames .* predict"
    ):
        sending(known, "flow")
    with pytest.raises(ValueError, match="has no signature 'x'; it has classify, clip"):
        sending(known, "x")


@pytest.mark.parametrize(("in_clips", "wanted"), [(False, [[2, 6, 10]]), (True, [[2, 6]])])
def test_what_is_sent_are_the_frames_that_the_network_sees(tmp_path, in_clips, wanted):
    """One of every four, the third; two of them in a clip."""
    frames = [np.full((30, 40, 3), i, np.uint8) for i in range(12)]
    path = write_video(tmp_path / "twelve.mkv", frames)
    preprocessing = {"short_side": 12, "crop": 8, "least_frames": 2}
    sees = {"frames": 2, "every": 4, "offset": 2, "preprocessing": preprocessing}
    about = {"inputs": {"rgb": sees}, "in_clips": in_clips}
    client = Recorder()
    how = sending(ModelMetadata("m", 1, {"raw": (RAW, {})}, about), "raw")
    found = list(ask_about(client, how, str(path)))
    sent = [inputs["frames"][0, :, 0, 0, 0].tolist() for inputs in client.sent]
    assert sent[: len(wanted)] == wanted
    assert found[-1].end == pytest.approx(12 / 25)


def test_a_part_of_a_video(tmp_path):
    frames = [np.full((30, 40, 3), i, np.uint8) for i in range(100)]
    path = write_video(tmp_path / "hundred.mkv", frames)
    client, how = Recorder(), sending(metadata(raw=RAW), "raw")
    (window,) = ask_about(client, how, str(path), start=1, end=2)
    assert client.sent[0]["frames"][0, :, 0, 0, 0].tolist() == list(range(25, 50))
    assert (window.start, window.end) == (1, 2)
    with pytest.raises(VideoError, match="it ends before 9 s"):
        list(ask_about(client, how, str(path), start=9))
    with pytest.raises(VideoError, match="no such file"):
        list(ask_about(client, how, "gone.mp4"))
