"""A run with a teacher, from recipe to network; teachers that do not fit, before any step."""

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.applications.loaded import load
from keras_i3d.training.checkpoints import save_network
from keras_i3d.training.recipes import SYNTHETIC_SMALL
from keras_i3d.training.run import train

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
            r"should have the classes of the data, MoveLeft, MoveUp, .*MoveLeft, MoveRight; match "
            r"an end point before them instead, such as distil=Unit_5",
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
    ],
)
def test_teachers_that_do_not_fit_are_refused_before_training(flow, tmp_path, changes, message):
    with pytest.raises((ValueError, OSError), match=message):
        train(replace(student_of(flow), **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_features_can_be_matched_for_other_classes(flow, tmp_path):
    train(student_of(flow, motions=("MoveLeft", "MoveUp"), distil=("Unit_5",)), tmp_path)
