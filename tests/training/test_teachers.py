"""A run with a teacher, from recipe to network; teachers that do not fit, before any step."""

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import keras_i3d
from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.models.catalogue import network
from keras_i3d.training import teachers
from keras_i3d.training.checkpoints import save_network
from keras_i3d.training.devices import Devices, make_deterministic, make_strategy
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import check_run, train
from keras_i3d.weights.trained import record_of
from tests.conftest import PROJECT

SMALL = replace(
    SYNTHETIC_SMALL,
    model="five_units",
    motions=("MoveLeft", "MoveRight"),
    num_frames=4,
    resize=18,
    crop=16,
    batch_size=4,
    steps=2,
    warm_up=0,
    validate_every=2,
    validation_videos=4,
)
STUDENT = replace(SMALL, distil=("Unit_5", "Logits"), distil_weight=0.5)


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """A run on flow: the teacher."""
    folder = tmp_path_factory.mktemp("flow")
    train(replace(SMALL, stream="flow"), folder)
    return folder


def student_of(teacher, **changes):
    return replace(STUDENT, teacher=str(teacher), **changes)


def test_a_student_starts_as_without_a_teacher(flow, tmp_path):
    """So that what a teacher changes is not the luck of another start."""
    still = {"learning_rate": 1e-30, "steps": 1}
    paths = [
        train(replace(SMALL, **still), tmp_path / "alone"),
        train(student_of(flow, **still), tmp_path / "taught"),
    ]
    alone, taught = (load(path).model.weights for path in paths)
    for one, other in zip(alone, taught, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-20, err_msg=one.path)


def test_a_student_learns_and_stands_alone(flow, tmp_path, capsys):
    teacher, folder = tmp_path / "teacher", tmp_path / "student"
    shutil.copytree(flow, teacher)
    path = train(student_of(teacher), folder)
    assert (teacher / "final.keras").read_bytes() == (flow / "final.keras").read_bytes()
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    parts = {name: float(rows[-1][name]) for name in ("loss", "action", "distil_Unit_5")}
    logits = float(rows[-1]["distil_Logits"])
    assert parts["loss"] == pytest.approx(
        parts["action"] + 0.5 * (parts["distil_Unit_5"] + logits), rel=1e-4
    )
    assert "val_distil_Logits" in rows[-1]
    events = b"".join(p.read_bytes() for p in (folder / "tensorboard").iterdir())
    assert b"distil_Unit_5" in events
    assert "teacher  five_units, flow, from" in capsys.readouterr().err
    alone = load(path)
    assert tuple(alone.record.inputs) == ("rgb",)
    plain = load(flow).model
    assert len(alone.model.weights) == len(plain.weights)  # no projection, no teacher
    clip = np.zeros((1, 4, 16, 16, 3), np.float32)
    assert alone.classifier(clip).shape == (1, 2)
    # Stopped after its last step; then its teacher learns on.
    path.unlink()
    longer = load(teacher)
    longer.model.weights[0].assign_add(longer.model.weights[0])
    save_network(longer.model, teacher / "final.keras", longer.record)
    with pytest.raises(ValueError, match=r"teacher/final.keras should .* began with. Rec"):
        train(student_of(teacher), folder)


def test_a_teacher_that_has_not_finished_is_refused(flow, tmp_path):
    """Its best.keras would be another teacher than its final.keras, later."""
    teacher = tmp_path / "teacher"
    shutil.copytree(flow, teacher)
    (teacher / "final.keras").unlink()
    with pytest.raises(ValueError, match="a finished training run's folder, with final.keras. R"):
        train(student_of(teacher), tmp_path / "student")
    assert not (tmp_path / "student").exists()


