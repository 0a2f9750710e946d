"""Decoders of flow on a frozen network: errors in pixels of the input, nothing else learns."""

import io
import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.lists.data_set import DataSet
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, DEEPMIND_INPUTS
from keras_i3d.layers import ConvUnit3D
from keras_i3d.models import flow_decoder
from keras_i3d.training.flow_decoding import decode_flow
from keras_i3d.training.flow_errors import FlowErrors, measure_flow
from keras_i3d.training.flow_forward import (
    build_decoders,
    flow_forward,
    frozen_end_points,
    with_flow,
)
from keras_i3d.training.flow_settings import (
    DECODERS,
    FlowDecoding,
    as_json,
    check_decoding_folder,
)
from keras_i3d.weights.trained import TrainedRecord

FRAMES, SIZE = 4, 16
DATA = DataSet(
    validation_split="test",
    motions=("MoveLeft", "MoveRight"),
    training_videos=20,
    validation_videos=6,
)
SETTINGS = FlowDecoding(
    "tiny",
    ("half", "quarter"),
    ("simple",),
    DATA,
    num_frames=FRAMES,
    resize=SIZE,
    crop=SIZE,
    steps=6,
    batch_size=4,
    flip=0.0,
)


def inputs(stream):
    return {stream: DEEPMIND_INPUTS[stream].changed(FRAMES, 1, SIZE, SIZE)}


def network(stream="flow") -> LoadedNetwork:
    """An end point at half the resolution that has all of the clip, one at a quarter, a head."""
    keras.utils.set_random_seed(3)
    [one] = inputs(stream).values()
    clip = keras.Input((None, None, None, one.channels), name="clip")
    x = keras.layers.AveragePooling3D((1, 2, 2), name="half")(clip)
    x = ConvUnit3D(4, 3, (2, 2, 2), name="quarter")(x)
    x = keras.layers.GlobalAveragePooling3D(name="mean")(x)
    model = keras.Model(clip, keras.layers.Dense(2, name="Logits")(x), name="tiny")
    record = TrainedRecord(
        "tiny", stream, inputs(stream), ("a", "b"), ("Logits",), "Logits", {stream: "quarter"}
    )
    return LoadedNetwork(model, record, "tiny")


def run(settings, folder, of=None, **options):
    return decode_flow(settings, folder, network=of or network(), stream=io.StringIO(), **options)


def arrays(folder):
    return {
        path.name: [v.numpy() for v in keras.saving.load_model(path).weights]
        for path in sorted(folder.glob("*.keras"))
    }


def test_losses_are_pixels_of_the_input_whatever_the_resolution():
    """The clip moves 3 pixels to the right and 4 down: at half and a quarter of the resolution an
    untrained decoder, which says that nothing moves, is wrong by 5.
    """
    of = network()
    frozen = frozen_end_points(of.model, ("half", "quarter"))
    decoders = build_decoders(frozen, of.record.inputs, ("simple", "spatial"))
    moving = np.broadcast_to(np.float32([3, 4]), (2, FRAMES, SIZE, SIZE, 2))
    forward = flow_forward(frozen, DEEPMIND_FLOW)
    losses, _ = forward(decoders, tf.constant(moving / 20), None, True)
    kinds = {"simple", "spatial", "zeros"}
    assert set(losses) == {f"{end}_{kind}" for end in ("half", "quarter") for kind in kinds}
    for loss in losses.values():
        np.testing.assert_allclose(loss, [5, 5], rtol=1e-5)
    bias = decoders.get_layer("quarter_simple").layer.get_layer("predict_flow").bias
    bias.assign([3, 1])
    losses, _ = forward(decoders, tf.constant(moving / 20), None, True)
    np.testing.assert_allclose(losses["quarter_simple"], [3, 3], rtol=1e-5)
    np.testing.assert_allclose(losses["half_simple"], [5, 5], rtol=1e-5)


def test_what_is_measured_on_the_way_changes_nothing(tmp_path):
    of = network()
    settings = replace(SETTINGS, steps=4)
    errors, _ = run(settings, tmp_path / "often", of)
    once, _ = run(settings, tmp_path / "once", of, validate=False)
    heads = [(tmp_path / f / "history.csv").read_text().split("\n")[0] for f in ("often", "once")]
    assert ["val_loss" in head.split(",") for head in heads] == [True, False]
    for end_point, kinds in errors.cells.items():
        for kind, pixels in kinds.items():
            np.testing.assert_array_equal(pixels, once.cells[end_point][kind])


def test_a_run_decodes_what_the_features_hold_and_leaves_the_network_alone(tmp_path):
    of = network()
    before = [v.numpy().copy() for v in of.model.weights]
    settings = replace(SETTINGS, steps=150, learning_rate=0.1)
    errors, examples = run(settings, tmp_path, of)
    for old, new in zip(before, of.model.weights, strict=True):
        np.testing.assert_array_equal(new.numpy(), old)
    assert len(errors.videos) == 6
    assert errors.grids == {"half": (4, 8, 8), "quarter": (2, 4, 4)}
    half = {kind: values.mean() for kind, values in errors.cells["half"].items()}
    assert half["zeros"] > 0.5
    assert half["simple"] < 0.2 * half["zeros"]
    # Nothing moves: as far from the truth at every pixel as on any coarser grid, but for noise.
    assert errors.pixels["half"]["zeros"].mean() == pytest.approx(half["zeros"], rel=0.1)
    assert len(examples) == 4
    assert examples[0].frame is None
    assert examples[0].true["quarter"].shape == (SIZE, SIZE, 2)
    assert examples[0].decoded["quarter"]["simple"].shape == (4, 4, 2)
    kept = FlowErrors.load(tmp_path / "errors.npz")
    assert kept.videos == errors.videos and kept.grids == errors.grids
    np.testing.assert_array_equal(kept.cells["half"]["simple"], errors.cells["half"]["simple"])
    head = (tmp_path / "history.csv").read_text().splitlines()[0]
    assert "val_half_zeros" in head and "val_quarter_simple" in head


