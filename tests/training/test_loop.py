"""The loop: resuming, stopping, callbacks, what is counted."""

import csv
import io
import os
import re
import shutil
import signal
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.checkpoints import Checkpoints
from keras_i3d.training.failures import NotFiniteError
from keras_i3d.training.interruption import Interrupted
from keras_i3d.training.learning_rate_schedules import PlateauSchedule, StepSchedule
from keras_i3d.training.loop import Plan, fit
from keras_i3d.training.progress import History, Progress
from tests.conftest import PROJECT
from tests.training import tiny

PLAN = Plan(9, batch_size=4, accumulate=2, validate_every=4, checkpoint_every=3, log_every=2)


class Do(keras.callbacks.Callback):
    """Does something once, after one step."""

    def __init__(self, step, action):
        super().__init__()
        self.step, self.action = step, action

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 == self.step:
            self.action()


def run(folder, plan=PLAN, **options):
    """The tiny network with dropout, a moving average and a plateau, trained in `folder`."""
    step = tiny.step(
        dropout=0.4, optimizer=lambda: keras.optimizers.SGD(0.1, momentum=0.9, use_ema=True)
    )
    given = {
        "make_validation": tiny.finite(7, 4),
        "schedule": PlateauSchedule(0.1, patience=1, warm_up=2),
        "checkpoints": Checkpoints(folder / "checkpoints", keep=9),
        "history": History(folder / "history.csv"),
        "save_best": lambda: step.model.save(folder / "best.keras"),
        **options,
    }
    position = fit(step, tiny.endless(plan.batch_size // plan.accumulate), plan, **given)
    return step, position


def rows(folder):
    with open(folder / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    step, position = run(folder)
    return folder, step, position


def test_an_undisturbed_run(undisturbed):
    folder, _, position = undisturbed
    assert (position.step, position.finished) == (9, True)
    assert [row["step"] for row in rows(folder)] == ["2", "4", "6", "8", "9"]
    assert [bool(row["val_loss"]) for row in rows(folder)] == [False, True, False, True, True]
    losses = [float(row["val_loss"]) for row in rows(folder) if row["val_loss"]]
    assert min(losses) == position.best
    names = sorted(os.listdir(folder / "checkpoints"))
    assert names == [f"step_{n:08d}.npz" for n in (3, 6, 9)]


@pytest.mark.parametrize("at", [1, 3, 4, 5, 8])
def test_interrupted_and_started_again_nothing_differs(undisturbed, tmp_path, at):
    before, whole, _ = undisturbed
    stop = Do(at, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(Interrupted) as caught:
        run(tmp_path, callbacks=[stop])
    assert caught.value.step == at
    step, _ = run(tmp_path)
    for ours, theirs in zip(tiny.arrays(step), tiny.arrays(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert rows(tmp_path) == rows(before)


def test_lost_work_since_the_last_checkpoint_is_done_again(undisturbed, tmp_path):
    before, whole, _ = undisturbed

    def die():
        raise SystemError("as if killed")

    with pytest.raises(SystemError):
        run(tmp_path, callbacks=[Do(8, die)])
    assert [row["step"] for row in rows(tmp_path)] == ["2", "4", "6"]
    step, _ = run(tmp_path)
    for ours, theirs in zip(tiny.arrays(step), tiny.arrays(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert rows(tmp_path) == rows(before)


def test_a_run_of_version_0_1_goes_on_to_the_same_end(tmp_path):
    """Its checkpoint of step 5, the order of its variables, and its own weights after step 9."""
    kept = PROJECT / "tests" / "golden" / "checkpoint_0_1"
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(kept / "step_00000005.npz", tmp_path / "checkpoints")
    counted = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda n, logs: counted.append(n))
    step, _ = run(tmp_path, callbacks=[note])
    assert counted == [5, 6, 7, 8]
    order = (kept / "order.txt").read_text().splitlines()
    # Keras counts the names that it makes up: sgd, sgd_1, ...
    names = [getattr(v, "path", v.name) for v in step.variables]
    assert [re.sub(r"_\d+/", "/", name) for name in names] == order
    with np.load(kept / "end.npz") as end:
        wanted = [end[name] for name in end.files]
    # On the same processor to the bit; other kernels of TensorFlow were seen to differ by 8e-4.
    for ours, theirs in zip(tiny.arrays(step.model), wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_a_finished_run_does_nothing(undisturbed):
    folder, whole, _ = undisturbed
    came = (folder / "checkpoints" / "step_00000009.npz").stat().st_mtime_ns
    step, position = run(folder)
    assert position.finished
    assert (folder / "checkpoints" / "step_00000009.npz").stat().st_mtime_ns == came
    for ours, theirs in zip(tiny.arrays(step), tiny.arrays(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("steps", [4, pytest.param(5, marks=pytest.mark.slow)])
def test_more_steps_than_a_finished_run_had_go_on_as_if_it_had_had_them(tmp_path, steps):
    """At an epoch's end and within one: the weights are those of an undisturbed run, bit by bit."""
    rates = {"schedule": StepSchedule(0.1, (3, 6), (1, 0.5, 0.25), warm_up=2)}
    whole, _ = run(tmp_path / "whole", **rates)
    run(tmp_path / "longer", replace(PLAN, steps=steps), **rates)
    step, position = run(tmp_path / "longer", **rates)
    assert (position.step, position.finished) == (9, True)
    for ours, theirs in zip(tiny.arrays(step.model), tiny.arrays(whole.model), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    wanted = sorted({2, 4, steps, 6, 8, 9})  # where the first run ended, there is a row
    assert [int(row["step"]) for row in rows(tmp_path / "longer")] == wanted


def test_a_run_that_a_callback_ended_stays_ended(tmp_path):
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda n, logs: halt())
    step = tiny.step()

    def halt():
        step.model.stop_training = True

    plan = Plan(9, batch_size=4, validate_every=3)
    kept = {"checkpoints": Checkpoints(tmp_path)}
    assert fit(step, tiny.endless(4), plan, callbacks=[stop], **kept).step == 3
    assert fit(tiny.step(), tiny.endless(4), plan, **kept).step == 3
    assert fit(tiny.step(), tiny.endless(4), replace(plan, steps=10), **kept).step == 10


def test_between_rows_a_line_is_written_when_one_is_due(tmp_path):
    """Steps of ten seconds by the clock below, lines every twenty: none of them in the history."""

    class Clock(Progress):
        now = 0

        def advance(self):
            self.now += 10

        def due(self):
            return self.now % 20 == 0

    stream, history = io.StringIO(), History(tmp_path / "history.csv")
    progress = Clock(7, 4, stream)
    plan = Plan(7, batch_size=4, log_every=100)
    fit(tiny.step(), tiny.endless(4), plan, progress=progress, history=history)
    lines = stream.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["2/7", "4/7", "6/7", "7/7"]
    assert all(word in lines[0] for word in ("loss", "clips/s", "left"))
    assert [row["step"] for row in rows(tmp_path)] == ["7"]


def test_the_best_network_is_the_averaged_one_of_its_epoch(undisturbed):
    folder, whole, position = undisturbed
    best = keras.saving.load_model(folder / "best.keras")
    x, y = tiny.batch_of(range(1_000_000, 1_000_007))
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert float(loss(y, best(x))) == pytest.approx(position.best, rel=1e-5)


def test_a_validation_is_evaluate(undisturbed):
    """Seven examples in batches of four and three, each counted once."""
    folder, whole, _ = undisturbed
    model = whole.model
    with averaged_weights(whole.model):
        scores = model(tiny.batch_of(range(1_000_000, 1_000_007))[0])
    labels = tiny.batch_of(range(1_000_000, 1_000_007))[1]
    right = np.mean(np.argmax(scores, 1) == np.argmax(labels, 1))
    assert float(rows(folder)[-1]["val_accuracy"]) == pytest.approx(right)


def test_nan_stops_and_says_the_step(tmp_path):
    def with_nan(start, worker):
        ds = tiny.endless(4)(start, worker)
        return ds.enumerate(start // 4).map(lambda n, b: (tf.where(n == 6, np.nan, b[0]), b[1]))

    step = tiny.step()
    plan = Plan(20, batch_size=4, checkpoint_every=5, validate_every=100)
    with pytest.raises(NotFiniteError, match=r"step 7: the gradient is not finite \(norm nan\)"):
        fit(step, with_nan, plan, checkpoints=Checkpoints(tmp_path))
    assert [p.name for p in Checkpoints(tmp_path).paths()] == ["step_00000005.npz"]


def test_nan_in_the_very_step_of_a_checkpoint_is_not_saved(tmp_path):
    def with_nan(start, worker):
        return tiny.endless(4)(start, worker).map(lambda x, y: (x * np.nan, y))

    plan = Plan(20, batch_size=4, checkpoint_every=1)
    with pytest.raises(NotFiniteError, match="step 1: "):
        fit(tiny.step(), with_nan, plan, checkpoints=Checkpoints(tmp_path))
    assert Checkpoints(tmp_path).paths() == []


def test_data_that_ends_is_an_error():
    def short(start, worker):
        return tiny.endless(4)(start, worker).take(3)

    with pytest.raises(ValueError, match=r"the data ended in step 4"):
        fit(tiny.step(), short, Plan(9, batch_size=4))


def test_keras_callbacks_are_called_as_by_fit():
    calls = []

    class Note(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            calls.append("begin")

        def on_train_end(self, logs=None):
            calls.append("end")

        def on_epoch_begin(self, epoch, logs=None):
            calls.append(f"epoch {epoch}")

        def on_epoch_end(self, epoch, logs=None):
            calls.append((f"epoch {epoch} ends", sorted(logs)))

        def on_train_batch_end(self, batch, logs=None):
            calls.append((batch, sorted(logs)))

    fit(tiny.step(), tiny.endless(4), Plan(3, batch_size=4, validate_every=2), callbacks=[Note()])
    names = ["accuracy", "loss"]
    assert calls == [
        *("begin", "epoch 0", (0, ["loss"]), (1, ["loss"]), ("epoch 0 ends", names)),
        *("epoch 1", (2, ["loss"]), ("epoch 1 ends", names), "end"),
    ]


def test_callbacks_may_stop_and_change_the_learning_rate():
    step = tiny.step()
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    stop = Do(5, lambda: setattr(step.model, "stop_training", True))
    plan = Plan(50, batch_size=4, validate_every=2)
    position = fit(step, tiny.endless(4), plan, callbacks=[slower, stop])
    assert (position.step, position.finished) == (5, True)
    assert float(step.optimizer.learning_rate) == pytest.approx(0.1 / 8)


def test_the_schedule_sets_the_rate():
    step = tiny.step()
    rates = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda n, logs: rates.append(float(step.optimizer.learning_rate))
    )
    schedule = StepSchedule(0.4, (2, 3), (1, 0.5, 0.25), warm_up=2)
    fit(step, tiny.endless(4), Plan(4, batch_size=4), schedule=schedule, callbacks=[note])
    assert rates == pytest.approx([0.2, 0.4, 0.2, 0.1])


def test_it_learns():
    step = tiny.step()
    plan = Plan(60, batch_size=16, validate_every=20)
    fit(step, tiny.endless(16), plan, schedule=StepSchedule(0.1))
    assert step.results()["accuracy"] > 0.6  # of the last 20 steps; chance is 0.2
