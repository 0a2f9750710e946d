"""What the network is shown of a video, by stream; and what becomes of many videos."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.models.catalogue import network
from keras_i3d.prediction import predict_video, predict_videos, watch_live
from keras_i3d.prediction_inputs import NamedVideo
from keras_i3d.weights.trained import record_of
from tests.conftest import serving, write_video


def mean_of(every=1, **channels):
    """A network whose scores are the means of its inputs' channels, as they are."""
    clips = {s: keras.Input((None, None, None, n), name=s) for s, n in channels.items()}
    # One axis after the other: a float32 sum over millions of values has lost its fourth digit.
    means = [ops.mean(ops.mean(ops.mean(clip, 3), 2), 1) for clip in clips.values()]
    if len(clips) == 1:
        model = keras.Model(*clips.values(), means[0])
    else:
        model = keras.Model(clips, keras.layers.Concatenate()(means))
    of = network("two_stream_i3d" if len(clips) > 1 else "i3d")
    stream = "both" if len(clips) > 1 else next(iter(clips))
    inputs = {name: one.changed(every=every) for name, one in of.seen(stream).items()}
    labels = [str(number) for number in range(model.output_shape[-1])]
    # Its output is said to be a softmax's, so that nothing is put behind it.
    return LoadedNetwork(model, record_of(of, stream, inputs, labels, output="softmax"), "a mean")


@pytest.fixture
def moving(tmp_path):
    """A smooth picture of 256 x 256 that moves by four pixels a frame to the right."""
    across, down = np.arange(256 + 24), np.arange(256)
    line = 110 + 50 * np.sin(across / 9) + 40 * np.cos(across / 23)
    picture = (line[None] + 20 * np.sin(down / 7)[:, None]).astype(np.uint8)
    picture = np.repeat(picture[..., None], 3, axis=2)
    frames = [picture[:, 24 - 4 * i : 280 - 4 * i] for i in range(6)]
    return write_video(tmp_path / "moving.mkv", frames), frames


def test_flow_is_what_moves_over_twenty_pixels(moving):
    path, _ = moving
    prediction = predict_video(mean_of(flow=2), path)
    assert prediction.scores == pytest.approx([4 / 20, 0], abs=0.02)
    assert prediction.notes == ["short: 6 frames, looped to 64"]


def test_both_streams_are_those_of_each_alone(moving):
    path, frames = moving
    rgb = predict_video(mean_of(rgb=3), path).scores
    # 64 frames of a video of six: the first four come eleven times, the last two ten times.
    shown = np.stack([frames[i % 6][16:240, 16:240] for i in range(64)])
    assert rgb == pytest.approx(shown.mean((0, 1, 2)) / 127.5 - 1, abs=1e-5)
    flow = predict_video(mean_of(flow=2), path).scores
    both = predict_video(mean_of(rgb=3, flow=2), path)
    assert both.scores == pytest.approx([*rgb, *flow], abs=1e-6)


def test_a_video_that_fails_ends_nothing(counting_video, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"not a video")
    inputs = [tmp_path / "broken.mp4", NamedVideo("gone", "no such file"), counting_video]
    broken, gone, whole = predict_videos(mean_of(rgb=3), inputs)
    assert (broken.item, broken.result) == (tmp_path / "broken.mp4", None)
    assert broken.error.startswith("not a video")
    assert (gone.item, gone.error) == ("gone", "no such file")
    assert whole.error is None and whole.result.frames == 10


def test_a_network_is_compiled_once_for_many_videos(counting_video):
    seen = mean_of(rgb=3)
    # Said to end in logits, so that a softmax is put behind it.
    network = dataclasses.replace(seen, record=dataclasses.replace(seen.record, output="logits"))
    first, second = predict_videos(network, [counting_video, counting_video])
    np.testing.assert_array_equal(first.result.scores, second.result.scores)
    assert first.result.scores.sum() == pytest.approx(1)
    assert network.classifier is network.classifier


def test_a_stream_is_watched_until_the_end_that_was_asked_for(tmp_path):
    frames = [np.full((48, 64, 3), 255 * (i >= 32), np.uint8) for i in range(80)]
    write_video(tmp_path / "stream.ts", frames, codec="mpeg2video", pix_fmt="yuv420p")
    with serving(tmp_path) as host:
        source = f"{host}/stream.ts"
        windows = list(watch_live(mean_of(rgb=3), source, window=32, stride=32, end=2.56))
    assert [(window.start, window.end) for window in windows] == [(0, 1.28), (1.28, 2.56)]
    black, white = (window.scores[0] for window in windows)
    assert (black, white) == pytest.approx((-1, 1), abs=0.02)


def test_a_network_that_takes_every_other_frame(tmp_path):
    frames = [np.full((48, 64, 3), 255 * (i % 2), np.uint8) for i in range(80)]
    path = write_video(tmp_path / "flicker.mkv", frames)
    prediction = predict_video(mean_of(every=2, rgb=3), path, window=20, stride=20)
    assert (prediction.frames, prediction.fps) == (40, 12.5)
    assert [(w.start, w.end) for w in prediction.windows] == [(0, 1.6), (1.6, 3.2)]
    assert prediction.scores == pytest.approx([-1, -1, -1])  # the black ones


def test_a_part_of_a_folder_of_pictures(tmp_path):
    for number in range(20):
        Image.new("RGB", (64, 48), (255 * (number >= 10),) * 3).save(tmp_path / f"{number}.png")
    white = predict_video(mean_of(rgb=3), tmp_path, start=1, frames_fps=10)
    assert (white.frames, white.scores) == (25, pytest.approx([1, 1, 1]))
    black = predict_video(mean_of(rgb=3), tmp_path, end=1, frames_fps=10)
    assert (black.frames, black.scores) == (25, pytest.approx([-1, -1, -1]))
