"""Broken and odd files: features, or the cause, and never another error; times as the file has."""

import json

import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.video.decoding import VideoError, VideoFile
from tests.features.conftest import tiny_network


@pytest.fixture(scope="module")
def extractor():
    return keras_i3d.FeatureExtractor(tiny_network("rgb"), window=16)


@pytest.fixture(scope="module")
def native():
    return keras_i3d.FeatureExtractor(tiny_network("rgb"), window=16, fps="native")


def test_every_file_has_its_outcome(shared, extractor):
    nasty = shared / "nasty"
    told = json.loads((nasty / "nasty.json").read_text())
    outcomes = {}
    for name in told:
        try:
            outcomes[name] = extractor.features(nasty / name)
        except VideoError as error:
            outcomes[name] = error.cause
    broken = {name for name, outcome in outcomes.items() if isinstance(outcome, str)}
    assert {name for name, one in told.items() if one["decodable"] is False} <= broken
    for name in told.keys() - broken:
        features = outcomes[name]
        array = features.arrays["rgb"]["Mixed_5c"]
        assert len(array) == len(features.start) >= 1 and np.isfinite(array).all(), name
        assert (features.start < features.end).all() and (np.diff(features.start) > 0).all(), name
    assert len(outcomes["long_6000_frames.mp4"]) == -(-15_000 // 16)  # ten minutes at 25 a second
    assert any("damaged" in note for note in outcomes["truncated_faststart_half.mp4"].notes)


@pytest.mark.parametrize("name", ["vfr.mp4", "edit_list_preroll.mp4", "all_intra.mp4"])
def test_times_are_the_frames_own_time_stamps(shared, extractor, native, name):
    path = shared / "nasty" / name
    with VideoFile(path) as video:
        stamps = [float(stamp) for _, stamp, _ in video]
    assert native.features(path).start == pytest.approx(stamps[::16], abs=1e-9)
    ticks = extractor.features(path)
    assert ticks.start[0] == stamps[0]
    assert np.diff(ticks.start) == pytest.approx(16 / 25)
    assert ticks.end[-1] == pytest.approx(native.features(path).end[-1], abs=0.04)
