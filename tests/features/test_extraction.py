"""Features of one video: equal to those by hand, with the file's own times."""

from dataclasses import replace

import numpy as np
import pytest

import keras_i3d
from keras_i3d.data.pixels.preprocessing import scale
from keras_i3d.data.video.decoding import VideoError
from tests.conftest import write_video
from tests.features.conftest import tiny_network


def value(*numbers):
    """The mean, as the network sees it, of frames filled with 20 i."""
    return np.mean([20 * i / 127.5 - 1 for i in numbers])


def test_windows_by_hand(rising):
    features = keras_i3d.extract_features(rising, network=tiny_network("rgb"), window=4, stride=3)
    (array,) = features.arrays["rgb"].values()
    assert (array.shape, array.dtype) == ((3, 3), np.float32)
    means = [value(0, 1, 2, 3), value(3, 4, 5, 6), value(6, 7, 8, 9)]
    np.testing.assert_allclose(array, np.repeat(means, 3).reshape(3, 3), atol=0.01)
    assert features.start == pytest.approx([0, 0.12, 0.24])
    assert features.centre == pytest.approx([0.08, 0.20, 0.32])
    assert features.end == pytest.approx([0.16, 0.28, 0.40])
    assert (features.fps, features.notes) == (25, ("small: 16 x 12 pixels, enlarged",))
    assert len(features) == 3


@pytest.mark.parametrize("fps", [25, "native"])
def test_a_frame_that_is_seen_stands_for_those_skipped_after_it(rising, fps):
    """Of ten frames every other one: 0 2 4 6 and 8; the first window lasts until frame 8 comes."""
    how = {"network": tiny_network("rgb", every=2), "window": 4, "fps": fps}
    features = keras_i3d.extract_features(rising, **how)
    means = [value(0, 2, 4, 6), value(8)]
    np.testing.assert_allclose(features.arrays["rgb"]["Mixed_5c"][:, 0], means, atol=0.01)
    assert features.start == pytest.approx([0, 0.32])
    assert features.centre == pytest.approx([0.16, 0.36])
    assert features.end == pytest.approx([0.32, 0.40])
    assert features.metadata["every"] == 2
    odd = [np.zeros((12, 16, 3), np.uint8)] * 9
    assert keras_i3d.extract_features(odd, **how).end[-1] == pytest.approx(0.36)


@pytest.mark.parametrize(
    ("tail", "shown"),
    [("loop", (8, 9, 8, 9)), ("repeat_last", (8, 9, 9, 9)), ("partial", (8, 9)), ("drop", None)],
)
def test_tails(rising, tail, shown):
    how = {"window": 4, "stride": 4, "tail": tail}
    features = keras_i3d.extract_features(rising, network=tiny_network("rgb"), **how)
    array = features.arrays["rgb"]["Mixed_5c"]
    assert len(array) == (2 if shown is None else 3)
    if shown:
        np.testing.assert_allclose(array[2], [value(*shown)] * 3, atol=0.01)
        assert features.end[-1] == pytest.approx(0.4)


def test_a_feature_for_each_frame(rising):
    how = {"window": 3, "stride": 1, "windows": "centred"}
    features = keras_i3d.extract_features(rising, network=tiny_network("rgb"), **how)
    array = features.arrays["rgb"]["Mixed_5c"]
    assert len(array) == 10
    np.testing.assert_allclose(array[0], [value(0, 0, 1)] * 3, atol=0.01)
    np.testing.assert_allclose(array[5], [value(4, 5, 6)] * 3, atol=0.01)
    assert features.centre == pytest.approx([(i + 0.5) / 25 for i in range(10)])


def test_layers_crops_and_pooling_have_their_axes(rising):
    how = {"window": 4, "layers": ("Mixed_5c", "Logits")}
    network = tiny_network("rgb")
    shapes = {
        pooling: keras_i3d.extract_features(
            rising, network=network, pooling=pooling, crops=3, **how
        ).arrays["rgb"]["Mixed_5c"].shape
        for pooling in ("avg", "mean", "time", "space", "none")
    }  # fmt: skip
    assert shapes == {
        "avg": (3, 3, 3), "mean": (3, 3, 3), "time": (3, 3, 2, 2, 3), "space": (3, 3, 4, 3),
        "none": (3, 3, 4, 2, 2, 3),
    }  # fmt: skip
    features = keras_i3d.extract_features(rising, network=network, **how)
    assert sorted(features.named()) == ["rgb_Logits", "rgb_Mixed_5c"]
    assert features.arrays["rgb"]["Logits"].shape == (3, 3)


