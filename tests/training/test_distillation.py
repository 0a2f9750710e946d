"""Losses and gradients by hand, the teacher untouched, two devices, kill and resume."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.layers import ConvUnit3D
from keras_i3d.models.flow_decoder import build_flow_decoder, decode_clip
from keras_i3d.training.checkpoints import Checkpoints
from keras_i3d.training.devices import Devices, make_deterministic, make_strategy
from keras_i3d.training.distillation import Action, Distillation, Matching, Teacher, output_of
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.step import Step
from tests.conftest import PROJECT
from tests.training import tiny

# === By hand ===

# One frame of 1 x 2 pixels of two channels; the "trunk" is a 1 x 1 x 1 convolution.
CLIP = np.array([[1.0, 0.0], [3.0, 2.0]], np.float32).reshape(1, 1, 1, 2, 2)
LABEL = np.array([[1.0, 0.0]], np.float32)


def by_hand(width, kernel, head, name):
    """clip -> Mixed (1 x 1 x 1, `width` channels) -> mean -> Logits, two classes."""
    clip = keras.Input((1, 1, 2, 2))
    mixed = keras.layers.Conv3D(width, 1, use_bias=False, name="Mixed")
    mean = keras.layers.GlobalAveragePooling3D(name="mean")
    logits = keras.layers.Dense(2, use_bias=False, name="Logits")
    model = keras.Model(clip, logits(mean(mixed(clip))), name=name)
    mixed.set_weights([np.array(kernel, np.float32).reshape(1, 1, 1, 2, width)])
    logits.set_weights([np.array(head, np.float32)])
    return model


def student_by_hand():
    """Mixed: the first channel, then both added: (1, 1), (3, 5); mean (2, 3); logits (2, 3)."""
    return by_hand(2, [[1, 1], [0, 1]], [[1, 0], [0, 1]], "student")


def teacher_by_hand():
    """Mixed: both, exchanged: (0, 1), (2, 3); mean (1, 2); logits (1 + 2, 0) = (3, 0)."""
    return by_hand(2, [[0, 1], [1, 0]], [[1, 0], [1, 0]], "teacher")


def step_by_hand(terms, student=None, teacher=None, rate=1.0):
    student, teacher = student or student_by_hand(), teacher or teacher_by_hand()
    distillation = Distillation(student, ("rgb",), terms, Teacher(teacher, ("rgb",)))
    step = Step(
        distillation.learner,
        keras.optimizers.SGD(rate),
        distillation.forward,
        loss_weights=distillation.loss_weights,
    )
    return step, student


def batch(clip=CLIP, label=LABEL):
    return Devices().divide((tf.constant(clip), tf.constant(label)))


def test_averaged_features_and_their_gradient_by_hand():
    """Means (2, 3) and (1, 2): differences (1, 1), mean square 1. Of weight 3 the gradient of the
    student's mean is 3 (1, 1); of the kernel, times the clip's mean, (2, 1).
    """
    step, student = step_by_hand([Matching("Mixed", weight=3.0)])
    step.update(batch())
    assert step.results()["loss"] == pytest.approx(3.0)
    kernel = student.get_layer("Mixed").kernel.numpy()[0, 0, 0]
    np.testing.assert_allclose(kernel, [[1 - 6, 1 - 6], [0 - 3, 1 - 3]], atol=1e-6)
    np.testing.assert_array_equal(student.get_layer("Logits").kernel, np.eye(2))


def test_features_that_are_not_averaged_by_hand():
    """(1, 1), (3, 5) less (0, 1), (2, 3): 1, 0, 1, 2; the mean of the squares is 6 / 4. The
    gradient of the four is half of each; of the kernel, the pixels (1, 0), (3, 2) times these.
    """
    step, student = step_by_hand([Matching("Mixed", pooled=False)])
    step.update(batch())
    assert step.results()["loss"] == pytest.approx(1.5)
    halves = np.array([[1, 0], [1, 2]]) / 2
    gradient = np.array([[1, 0], [3, 2]]).T @ halves
    kernel = student.get_layer("Mixed").kernel.numpy()[0, 0, 0]
    np.testing.assert_allclose(kernel, np.array([[1, 1], [0, 1]]) - gradient, atol=1e-6)


def test_logits_beside_the_action_loss_by_hand():
    """Logits (2, 3) for (3, 0): squares 1 and 9, mean 5, gradient (-1, 3); cross entropy of class 0
    is log(1 + e), its gradient softmax less label, (-p, p) with p = e / (1 + e).
    """
    action = Action(tiny.LOSS, weight=0.5)
    step, student = step_by_hand([action, Matching("Logits", weight=2.0)])
    step.update(batch())
    assert step.results() == pytest.approx(
        {"loss": 0.5 * np.log(1 + np.e) + 10, "action": np.log(1 + np.e), "distil_Logits": 5}
    )
    p = np.e / (1 + np.e)
    gradient = np.outer([2, 3], 0.5 * np.array([-p, p]) + 2 * np.array([-1, 3]))
    np.testing.assert_allclose(
        student.get_layer("Logits").kernel, np.eye(2) - gradient, rtol=1e-5, atol=1e-5
    )


def test_another_width_is_projected():
    """Student's mean (2, 3) through a projection (1, 1), 0.5 to 5.5; the teacher's one channel has
    the mean 2: the error is 3.5 squared, the projection's gradient 7 times (2, 3) and 7.
    """
    teacher = by_hand(1, [[1], [0]], [[1, 0]], "narrow")
    step, student = step_by_hand([Matching("Mixed")], teacher=teacher, rate=0.1)
    projection = step.model.get_layer("projected_Mixed")
    projection.set_weights([np.ones((2, 1)), np.full(1, 0.5)])
    step.update(batch())
    assert step.results()["loss"] == pytest.approx(3.5**2)
    np.testing.assert_allclose(projection.kernel[:, 0], [1 - 1.4, 1 - 2.1], atol=1e-6)
    np.testing.assert_allclose(projection.bias, [0.5 - 0.7], atol=1e-6)
    assert not {"projected_Mixed", "pooled_Mixed"} & {layer.name for layer in student.layers}


def test_an_end_point_of_another_name():
    step, _ = step_by_hand([Matching("mean", taught="Logits")])  # (2, 3) for (3, 0)
    step.update(batch())
    assert step.results()["loss"] == pytest.approx((1 + 9) / 2)


# === What does not fit ===


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ([Matching("Mixed_5c")], "student has no end point 'Mixed_5c'; it has Mixed"),
        (
            [Matching("Mixed", taught="top")],
            "teacher has no end point 'top'; it has Mixed, mean",
        ),
        ([Matching("Mixed"), Matching("Mixed")], "each of another name. Received: .*Mixed.*Mixed"),
        ([], "terms should be one or more"),
    ],
)
def test_terms_that_cannot_be(terms, message):
    with pytest.raises(ValueError, match=message):
        step_by_hand(terms)


def test_a_teacher_is_wanted():
    with pytest.raises(ValueError, match="distil_Mixed should come with a teacher. Received: none"):
        Distillation(student_by_hand(), ("rgb",), [Matching("Mixed")])


def test_shapes_are_compared_before_the_first_step():
    clips = {"rgb": (8, 16, 16, 3)}
    finer = keras.Input(tiny.SHAPE)
    finer = keras.Model(finer, ConvUnit3D(4, 3, name="first")(finer), name="finer")

    def made(pooled):
        terms = [Matching("first", pooled=pooled)]
        return Distillation(tiny.network(), ("rgb",), terms, Teacher(finer, ("rgb",)))

    made(True).check(clips)
    with pytest.raises(ValueError, match=r"first of the student, \(4, 8, 8, 4\), should have"):
        made(False).check(clips)


def test_a_teacher_of_another_rank_is_refused():
    """Scores of every step are no pooled features, though their last axis fits."""
    clip = keras.Input((None, 1, 2, 2))
    steps = keras.layers.Lambda(lambda x: x[:, :, 0, 0, :], name="steps")(clip)
    terms = [Matching("mean", taught="steps")]
    teacher = Teacher(keras.Model(clip, steps, name="recurrent"), ("rgb",))
    distillation = Distillation(student_by_hand(), ("rgb",), terms, teacher)
    with pytest.raises(ValueError, match=r"mean of the student, \(2,\), .* steps, \(1, 2\)$"):
        distillation.check({"rgb": (1, 1, 2, 2)})


@pytest.mark.parametrize(
    ("size", "pool", "message"),
    [
        (
            24,
            1,
            r"^teacher X should take the student's clips, \(8, 16, 16, 3\). Received: .*24, 24",
        ),
        (None, 20, r"^teacher X should give top for the student's clips, \(8, 16, 16, 3\), which"),
    ],
)
def test_a_teacher_that_cannot_see_the_students_clips(size, pool, message):
    clip = keras.Input((None, size, size, 3))
    top = keras.layers.AveragePooling3D((1, pool, pool), name="top")(clip)
    teacher = Teacher(keras.Model(clip, top, name="teacher"), ("rgb",), "X")
    distillation = Distillation(tiny.network(), ("rgb",), [Matching("first", "top")], teacher)
    with pytest.raises(ValueError, match=message) as caught:
        distillation.check({"rgb": tiny.SHAPE})
    assert "\n" not in str(caught.value)


# === Half precision ===


@pytest.fixture
def bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def test_means_and_projections_are_not_rounded(bfloat16):
    """1 and 1 + 2 ** -7 are bfloat16's numbers, their mean is not."""
    clip = np.zeros((1, 1, 1, 2, 2), np.float32)
    clip[..., 0] = 1.0, 1.0 + 2**-7
    student = by_hand(1, [[1], [0]], [[1, 1]], "student")
    step, _ = step_by_hand([Matching("Mixed")], student, by_hand(1, [[0], [0]], [[1, 1]], "zeros"))
    step.update(batch(clip))
    assert step.results()["loss"] == pytest.approx((1 + 2**-8) ** 2, rel=1e-6)
    narrow = by_hand(1, [[1], [0]], [[1, 1]], "narrow")
    step, _ = step_by_hand([Matching("Mixed")], narrow)
    projection = step.model.get_layer("projected_Mixed")
    projection.set_weights([np.full((1, 2), 1 + 2**-9), np.zeros(2)])
    ones = np.ones((1, 1, 1, 2, 2), np.float32)
    step.update(batch(ones))
    assert step.results()["loss"] == pytest.approx(2**-18, rel=1e-4)


