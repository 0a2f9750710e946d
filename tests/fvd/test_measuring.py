"""fvd and compare: values worked out by hand, and what a result says."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keras_i3d import engines
from keras_i3d.fvd import FVD, FVDError, compare, fvd, load_side
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.protocols import GOOGLE
from keras_i3d.fvd.side_inputs import side_inputs
from keras_i3d.fvd.side_reading import read_side
from tests.conftest import write_video
from tests.fvd.conftest import SMALL, grey_videos

REAL, FAKE = [0, 51, 102, 204], [51, 102, 153, 153]


def by_hand(real, fake, ddof):
    """Grey is one direction of length sqrt(3): (difference of means)^2 + (of deviations)^2."""
    x, y = (np.sqrt(3) * (np.array(one) / 127.5 - 1) for one in (real, fake))
    return (x.mean() - y.mean()) ** 2 + (x.std(ddof=ddof) - y.std(ddof=ddof)) ** 2


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_value_by_hand(means, ddof):
    of = replace(SMALL, ddof=ddof)
    found = fvd(grey_videos(REAL), grey_videos(FAKE), of, weights=means)
    assert found.value == pytest.approx(by_hand(REAL, FAKE, ddof), rel=1e-5)
    low, high = found.interval
    assert 0 <= low < found.value < high
    swapped = fvd(grey_videos(FAKE), grey_videos(REAL), of, weights=means)
    assert swapped.value == pytest.approx(found.value, rel=1e-9)


def test_folders_and_the_same_one_twice(tmp_path, means):
    for level in {*REAL, *FAKE}:
        write_video(tmp_path / f"{level}.mkv", list(grey_videos([level])[0]))
    for name, levels in (("real", REAL), ("fake", FAKE)):
        (tmp_path / name).mkdir()
        for place, level in enumerate(levels):
            (tmp_path / name / f"{place}.mkv").symlink_to(tmp_path / f"{level}.mkv")
    found = fvd(tmp_path / "real", tmp_path / "fake", SMALL, weights=means)
    assert found.value == pytest.approx(by_hand(REAL, FAKE, 1), rel=0.02)  # pixels are YUV's
    assert (found.fake.videos, found.fake.distinct, found.fake.text) == (4, 3, "4 (3 distinct)")
    same = fvd(tmp_path / "real", tmp_path / "real", SMALL, weights=means)
    assert 0 <= same.value < 1e-8
    assert "real and fake are the same videos: their distance is 0 by definition" in same.notes


def test_one_video_a_side(means):
    found = fvd(grey_videos([0]), grey_videos([255]), SMALL, weights=means)
    assert found.value == pytest.approx(12, rel=1e-5)
    assert found.interval is None and found.extrapolated is None
    assert any("one video has no spread" in note for note in found.notes)
    json.loads(found.to_json(), parse_constant=lambda name: pytest.fail(name))


def test_what_a_result_says(means):
    found = fvd(grey_videos(REAL), grey_videos(FAKE), replace(SMALL, videos=9), weights=means)
    details = json.loads(found.to_json())
    assert details["fvd"] == found.value
    assert details["protocol"]["hash"] == found.protocol.hash in found.line
    assert details["protocol"]["ddof"] == 1
    assert details["made"]["weights_crc32c"] in found.line
    assert "4 real and 4 (3 distinct) fake videos" in found.line
    assert "float32" in found.line and "self-test" in found.line and "\n" not in found.line
    assert any("takes 9 videos of each side" in note for note in found.notes)
    assert any("compare it only with values of as many" in note for note in found.notes) is False
    assert "fake: 1 videos are copies of others" in found.notes


def test_sides_at_hand(tmp_path, means, small):
    side = read_side(side_inputs(grey_videos(REAL), SMALL), small)
    side.save(tmp_path / "real.npz")
    expected = fvd(grey_videos(REAL), grey_videos(FAKE), SMALL, weights=means).value
    for real in (side, tmp_path / "real.npz", str(tmp_path / "real.npz")):
        assert fvd(real, grey_videos(FAKE), SMALL, weights=means).value == expected
    fewer = replace(SMALL, ddof=0, videos=3)  # what is of sets may differ
    assert fvd(side, grey_videos(FAKE), fewer, weights=means).value < expected
    with pytest.raises(FVDError, match="real: its features were made in another way: range"):
        fvd(side, grey_videos(FAKE), replace(SMALL, range=(0.0, 1.0)), weights=means)
    assert load_side(tmp_path / "real.npz").made["clip"]["frames"] == 4


def test_sides_in_memory_are_of_one_shape(means):
    with pytest.raises(FVDError, match="one length and size, of at least 4 frames"):
        fvd(grey_videos(REAL), grey_videos(FAKE, size=9), SMALL, weights=means)
    with pytest.raises(FVDError, match="fake: none of its videos .*too short: 3 frames of the 4"):
        fvd(grey_videos(REAL), grey_videos(FAKE, frames=3), SMALL, weights=means)


def test_less_than_float32_is_refused(means):
    with pytest.raises(FVDError, match="float32.* Received: int8; allow_approximate"):
        fvd(grey_videos(REAL), grey_videos(FAKE), engine="openvino", precision="int8")
    engine = engines.open(means, outputs=("logits",))
    engine.precision = "bfloat16"
    with pytest.raises(FVDError, match="Received: bfloat16"):
        FVDNetwork(means, engine, SMALL)
    FVDNetwork(means, engine, SMALL, allow_approximate=True).engine.close()


def test_fewer_frames_than_the_network_takes(means):
    record = replace(means.record, least_clip=(9, 8, 8))
    with pytest.raises(FVDError, match="at least 9 for this network. Received: 4"):
        fvd(grey_videos(REAL), grey_videos(FAKE), SMALL, weights=replace(means, record=record))


def test_several_fakes_against_one_real(means):
    fakes = {"near": grey_videos(FAKE), "far": grey_videos([255, 254, 255, 250])}
    found = compare(grey_videos(REAL), fakes, SMALL, weights=means)
    assert list(found) == ["near", "far"]
    assert found["near"].value < found["far"].value
    assert found["near"].value == pytest.approx(by_hand(REAL, FAKE, 1), rel=1e-5)


def test_two_videos_on_both_sides(means):
    found = fvd(grey_videos(REAL), grey_videos([51, 102, 3, 4]), SMALL, weights=means)
    assert any(note.startswith("2 videos are on both sides") for note in found.notes)


def test_the_metric_of_a_training(means):
    metric = FVD(SMALL, weights=means)
    with pytest.raises(FVDError, match="real has no videos yet"):
        metric.result()
    metric.update_state(real=grey_videos(REAL[:2]))
    metric.update_state(real=grey_videos(REAL[2:]), fake=grey_videos(FAKE[:2]))
    metric.update_state(fake=grey_videos(FAKE[2:]) / 255.0 * 2 - 1, value_range=(-1, 1))
    assert metric.result() == pytest.approx(by_hand(REAL, FAKE, 1), rel=1e-5)
    assert metric.report().fake.videos == 4
    with pytest.raises(FVDError, match="one length and size"):
        metric.update_state(fake=grey_videos(FAKE, size=9))
    assert metric.result() == pytest.approx(by_hand(REAL, FAKE, 1), rel=1e-5)
    metric.reset_state()
    metric.update_state(fake=grey_videos(REAL))
    assert metric.result() == pytest.approx(0, abs=1e-8)  # the real side stays
    metric.reset_state(real=True)
    with pytest.raises(FVDError, match="real has no videos yet"):
        metric.result()
    metric.close()


def test_the_metric_with_features_at_hand(means, small):
    side = read_side(side_inputs(grey_videos(REAL), SMALL), small)
    with FVD(SMALL, weights=means, real=side) as metric:
        metric.update_state(fake=grey_videos(FAKE))
        assert metric.result() == pytest.approx(by_hand(REAL, FAKE, 1), rel=1e-5)


def test_what_google_wants_is_said_before_weights_are_loaded():
    with pytest.raises(FVDError, match="at least 16 frames for the protocol google"):
        fvd(np.zeros((4, 3, 8, 8), np.uint8), "nowhere", GOOGLE, weights="no such weights")