def test_frames_in_memory_and_from_anywhere(rising):
    frames = np.stack([np.full((12, 16, 3), 20 * i, np.uint8) for i in range(10)])
    network = tiny_network("rgb")
    of_file = keras_i3d.extract_features(rising, network=network, window=4)
    for source in (frames, list(frames), iter(frames)):
        of_frames = keras_i3d.extract_features(source, network=network, window=4)
        np.testing.assert_array_equal(
            of_frames.arrays["rgb"]["Mixed_5c"], of_file.arrays["rgb"]["Mixed_5c"]
        )
        assert of_frames.start.tolist() == of_file.start.tolist()
    slow = keras_i3d.extract_features(frames, network=network, window=4, frames_fps=5)
    assert slow.end[-1] == pytest.approx(2)
    with pytest.raises(ValueError, match="frames should be uint8"):
        keras_i3d.extract_features(frames / 255, network=network)
    with pytest.raises(VideoError, match="there is no frame"):
        keras_i3d.extract_features(frames[:0], network=network)


def test_batches_change_nothing(rising):
    network = tiny_network("rgb")
    how = {"network": network, "window": 4, "stride": 1, "tail": "partial"}
    one = keras_i3d.extract_features(rising, **how)
    four = keras_i3d.extract_features(rising, batch=4, **how)
    np.testing.assert_array_equal(one.arrays["rgb"]["Mixed_5c"], four.arrays["rgb"]["Mixed_5c"])


def test_the_files_own_clock(tmp_path):
    """A video whose first frame is shown at 10 s, and then at 5 frames a second."""
    frames = [np.full((12, 16, 3), 20 * i, np.uint8) for i in range(8)]
    stamps = [250 + n for n in (0, 1, 2, 3, 8, 13, 18, 23)]
    path = write_video(tmp_path / "late.mkv", frames, stamps=stamps)
    network = tiny_network("rgb")
    ticks = keras_i3d.extract_features(path, network=network, window=4)
    assert ticks.start[:3] == pytest.approx([10, 10.16, 10.32])
    assert ticks.metadata["video"]["begin"] == 10
    native = keras_i3d.extract_features(path, network=network, window=4, fps="native")
    assert native.start == pytest.approx([stamps[0] / 25, stamps[4] / 25], abs=2e-3)
    array = native.arrays["rgb"]["Mixed_5c"]
    np.testing.assert_allclose(
        array, np.repeat([value(0, 1, 2, 3), value(4, 5, 6, 7)], 3).reshape(2, 3), atol=0.01
    )


def test_both_streams_show_the_same_stretch(tmp_path):
    """Flow of window n is that of the frames of window n, and as of a network of flow alone."""
    pytest.importorskip("numba", reason="TV-L1 needs the extra flow")
    line = 120 + 80 * np.sin(np.arange(200) / 5)
    picture = np.repeat(line[None], 48, axis=0)[..., None].repeat(3, -1).astype(np.uint8)
    # Still for six frames, then three pixels a frame to the right.
    shifts = [0] * 6 + [3 * i for i in range(1, 8)]
    frames = [picture[:, 60 - shift : 108 - shift] for shift in shifts]
    path = write_video(tmp_path / "moves.mkv", frames)
    how = {"window": 6, "stride": 6, "tail": "drop"}
    both = keras_i3d.extract_features(path, network=tiny_network("rgb", "flow", crop=48), **how)
    flow = both.arrays["flow"]["Mixed_5c"]
    assert flow.shape == (2, 2) and both.arrays["rgb"]["Mixed_5c"].shape == (2, 3)
    # The sixth frame's flow is to the seventh: the first window has one moving step in six.
    assert flow[:, 0] * 20 == pytest.approx([0.5, 3], abs=0.15)
    alone = keras_i3d.extract_features(path, network=tiny_network("flow", crop=48), **how)
    np.testing.assert_allclose(flow, alone.arrays["flow"]["Mixed_5c"], atol=1e-6)
    assert both.metadata["flow"]["method"] == "tvl1"


@pytest.mark.parametrize(
    ("how", "shape"),
    [
        ({}, (0, 3)),
        ({"crops": 10}, (0, 10, 3)),
        ({"pooling": "space"}, (0, 5, 3)),
        ({"pooling": "none", "crops": 3}, (0, 3, 5, 2, 2, 3)),
        ({"layers": ("Logits",), "crops": 3}, (0, 3, 3)),
    ],
)
def test_without_windows_features_have_the_shape_of_others(how, shape):
    """A window of ten frames, of which the network sees every other one; a video of one frame."""
    still = np.zeros((1, 12, 16, 3), np.uint8)
    how = {"network": tiny_network("rgb", every=2), "window": 5, "tail": "drop", **how}
    features = keras_i3d.extract_features(still, **how)
    (array,) = features.arrays["rgb"].values()
    assert (array.shape, array.dtype) == (shape, np.float32)
    assert features.notes[0] == "short: 1 frame for a window of 5, which --tail=drop leaves out"


def test_without_windows_both_streams_have_their_shape():
    still = np.zeros((1, 12, 16, 3), np.uint8)
    network = tiny_network("rgb", "flow")
    arrays = keras_i3d.extract_features(still, network=network, tail="drop", window=2).arrays
    assert [a["Mixed_5c"].shape for a in arrays.values()] == [(0, 3), (0, 2)]


