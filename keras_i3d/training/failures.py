"""How a training can fail, each in one line: numbers, workers, memory, data."""

import contextlib
import re
from collections.abc import Callable, Iterator

import tensorflow as tf


class NotFiniteError(ArithmeticError):
    """The gradient has become infinite or no number."""


class WorkerLostError(RuntimeError):
    """Another worker has died or cannot be reached; this one cannot go on alone."""


class FailedError(RuntimeError):
    """TensorFlow could not go on: no memory, data that cannot be read; one line says why."""


# What TensorFlow raises in one worker when another one is gone.
GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
)


@contextlib.contextmanager
def lost_workers(workers: int, steps_done: Callable[[], int]) -> Iterator[None]:
    """Raise WorkerLostError within for TensorFlow's errors that say another worker is gone."""
    try:
        yield
    except GONE as error:
        if workers == 1:
            raise
        lines = [line for line in error.message.splitlines() if "ollective ops" in line]
        raise WorkerLostError(
            f"step {steps_done() + 1}: another worker is gone; run the same command on all workers "
            f"to continue from the last checkpoint ({(lines or ['no answer'])[-1].strip()})"
        ) from error


@contextlib.contextmanager
def in_one_line() -> Iterator[None]:
    """Raise FailedError within for TensorFlow's errors, whose messages have many lines."""
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise FailedError(
            "out of memory: use a smaller batch_size or a larger accumulate"
        ) from error
    except tf.errors.OpError as error:
        said = re.search(r"[\w.]*Error: (.+)", error.message)
        raise FailedError(said[1] if said else error.message.strip().splitlines()[-1]) from error


def stop_if_lost(result: dict | None, step: int) -> None:
    """Raise NotFiniteError if `result`, of the update that made `step` steps, says it was lost."""
    if result is not None and bool(result["lost"]):
        raise NotFiniteError(
            f"step {step}: the gradient is not finite (norm {float(result['gradient_norm'])}); a "
            f"smaller learning rate, a warm-up or clip_norm may help"
        )
