"""The training loop: from the first step, or the last checkpoint, to the last step."""

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import keras
import tensorflow as tf

from keras_i3d.training.averaging import averaged_weights
from keras_i3d.training.checkpoints import Checkpoints
from keras_i3d.training.failures import lost_workers, stop_if_lost
from keras_i3d.training.interruption import Interrupted, StopSign, catch_signals
from keras_i3d.training.learning_rate_schedules import Schedule
from keras_i3d.training.progress import History, Progress, memory_gb
from keras_i3d.training.step import Step
from keras_i3d.training.validation import MakeValidation, validate
from keras_i3d.training.validation_pictures import Pictures

# (number of the first sample, (this worker's number, how many)) to batches (x, y[, weights]): of
# each global batch this worker's part, in order, for as long as is asked for.
MakeBatches = Callable[[int, tuple[int, int]], tf.data.Dataset]


@dataclass(frozen=True)
class Plan:
    """How long a run is, and how often what happens.

    steps: how many.
    batch_size: examples of a step, on all devices and in all its parts together.
    accumulate: parts in which a step's batch is read and computed, one after the other.
    validate_every: steps of an epoch: a validation, the plateau's look at the loss, and what
        callbacks call an epoch.
    checkpoint_every, log_every: steps from one to the next.
    """

    steps: int
    batch_size: int
    accumulate: int = 1
    validate_every: int = 1000
    checkpoint_every: int = 500
    log_every: int = 50


@dataclass
class Position:
    """Where a run is: what of it is in no variable. Checkpoints keep it as JSON.

    step: steps done.
    epoch_end: the step at which an epoch's end was last seen to.
    best: the least validation loss so far.
    schedule: what the schedule has learnt.
    finished: whether there was nothing more to do.
    planned: steps of the plan that it had; 0 where version 0.1 wrote it.
    """

    step: int = 0
    epoch_end: int = 0
    best: float | None = None
    schedule: dict = field(default_factory=dict)
    finished: bool = False
    planned: int = 0