@pytest.mark.parametrize("kind", ["simple", "pwc"])
def test_decoded_flow_is_not_rounded(bfloat16, kind):
    """17 + 1 / 16 px would be 17 in bfloat16, which has sixteenths below 16 alone."""
    decoder = build_flow_decoder(kind, 4)
    last = decoder.get_layer({"simple": "predict_flow", "pwc": "dc_conv7"}[kind])
    last.bias.assign([17.0625, 0])
    flow = decoder(np.ones((1, 3, 3, 4), np.float32))
    assert keras.ops.convert_to_numpy(flow)[0, 1, 1, 0] == 17.0625


# === The loop: rgb for the student, flow for its teacher ===


@dataclass(frozen=True)
class Decoded:
    """What a decoder of flow tells of the first unit, by batch norm of its own; right is 1."""

    name: str = "decoded"
    weight: float = 0.2
    taught: None = None

    def attach(self, student, teacher):
        return decode_clip("simple", output_of(student, "first"), self.name)

    def losses(self, batch):
        return tf.reduce_mean(tf.abs(batch.student[self.name] - 1), axis=[1, 2, 3, 4])


TERMS = (
    Action(tiny.LOSS),
    Matching("first", taught="wide", weight=0.5),
    Matching("Logits", weight=0.1),
    Decoded(),
)