def test_the_error_of_a_video_is_the_mean_of_its_clips(tmp_path):
    """Untrained decoders say that nothing moves. Video 7 moves 5 and 3 pixels, video 3 moves 1."""
    of = network()
    frozen = frozen_end_points(of.model, ("half",))
    decoders = build_decoders(frozen, of.record.inputs, ("simple",))
    clips = np.zeros((3, FRAMES, SIZE, SIZE, 2), np.float32)
    clips[..., 0] = np.reshape([5, 1, 3], (3, 1, 1, 1)) / 20
    batches = [(clips[:2], None, tf.constant([7, 3])), (clips[2:], None, tf.constant([7]))]
    errors, examples = measure_flow(frozen, decoders, of.record.inputs, batches, "v{}".format)
    assert errors.videos == ("v3", "v7")
    for found in (errors.cells, errors.pixels):
        for kind in ("simple", "zeros"):
            np.testing.assert_allclose(found["half"][kind], [1, 4], rtol=1e-5)
    assert [one.video for one in examples] == ["v7", "v3"]
    np.testing.assert_allclose(examples[0].true["half"][..., 0], 5, rtol=1e-5)


@pytest.mark.slow
def test_a_run_that_was_killed_ends_with_the_same_bits(tmp_path):
    run(SETTINGS, tmp_path / "whole", network("rgb"), checkpoint_every=3)
    run(SETTINGS, tmp_path / "killed", network("rgb"), checkpoint_every=3)
    whole = arrays(tmp_path / "whole")
    assert set(whole) == {"half_simple.keras", "quarter_simple.keras"}
    for name in ("checkpoints/step_00000006.npz", "half_simple.keras", "errors.npz"):
        (tmp_path / "killed" / name).unlink()
    run(SETTINGS, tmp_path / "killed", network("rgb"), checkpoint_every=3)
    again = arrays(tmp_path / "killed")
    for name, weights in whole.items():
        for one, other in zip(weights, again[name], strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_cannot_be_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(ValueError, match="a layer of tiny: clip, half, quarter. Received: 'halve'"):
        run(replace(SETTINGS, end_points=("halve",)), tmp_path)
    with pytest.raises(ValueError, match=r"should give \(batch, time.*Received: 'mean'"):
        run(replace(SETTINGS, end_points=("mean",)), tmp_path)
    with pytest.raises(ValueError, match="one of simple, spatial, pwc. Received: dense"):
        replace(SETTINGS, decoders=("dense",))
    with pytest.raises(ValueError, match="one name or more, each once"):
        replace(SETTINGS, end_points=())
    assert not list(tmp_path.iterdir())
    of, settings = network(), replace(SETTINGS, steps=1)
    run(settings, tmp_path, of)
    fewer = replace(settings, data=replace(DATA, validation_videos=4), num_clips=2)
    errors, _ = run(fewer, tmp_path, of)  # measured on other clips, not learnt again
    assert len(errors.videos) == 4
    with pytest.raises(
        ValueError,
        match=r"learning_rate \(was 0.001, now 0.5\), seed \(was 0, now 1\); give another",
    ):
        run(replace(settings, learning_rate=0.5, seed=1), tmp_path, of)
    # The network has been trained on since: its path is the same, its features are not.
    of.model.weights[0].assign_add(of.model.weights[0])
    with pytest.raises(ValueError, match=r"tiny should have the weights .* Received: others; put"):
        run(settings, tmp_path, of)


@pytest.mark.parametrize(
    "wrong, wanted",
    [
        ({"num_clips": 0}, "num_clips should be at least 1. Received: 0"),
        ({"steps": -1}, "steps should be at least 1. Received: -1"),
        ({"batch_size": 0}, "batch_size should be at least 1"),
        ({"crop": 0}, "crop should be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate should be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate should be above 0"),
        ({"flip": 1.5}, "flip should be from 0 to 1"),
        ({"seed": -1}, "seed should be at least 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused(wrong, wanted):
    with pytest.raises(ValueError, match=wanted):
        replace(SETTINGS, **wrong)


def test_there_is_one_list_of_decoders():
    assert tuple(flow_decoder.DECODERS) == DECODERS


def test_streams_of_different_frames_have_no_common_flow():
    seen = {"rgb": DEEPMIND_INPUTS["rgb"], "flow": DEEPMIND_INPUTS["flow"].changed(frames=10)}
    with pytest.raises(ValueError, match="same frames to decode their flow"):
        with_flow(seen)


def test_settings_that_an_earlier_version_did_not_have_were_their_defaults(tmp_path):
    path = tmp_path / "decoding.json"
    kept = json.loads(as_json(SETTINGS))
    del kept["num_clips"], kept["flip"], kept["data"]["flow_folder"]
    path.write_text(json.dumps(kept))
    default = replace(SETTINGS, flip=0.5)
    check_decoding_folder(default, tmp_path)
    with pytest.raises(ValueError, match=r"settings: flip \(was 0.5, now 0.0\); give"):
        check_decoding_folder(SETTINGS, tmp_path)
    changed = replace(default, data=replace(DATA, flow_folder="x"))
    with pytest.raises(ValueError, match=r"settings: flow_folder \(was None, now 'x'\)"):
        check_decoding_folder(changed, tmp_path)
    for broken in ("{", "[]", "{}"):
        path.write_text(broken)
        with pytest.raises(ValueError, match="decoding.json is damaged"):
            check_decoding_folder(SETTINGS, tmp_path)