def fit(
    step: Step,
    make_batches: MakeBatches,
    plan: Plan,
    *,
    make_validation: MakeValidation | None = None,
    schedule: Schedule | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    checkpoints: Checkpoints | None = None,
    history: History | None = None,
    progress: Progress | None = None,
    pictures: Pictures | None = None,
    save_best: Callable[[], None] | None = None,
) -> Position:
    """Train, on from the last checkpoint if there is one; where the run ended.

    A finished run goes on where the plan has more steps than it had.

    Equal arguments and data give equal weights, interrupted or not; on CPU with one device bit by
    bit, where `devices.make_deterministic` was called. Not so with callbacks that keep something to
    themselves, such as EarlyStopping: no checkpoint has what they know.

    Args:
        step: the network and how it learns.
        make_batches: the training data from a sample on; a batch has plan.batch_size /
            plan.accumulate examples, all workers' together.
        plan: how long, how often.
        make_validation: the data of a validation; None for none.
        schedule: the learning rate of each step; None leaves it to the optimizer and callbacks.
        callbacks: Keras callbacks; an epoch is plan.validate_every steps.
        checkpoints, history, progress: where checkpoints and rows go; None for nowhere.
        pictures: what validations show in TensorBoard, with `history`; None for nothing.
        save_best: called where the loss at a validation is the least so far.

    Raises:
        NotFiniteError: says the step; the last checkpoint is of before it.
        WorkerLostError: when another worker is gone.
        Interrupted: at Ctrl-C or SIGTERM, after a checkpoint.
        ValueError: when the data ends before the last step, or a checkpoint is of another network.
    """
    devices, model = step.devices, step.model
    position = _restored(step, checkpoints, schedule)
    if position.finished and plan.steps <= max(position.step, position.planned):
        return position
    position.finished, position.planned = False, plan.steps
    writers = [w for w in (progress, history) if w and devices.is_chief]
    if history not in writers:
        pictures = None
    callbacks = keras.callbacks.CallbackList(list(callbacks), model=model)
    model.stop_training = False
    worker = (devices.worker, devices.workers)
    batches = iter(make_batches(position.step * plan.batch_size, worker))
    first, result = True, None

    def save():
        stop_if_lost(result, position.step)
        if schedule is not None:
            position.schedule = schedule.state()
        if checkpoints and devices.is_chief:
            checkpoints.save(position.step, step.variables, dataclasses.asdict(position))

    callbacks.on_train_begin()
    with contextlib.ExitStack() as ending:
        for writer in writers:
            writer.begin(position.step)
            ending.callback(writer.end)
        stop = ending.enter_context(catch_signals())
        ending.enter_context(lost_workers(devices.workers, lambda: position.step))
        while True:
            done = position.step
            ended = done == plan.steps or model.stop_training
            if done > position.epoch_end and (ended or done % plan.validate_every == 0):
                stop_if_lost(result, done)
                with progress.pause() if progress in writers else contextlib.nullcontext():
                    row = _end_of_epoch(step, make_validation, stop, position, save_best, pictures)
                    if not stop:
                        if schedule is not None:
                            schedule.observe(row.get("val_loss", row["loss"]))
                        row = _write_row(writers, step, done, row)
                        if pictures is not None:
                            history.pictures(done, pictures.drawn())
                        callbacks.on_epoch_end((done - 1) // plan.validate_every, row)
                        position.epoch_end = done
                ended = ended or model.stop_training
            if stop:
                save()
                raise Interrupted(done)
            if ended:
                break

            # One step: all parts of its batch, then the update.
            if first or done % plan.validate_every == 0:
                callbacks.on_epoch_begin(done // plan.validate_every)
            if done == position.epoch_end:
                step.reset()
            if schedule is not None:
                step.set_learning_rate(schedule.rate(done))
            callbacks.on_train_batch_begin(done)
            for _ in range(plan.accumulate - 1):
                step.accumulate(devices.divide(_next(batches, done)))
            previous, result = result, step.update(devices.divide(_next(batches, done)))
            callbacks.on_train_batch_end(done, {"loss": step.mean_loss.result()})
            # The step before this one: waiting for this one would leave the device idle.
            stop_if_lost(previous, done)
            position.step, first = done + 1, False

            if progress in writers:
                progress.advance()
            at_end = position.step == plan.steps or position.step % plan.validate_every == 0
            if position.step % plan.log_every == 0 and not at_end:
                stop_if_lost(result, position.step)
                _write_row(writers, step, position.step, step.results())
            # The chief alone looks at the clock: several workers do all things at the same steps.
            elif devices.workers == 1 and progress in writers and not at_end and progress.due():
                _write_row([progress], step, position.step, step.results())
            if position.step % plan.checkpoint_every == 0:
                save()
    position.finished = True
    save()
    callbacks.on_train_end()
    return position


def _restored(step: Step, checkpoints: Checkpoints | None, schedule: Schedule | None) -> Position:
    """Where the last checkpoint is, on every worker the same one."""
    kept = checkpoints.restore(step.variables) if checkpoints else None
    position = Position(**kept) if kept else Position()
    steps = step.devices.sum(position.step)
    if steps != position.step * step.devices.workers:
        raise ValueError(
            f"worker {step.devices.worker} sees a checkpoint of step {position.step}, others see "
            f"another: all workers need the same folder"
        )
    if schedule is not None and kept:
        schedule.restore(position.schedule)
    return position


def _end_of_epoch(
    step: Step,
    make_validation: MakeValidation | None,
    stop: StopSign,
    position: Position,
    save_best: Callable[[], None] | None,
    pictures: Pictures | None,
) -> dict:
    """The epoch's row, validation included, both on the averaged weights if there are such."""
    row = step.results()
    with averaged_weights(step.model):
        if make_validation:
            if pictures is not None:
                pictures.begin()
            row |= validate(step, make_validation, stop, pictures)
        loss = row.get("val_loss", row["loss"])
        if not stop and (position.best is None or loss < position.best):
            position.best = loss
            if save_best and step.devices.is_chief:
                save_best()
    return row


def _next(batches, done: int) -> tuple:
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(f"the data ended in step {done + 1}; it should never end") from None


def _write_row(writers: list, step: Step, done: int, row: dict) -> dict:
    if writers:
        row = {**row, "learning_rate": step.learning_rate}
        for writer in writers:
            if isinstance(writer, Progress):
                row |= {"clips_per_second": writer.speed(done), "memory_gb": memory_gb()}
            writer.row(done, row)
    return row