def test_the_network_takes_no_shorter_windows(rising):
    network = tiny_network("rgb")
    network = replace(network, record=replace(network.record, least_clip=(3, 8, 8)))
    with pytest.raises(ValueError, match="window should be at least 3 frames, the fewest that i3d"):
        keras_i3d.FeatureExtractor(network, window=2)
    features = keras_i3d.extract_features(rising, network=network, window=4, tail="partial")
    assert "the last window has 2 frames, looped to the 3 that the network needs" in features.notes
    assert features.arrays["rgb"]["Mixed_5c"][2] == pytest.approx(value(8, 9, 8), abs=0.01)
    whole = keras_i3d.extract_features(rising, network=network, window=5, tail="partial")
    assert not any("looped" in note for note in whole.notes)


def test_metadata_says_how(rising):
    features = keras_i3d.extract_features(rising, network=tiny_network("rgb"), window=4)
    made = features.metadata
    assert made["features"] == {
        "window": 4, "stride": 4, "tail": "loop", "windows": "from_start", "fps": 25,
        "layers": (), "pooling": "avg", "crops": 1,
    }  # fmt: skip
    assert made["network"]["name"] == "i3d" and len(made["network"]["weights_sha256"]) == 64
    assert made["video"]["frames"] == 10 and made["video"]["bytes"] == rising.stat().st_size
    assert made["flow"] is None and made["engine"]["precision"] == "float32"


def test_real_clips_by_hand(shared, kinetics_rgb):
    """Window by window as read_clip and the model have them, the tail looped."""
    import keras

    from keras_i3d import engines, read_clip
    from keras_i3d.applications.loaded import LoadedNetwork
    from keras_i3d.models.catalogue import I3D
    from keras_i3d.weights.trained import record_of

    network = LoadedNetwork(
        kinetics_rgb, record_of(I3D, "rgb", I3D.seen("rgb"), [""] * 400), "rgb_scratch"
    )
    path = shared / "clips" / "v_CricketShot_g04_c01.avi"
    features = keras_i3d.extract_features(path, network=network)
    array = features.arrays["rgb"]["Mixed_5c"]
    model = keras.Model(kinetics_rgb.input, kinetics_rgb.get_layer("AvgPool3d_0a_7x7").output)
    for number, one in enumerate(array):
        clip = read_clip(path, 64, start=64 * number)
        by_hand = keras.ops.convert_to_numpy(model(clip[None])).mean((1, 2, 3))[0]
        np.testing.assert_allclose(one, by_hand, atol=1e-4)
    assert array.shape[1] == 1024 and len(array) >= 1
    with engines.open(network, outputs="features") as engine:
        pooled = engine.run(read_clip(path, 64)[None])["features"][0]
    np.testing.assert_allclose(array[0], pooled, atol=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"layers": ["Mixed_9z"]}, "layers should be of i3d: .*Mixed_5c.*Received: Mixed_9z"),
        ({"fps": "1/0"}, 'fps should be a number of frames a second, above 0, or "native"'),
        ({"fps": "1e-400"}, 'fps should be a number of frames a second, above 0, or "native"'),
        ({"fps": "1e400"}, 'fps should be a number of frames a second, above 0, or "native"'),
        ({"flows": "x"}, "stored flow should be for a network that sees flow"),
        ({"stream": "flow"}, "a loaded network of rgb should be given alone, .* stream='flow'"),
        ({"weights": "kinetics"}, "a loaded network of rgb should be given alone, .* weights='k"),
        ({"frames_fps": float("inf")}, "frames_fps should be a number of pictures a second"),
        ({"fps": 0}, 'fps should be a number of frames a second, above 0, or "native"'),
        ({"crops": 2}, "crops should be one of 1, 3, 10"),
        ({"batch": 0}, "batch should be at least 1"),
        ({"pooling": "max"}, "pooling should be one of"),
        ({"fps": "native", "flows": "x"}, "fps should be a number where stored flow is taken"),
        ({"stride": 0}, "stride should be a whole number"),
    ],
)
def test_wrong_settings(wrong, says):
    with pytest.raises(ValueError, match=says):
        keras_i3d.FeatureExtractor(tiny_network("rgb"), **wrong)


def test_settings_belong_to_the_extractor(rising):
    extractor = keras_i3d.FeatureExtractor(tiny_network("rgb"), window=4)
    assert len(keras_i3d.extract_features(rising, network=extractor)) == 3
    with pytest.raises(ValueError, match="settings should be those .* Received: stride"):
        keras_i3d.extract_features(rising, network=extractor, stride=2)
    with pytest.raises(ValueError, match="should be given alone, .* Received: stream='both'"):
        keras_i3d.extract_features(rising, network=extractor, stream="both")


def test_preprocessing_is_that_of_the_record(rising):
    assert scale(np.uint8(20), tiny_network("rgb").record.inputs["rgb"].preprocessing) == (
        pytest.approx(value(1))
    )