def test_a_student_of_flow_learns_from_rgb(tmp_path):
    train(SMALL, tmp_path / "rgb")
    path = train(student_of(tmp_path / "rgb", stream="flow"), tmp_path / "flow")
    assert tuple(load(path).record.inputs) == ("flow",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crop": 12}, r"teacher .* should see the student's clips, 4 frames, .*12 x 12.*16 x 16"),
        ({"num_frames": 8}, r"should see the student's clips, 8 frames.* Received: 4 frames"),
        (
            {"stride": 2},
            r"student's clips, 4 frames, every 2 .* Received: .*every 1",
        ),
        (
            {"motions": ("MoveLeft", "MoveUp")},
            r"should have the classes of the data, .*class 2 is MoveRight, the data's MoveUp; "
            r"match an end point before the scores instead, such as distil=Unit_5",
        ),
        ({"distil": ("Mixed_5c",)}, "five_units_rgb has no end point 'Mixed_5c'; it has Unit_1, "),
        ({"distil": ("Unit_5=top",)}, "five_units_flow has no end point 'top'; it has Unit_1, "),
        (
            {"distil": ("Unit_1=Unit_3",), "distil_pooled": False},
            r"Unit_1 of the student, .* should have the shape of the teacher's Unit_3",
        ),
        ({"teacher": None}, "teacher should be a training run's folder or a file of weights, to"),
        (
            {"model": "convnet_lstm"},
            "networks with one loss; model=convnet_lstm has several",
        ),
        ({"teacher": "nowhere.keras"}, "teacher=nowhere.keras: "),
        ({"distil": ()}, "distil should name what is learnt of teacher="),
        (
            {"teacher_model": "s3d_g"},
            "flow.* should be of teacher_model=s3d_g. Received: five_units",
        ),
        (
            {"teacher": None, "distil": (), "teacher_model": "s3d_g"},
            "teacher_model=s3d_g is for a teacher. Received: teacher=None",
        ),
    ],
)
def test_teachers_that_do_not_fit_are_refused_before_training(flow, tmp_path, changes, message):
    with pytest.raises((ValueError, OSError), match=message):
        train(replace(student_of(flow), **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_features_can_be_matched_for_other_classes(flow, tmp_path):
    train(student_of(flow, motions=("MoveLeft", "MoveUp"), distil=("Unit_5",)), tmp_path)


def last_row(folder):
    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    return {name: float(value) for name, value in rows[-1].items() if value}


def test_each_end_point_has_its_weight_and_the_teachers_own_name(flow, tmp_path, capsys):
    """Unit_4 has 48 channels and the teacher's Unit_5 has 64, so a projection is learnt too."""
    train(student_of(flow, distil=("Unit_4=Unit_5:3", "Unit_2:10", "Logits")), tmp_path)
    row = last_row(tmp_path)
    matched = 3 * row["distil_Unit_4"] + 10 * row["distil_Unit_2"] + 0.5 * row["distil_Logits"]
    assert row["loss"] == pytest.approx(row["action"] + matched, rel=1e-4)
    shown = "matched at Unit_4=Unit_5 (weight 3), Unit_2 (weight 10), Logits (weight 0.5); action"
    assert shown in capsys.readouterr().err


def test_nothing_would_be_trained(flow, tmp_path):
    """MERS' second phase with the first one's losses; a head that learns from scores has one."""
    fixed = {"transfer": "fixed", "weights": str(flow / "final.keras"), "model": "i3d"}
    student = student_of(flow, **fixed, action_weight=0.0, distil=("Mixed_5c=Unit_5",))
    with pytest.raises(ValueError, match="^nothing would be trained: transfer=fixed"):
        check_run(student, tmp_path / "run", Devices())
    for changes in (
        {"action_weight": 1.0},
        {"distil": ("Logits",)},
        {"distil": (), "teacher": None},
    ):
        check_run(replace(student, **changes), tmp_path / "run", Devices())


# === Teachers from files of weights ===


@pytest.mark.parametrize(
    ("model", "teacher_model", "wanted"),
    [("i3d", None, "i3d"), ("d3d", None, "s3d_g"), ("d3d", "i3d", "i3d")],
)
def test_weights_are_of_teacher_model(monkeypatch, model, teacher_model, wanted):
    asked = []
    monkeypatch.setattr(
        teachers, "load", lambda source, **how: asked.append(how) or flow_of(wanted)
    )
    recipe = replace(STUDENT, model=model, teacher="flow.h5", teacher_model=teacher_model)
    teachers.open_teacher(recipe)
    assert asked == [{"model": wanted, "stream": "flow", "crop": 16}]


def flow_of(name):
    record = record_of(network(name), "flow", network(name).seen("flow"), ())
    return LoadedNetwork(None, record, "flow.h5")


@pytest.mark.parametrize("name", ["i3d_r50", "s3d", "d3d", "i3d", "i3d_resnet50"])
def test_flow_of_the_same_network_sees_the_students_clips(name):
    recipe = replace(STUDENT, model=name)
    seen = teachers.seen_with_teacher(recipe, flow_of(recipe.teacher_network))
    assert {(one.frames, one.crop, one.short_side) for one in seen.values()} == {(4, 16, 18)}
    assert len({one.preprocessing.fps for one in seen.values()}) == 1


def test_weights_of_no_network_that_sees_flow(tmp_path):
    path = tmp_path / "flow.weights.h5"
    path.write_bytes(b"")
    for model in ("five_units", "learnt_flow_i3d"):
        recipe = replace(STUDENT, model=model, teacher=str(path))
        with pytest.raises(ValueError, match="h5: .*; teacher_model should be .* sees flow$"):
            teachers.open_teacher(recipe)


@pytest.mark.long
def test_a_trained_student_learns_from_weights_of_another_network_and_size(flow, tmp_path):
    """The file is of no size; i3d_resnet50, whose own clips are of 224 pixels, is built for 32."""
    resnet = keras_i3d.I3DResNet50(None, stream="flow", input_shape=(None, 32, 32, 2))
    resnet.save_weights(tmp_path / "flow.weights.h5")
    alone = load(tmp_path / "flow.weights.h5", model="i3d_resnet50", stream="flow", crop=32)
    assert alone.model.input_shape == (None, None, 32, 32, 2)
    seen = alone.record.inputs["flow"]
    assert (seen.crop, seen.short_side) == (32, 37)  # 256 for 224
    train(replace(SMALL, resize=36, crop=32, steps=1), tmp_path / "rgb")
    student = student_of(
        tmp_path / "flow.weights.h5",
        model=str(tmp_path / "rgb/final.keras"),
        distil=("Unit_5=conv5_block3_out",),
        resize=36,
        crop=32,
        steps=1,
    )
    with pytest.raises(ValueError, match="teacher_model should be the network of these weights"):
        train(student, tmp_path / "run")
    train(replace(student, teacher_model="i3d_resnet50"), tmp_path / "run")
    assert last_row(tmp_path / "run")["distil_Unit_5"] > 0


# === Several devices ===


@pytest.mark.slow
def test_two_devices_do_what_one_does(flow, tmp_path):
    """A whole run with a teacher, in a process with two devices; also in two parts a step."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.test_teachers", str(flow), str(tmp_path)],
        cwd=PROJECT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for parts in (1, 2):
        one, two = (tmp_path / f"{name}_{parts}" for name in ("one", "mirrored"))
        rows = last_row(one), last_row(two)
        for name in ("clips_per_second", "memory_gb"):
            for row in rows:
                row.pop(name, None)
        assert rows[1] == pytest.approx(rows[0], rel=2e-5, abs=5e-6)
        ours, theirs = (load(folder / "final.keras").model.weights for folder in (one, two))
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(b, a, rtol=2e-5, atol=5e-6, err_msg=a.path)


def main(teacher, out):
    """Runs on one device and on two, in a process of its own."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    make_deterministic()
    for parts in (1, 2):
        for name in ("one", "mirrored"):
            recipe = student_of(teacher, accumulate=parts, optimizer="sgd", learning_rate=0.01)
            train(recipe, Path(out) / f"{name}_{parts}", Devices(make_strategy(name)))


if __name__ == "__main__":
    main(*sys.argv[1:])
