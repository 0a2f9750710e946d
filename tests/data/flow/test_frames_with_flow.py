"""Frames and their flow as the streams of a network see them."""

from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.data.flow.frames_with_flow import cropped_streams, frames_with_flow
from keras_i3d.data.flow.methods import compute_flow
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, DEEPMIND_RGB
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import cropped_frames
from tests.conftest import write_video

SMALL = {"short_side": 48, "crop": 32}
SPECS = {"rgb": replace(DEEPMIND_RGB, **SMALL), "flow": replace(DEEPMIND_FLOW, **SMALL)}


@pytest.fixture
def frames():
    """A smooth picture that moves to the right, by two pixels a frame."""
    across = np.arange(64 + 12)
    line = 128 + 60 * np.sin(across / 5) + 40 * np.cos(across / 11)
    picture = np.repeat(line[None], 48, axis=0) + 20 * np.sin(np.arange(48) / 4)[:, None]
    picture = np.repeat(picture.astype(np.uint8)[..., None], 3, axis=2)
    return [picture[:, 12 - 2 * i : 76 - 2 * i] for i in range(6)]


def test_each_frame_has_the_flow_to_the_next_and_the_last_that_before_it(frames):
    wanted = compute_flow(np.stack(frames))
    pairs = list(frames_with_flow(frames))
    assert len(pairs) == 6
    for number, (frame, flow) in enumerate(pairs):
        np.testing.assert_array_equal(frame, frames[number])
        np.testing.assert_array_equal(flow, wanted[min(number, 4)])
    assert np.median(pairs[0][1][..., 0]) == pytest.approx(2, abs=0.2)


def test_a_single_frame_does_not_move(frames):
    ((_, flow),) = frames_with_flow(frames[:1])
    assert flow.shape == (48, 64, 2) and not flow.any()


def test_both_streams_show_the_same_crop(frames, tmp_path):
    path = write_video(tmp_path / "moving.mkv", frames)
    with VideoFile(path) as video:
        rgb_alone = list(cropped_frames(video, SPECS["rgb"]))
    with VideoFile(path) as video:
        both = list(cropped_streams(video, SPECS))
    with VideoFile(path) as video:
        flow_alone = list(cropped_streams(video, {"flow": SPECS["flow"]}))
    assert [list(f) for f in both] == [["rgb", "flow"]] * 6
    assert [list(f) for f in flow_alone] == [["flow"]] * 6
    flow = compute_flow(np.stack(frames))[:, 8:40, 16:48]
    for number in range(6):
        np.testing.assert_array_equal(both[number]["rgb"], rgb_alone[number])
        np.testing.assert_array_equal(both[number]["flow"], flow_alone[number]["flow"])
        np.testing.assert_array_equal(both[number]["flow"], flow[min(number, 4)])


@pytest.mark.parametrize("stream", SPECS)
@pytest.mark.parametrize(("start", "end"), [(0, 3), (2, 5), (2, None), (4, 6), (5, 9), (7, 9)])
def test_a_part_is_what_the_whole_has_there(stream, start, end, frames, tmp_path):
    path = write_video(tmp_path / "moving.mkv", frames)
    spec = {stream: SPECS[stream]}
    with VideoFile(path) as video:
        whole = list(cropped_streams(video, spec))
    with VideoFile(path) as video:
        part = list(cropped_streams(video, spec, start, end))
    wanted = whole[start:end]
    if stream == "flow" and start == 5:  # no frame before the last one to take its flow from
        wanted = [{"flow": np.zeros((32, 32, 2), np.float32)}]
    assert len(part) == len(wanted)
    for ours, theirs in zip(part, wanted, strict=True):
        np.testing.assert_array_equal(ours[stream], theirs[stream])


def test_streams_of_two_sizes_are_refused(frames, tmp_path):
    path = write_video(tmp_path / "moving.mkv", frames)
    with VideoFile(path) as video, pytest.raises(ValueError, match="one rate and size"):
        next(cropped_streams(video, {**SPECS, "rgb": DEEPMIND_RGB}))
