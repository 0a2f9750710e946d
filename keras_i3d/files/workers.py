"""Work on many files in processes of their own: a crash or a hang costs one file."""

import itertools
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, TimeoutError, wait
from dataclasses import dataclass
from typing import Any

from pebble import ProcessExpired, ProcessPool

from keras_i3d.files.places import FULL
from keras_i3d.files.spawning import QuietlySpawned

# Seconds between two questions whether to stop.
LOOK_EVERY = 0.25


@dataclass(frozen=True)
class Outcome:
    """What became of one item: its result, or in one line why there is none.

    item: as it was given.
    result: what the task returned; None if it failed.
    error: the cause of a failure; None if it did not fail.
    """

    item: Any
    result: Any = None
    error: str | None = None


def run_all(
    task: Callable,
    items: Iterable,
    processes: int | None = None,
    seconds: float | None = 600,
    megabytes: int | None = 4000,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Outcome]:
    """Give one outcome for each item, in the order in which they end.

    Args:
        task: a function of a module, called with one item in a fresh process; items and results
            travel by pickle. It must not need TensorFlow if it is to start quickly.
        items: taken one after the other as processes become free, so they may be endless.
        processes: how many work at once; by default one for each core.
        seconds, megabytes: limits for one item and for the memory of its process; None for none.
        stop: asked now and then whether to give the rest up.

    Closing the iterator, or an exception in the loop over it (Ctrl-C too), ends the processes at
    once. They end by themselves when this process is killed.

    Raises:
        OSError: a task found the disk full, which is no item's fault.
    """
    processes = processes or usable_cores()
    waiting, running = iter(items), {}
    pool = ProcessPool(
        max_workers=processes,
        context=QuietlySpawned(),
        initializer=limit_process,
        initargs=(megabytes,),
    )
    try:
        while True:
            # A few more than can work at once, so that no process waits for its next item.
            for item in itertools.islice(waiting, 2 * processes - len(running)):
                running[pool.schedule(_attempt, args=(task, item), timeout=seconds)] = item
            if not running:
                break
            every = LOOK_EVERY if stop else None
            for future in wait(running, every, return_when=FIRST_COMPLETED).done:
                yield _outcome(running.pop(future), future, seconds, megabytes)
            if stop is not None and stop():
                break
    finally:
        pool.stop()
        pool.join()


class Aside:
    """One process that is kept for one call after the other, and replaced where a call ends it.

    It gives way to others: work in the background should hold nobody up.

    Args:
        seconds, megabytes: limits for one call and for the memory of the process.
    """

    def __init__(self, seconds: float, megabytes: int):
        self._limits = seconds, megabytes
        self._pool = ProcessPool(
            max_workers=1,
            context=QuietlySpawned(),
            initializer=limit_process,
            initargs=(megabytes, 10),
        )

    def run(self, task: Callable, item, stop: Callable[[], bool] | None = None) -> Outcome:
        """Return what became of one call; as for `run_all`."""
        future = self._pool.schedule(_attempt, args=(task, item), timeout=self._limits[0])
        while not wait([future], LOOK_EVERY if stop else None).done:
            if stop():
                future.cancel()
                return Outcome(item, error="was given up")
        return _outcome(item, future, *self._limits)

    def close(self) -> None:
        """End the process."""
        self._pool.stop()
        self._pool.join()


def usable_cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _attempt(task: Callable, item) -> tuple[Any, str | None]:
    """(result, cause) in the worker: not every exception survives the way back."""
    try:
        return task(item), None
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        return None, cause_of(error)


def cause_of(error: Exception) -> str:
    """Return in one line why something failed."""
    cause = getattr(error, "cause", None) or f"{type(error).__name__}: {error}"
    return " ".join(str(cause).split())


def _outcome(item, future, seconds: float | None, megabytes: int | None) -> Outcome:
    try:
        return Outcome(item, *future.result())
    except TimeoutError:
        return Outcome(item, error=f"took more than {seconds:g} s")
    except MemoryError:
        return Outcome(item, error=f"needs more than {megabytes} MB of memory")
    except ProcessExpired as error:
        return Outcome(item, error=f"its process died ({cause_of_death(error.exitcode)})")


def cause_of_death(exitcode: int | None) -> str:
    """Return how a process ended, by its exit status or its signal."""
    if exitcode is None or exitcode >= 0:
        return f"exit status {exitcode}"
    return signal.Signals(-exitcode).name


def limit_process(megabytes: int | None, niceness: int = 0) -> None:
    """Make this process a worker: limited in memory, deaf to Ctrl-C, gone when its parent is."""
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if megabytes is not None:
        limit = megabytes << 20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