def teacher_of_the_loop():
    """As the tiny network, but the first unit is wider and of another name; its statistics would
    move at the first step, if it trained.
    """
    keras.utils.set_random_seed(5)
    clip = keras.Input(tiny.SHAPE)
    x = ConvUnit3D(7, 3, 2, name="wide")(clip)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.GlobalAveragePooling3D(name="mean")(x)
    return keras.Model(clip, keras.layers.Dense(tiny.CLASSES, name="Logits")(x), name="teacher")


def distilled(devices=None, dropout=0.0):
    """A step of the loop, and its teacher."""
    devices = devices or Devices()
    keras.utils.set_random_seed(1)
    with devices.strategy.scope():
        student = tiny.network(dropout)
        teacher = teacher_of_the_loop()
        keras.utils.set_random_seed(1)
        distillation = Distillation(student, ("rgb",), TERMS, Teacher(teacher, ("flow",)))
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    step = Step(
        distillation.learner,
        optimizer,
        distillation.forward,
        [keras.metrics.CategoricalAccuracy(name="accuracy")],
        devices,
        loss_weights=distillation.loss_weights,
    )
    return step, teacher


def run(devices=None, dropout=0.0, folder=None, killed_after=None):
    """{name: array} of student and projection after six steps, the last row, and the teacher."""
    step, teacher = distilled(devices, dropout)
    rows = []

    def kill(number, logs):
        if number + 1 == killed_after:
            os.kill(os.getpid(), signal.SIGKILL)

    fit(
        step,
        tiny.in_streams(tiny.endless(8)),
        Plan(6, 8, 1, 6, checkpoint_every=2),
        make_validation=tiny.in_streams(tiny.finite(13, 4)),
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda n, row: rows.append(row), on_train_batch_end=kill
            )
        ],
        checkpoints=Checkpoints(folder) if folder else None,
    )
    return {v.path: v.numpy() for v in step.model.variables}, rows[-1] if rows else {}, teacher


