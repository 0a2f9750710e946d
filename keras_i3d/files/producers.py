"""A process that gives the results of an item one after another: more than fit in memory at once.

For tasks with one result each, workers.run_all does; a crash or a hang costs one item here too.
"""

from collections.abc import Callable, Iterator
from typing import Any

from keras_i3d.files.spawning import QuietlySpawned
from keras_i3d.files.workers import cause_of, cause_of_death, limit_process

READY, RESULT, END, FAILED = "ready", "result", "end", "failed"
# A process starts in a second or two; on a machine that is very busy, in many more.
SECONDS_TO_START = 120


class ProducerError(Exception):
    """An item that gave no more results; the message is the cause, in one line."""

    @property
    def cause(self) -> str:
        """The cause."""
        return str(self)


class Producer:
    """Runs a task in a process of its own, for one item after the other; to be used with `with`.

        with Producer(frames_of) as producer:
            for frame in producer.results("clip.mp4"): ...

    The process is started with the first item, and anew after one that it did not survive.

    Args:
        task: a generator function of a module, called with one item; items and results travel by
            pickle. It must not need TensorFlow if it is to start quickly.
        seconds: the longest wait for one result, or for the end, of a process that has started;
            None for no limit.
        megabytes: of memory for the process; None for no limit.
    """

    def __init__(self, task: Callable, seconds: float | None = 600, megabytes: int | None = 4000):
        self._task, self._seconds, self._megabytes = task, seconds, megabytes
        self._process = self._pipe = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
        self._process = self._pipe = None

    def results(self, item) -> Iterator[Any]:
        """Give what the task gives for an item; it works on while a result is being used.

        Raises:
            ProducerError: the task failed, hung, or its process died. Results before were given.
        """
        ended = False
        try:
            if self._process is None:
                self._start()
            self._pipe.send(item)
            while True:
                kind, value = self._received(self._seconds)
                if kind == RESULT:
                    yield value
                    continue
                ended = True
                if kind == FAILED:
                    raise ProducerError(value)
                return
        except (EOFError, OSError) as error:
            if self._process is None:
                raise
            self._process.join()
            raise ProducerError(
                f"its process died ({cause_of_death(self._process.exitcode)})"
            ) from error
        finally:
            if not ended:  # given up half-way, hung or dead
                self.close()

    def _start(self) -> None:
        context = QuietlySpawned()
        self._pipe, other = context.Pipe()
        arguments = (self._task, other, self._megabytes)
        self._process = context.Process(target=_work, args=arguments, daemon=True)
        self._process.start()
        other.close()
        self._received(SECONDS_TO_START)

    def _received(self, seconds: float | None) -> tuple[str, Any]:
        if not self._pipe.poll(seconds):
            raise ProducerError(f"gave no answer for {seconds:g} s")
        return self._pipe.recv()


def _work(task: Callable, pipe, megabytes: int | None) -> None:
    limit_process(megabytes)
    pipe.send((READY, None))
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        try:
            for result in task(item):
                pipe.send((RESULT, result))
        except MemoryError:
            pipe.send((FAILED, f"needs more than {megabytes} MB of memory"))
        except Exception as error:
            pipe.send((FAILED, cause_of(error)))
        else:
            pipe.send((END, None))
