"""The flow loss beside the action loss, and the flow network inside two streams."""

import csv
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.applications.loaded import load
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW
from keras_i3d.training.distillation import Action, Distillation
from keras_i3d.training.flow_reconstruction import FlowReconstruction
from keras_i3d.training.recipe_checks import check
from keras_i3d.training.run import train
from tests.training import tiny
from tests.training.test_teachers import SMALL

TOLD = replace(SMALL, flow_loss=("Unit_2=simple",), flow_weight=0.5)


def last_row(folder):
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    return {name: float(value) for name, value in rows[-1].items() if value}


def test_the_loss_by_hand():
    """All moves 3 pixels to the right and 4 down; the untrained decoder is wrong by 5, the one that
    says (3, 0) by 4, at half the resolution in time and a quarter in space.
    """
    student = tiny.network()
    term = FlowReconstruction("second", DEEPMIND_FLOW, "simple", weight=2.0)
    distillation = Distillation(student, ("rgb",), [Action(tiny.LOSS), term])
    assert distillation.loss_weights == {"action": 1.0, "flow_second": 2.0}
    clips, labels = tiny.batch_of(range(2))
    flow = tf.constant(np.broadcast_to(np.float32([3, 4]) / 20, (2, *tiny.SHAPE[:3], 2)))
    batch = {"rgb": clips, "flow": flow}
    losses, _ = distillation.forward(distillation.learner, batch, labels, False)
    np.testing.assert_allclose(losses["flow_second"], [5, 5], rtol=1e-5)
    decoder = distillation.learner.get_layer("flow_second_simple").layer
    decoder.get_layer("predict_flow").bias.assign([3, 0])
    losses, _ = distillation.forward(distillation.learner, batch, labels, False)
    np.testing.assert_allclose(losses["flow_second"], [4, 4], rtol=1e-5)


def test_a_run_with_a_flow_loss_leaves_no_decoder_behind(tmp_path, capsys):
    path = train(TOLD, tmp_path)
    row = last_row(tmp_path)
    assert row["loss"] == pytest.approx(row["action"] + 0.5 * row["flow_Unit_2"], rel=1e-4)
    assert "val_flow_Unit_2" in row
    assert "decoded at Unit_2=simple, weight 0.5" in capsys.readouterr().err
    alone = load(path)
    assert tuple(alone.record.inputs) == ("rgb",)
    assert not [layer.name for layer in alone.model.layers if "simple" in layer.name]


@pytest.mark.slow
def test_flow_learnt_first_then_all_tuned_without_flow(tmp_path):
    """Without action loss the flow network alone moves; then the rest starts from its weights."""
    model = replace(SMALL, model="learnt_flow_five_units", learning_rate=1e-2)
    first = train(
        replace(model, flow_loss=("flow=itself",), action_weight=0.0),
        tmp_path / "first",
    )
    assert last_row(tmp_path / "first")["flow_flow"] > 0
    flow = load(first).model.get_layer("flow")
    assert any(v.numpy().any() for v in flow.weights if "predict_flow" in v.path)
    tuned = train(
        replace(model, weights=str(first), transfer="full", learning_rate=1e-9, steps=1),
        tmp_path / "tuned",
    )
    after = load(tuned)
    assert tuple(after.record.inputs) == ("rgb",)
    for one, other in zip(flow.weights, after.model.get_layer("flow").weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-7)
    keras.backend.clear_session()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flow_loss": ("Unit_2",)}, r"each end point once, ENDPOINT=DECODER with a decoder of"),
        ({"flow_loss": ("Unit_2=dense",)}, "a decoder of simple, spatial, pwc, itself"),
        ({"stream": "flow"}, "flow_loss is for stream=rgb"),
        ({"mixup": 0.2}, "mixed clips have no flow"),
        ({"flow_weight": 0.0}, "flow_weight=0.0 is not above 0"),
    ],
)
def test_what_cannot_be(changes, message):
    with pytest.raises(ValueError, match=message):
        check(replace(TOLD, **changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flow_loss": ("Unit_9=pwc",)}, "has no end point 'Unit_9'; it has Unit_1, "),
        ({"flow_loss": ("Unit_2=itself",)}, r"of \(batch, time, height, width, 2\)"),
        ({"model": "s3d"}, "whose frames keep their aspect"),
    ],
)
def test_what_cannot_be_of_this_network(changes, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        train(replace(TOLD, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()