def test_the_teacher_stays_as_it_is_to_the_bit():
    fresh = [v.numpy() for v in teacher_of_the_loop().variables]
    learnt, row, teacher = run()
    before, _ = distilled()
    for variable, kept in zip(teacher.variables, fresh, strict=True):
        np.testing.assert_array_equal(variable, kept)
    moved = [not np.array_equal(learnt[v.path], v) for v in before.model.trainable_variables]
    assert all(moved)
    assert not {v.path for v in teacher.variables} & {v.path for v in before.model.variables} - {
        "Logits/kernel",
        "Logits/bias",
    }
    names = {"loss", "action", "distil_first", "distil_Logits", "accuracy"}
    assert {f"val_{name}" for name in names} | names <= row.keys()
    parts = row["val_action"] + 0.5 * row["val_distil_first"] + 0.1 * row["val_distil_Logits"]
    assert row["val_loss"] == pytest.approx(parts + 0.2 * row["val_decoded"], rel=1e-5)


def in_a_process(out, **options):
    """{device or devices: what `run` gives there}, or minus the signal that ended it."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.training.test_distillation",
            str(out),
            json.dumps(options),
        ],
        cwd=PROJECT,
        timeout=240,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if done.returncode:
        return done.returncode
    return {path.stem: dict(np.load(path)) for path in out.glob("*.npz")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The same run on one device and on two."""
    return in_a_process(tmp_path_factory.mktemp("distilled"), strategies=["one", "mirrored"])


def test_two_devices_do_what_one_does(undisturbed):
    one, two = undisturbed["one"], undisturbed["mirrored"]
    assert two.keys() == one.keys()
    for name, wanted in one.items():
        np.testing.assert_allclose(two[name], wanted, rtol=2e-5, atol=5e-6, err_msg=name)


@pytest.mark.slow
def test_killed_and_started_again_nothing_differs(undisturbed, tmp_path):
    """Killed after step 5, of which the last checkpoint, of step 4, knows nothing."""
    folder = str(tmp_path / "checkpoints")
    assert in_a_process(tmp_path, folder=folder, killed_after=5) == -signal.SIGKILL
    again = in_a_process(tmp_path, folder=folder)["one"]
    assert again.keys() == undisturbed["one"].keys()
    for name, wanted in undisturbed["one"].items():
        np.testing.assert_array_equal(again[name], wanted, err_msg=name)


def main(out, strategies=("one",), **options):
    """Runs in a process of their own."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    make_deterministic()
    for name in strategies:
        learnt, row, _ = run(Devices(make_strategy(name)), **options)
        row = {name: np.float32(v) for name, v in row.items()}
        arrays = {name.replace("/", "|"): array for name, array in (learnt | row).items()}
        np.savez(f"{out}/{name}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1], **json.loads(sys.argv[2]))
