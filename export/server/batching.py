"""Requests of the same shape go through the network together; the queue has an end."""

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np

from keras_i3d.export.server.refusal import Refusal

Arrays = Mapping[str, np.ndarray]


@dataclass(eq=False)
class Item:
    """One request in the queue.

    run: from inputs to outputs. key: what may go together has the same; None for nothing.
    size: clips. frames: of all of them. ended: set when there is a result, or none is wanted.
    """

    run: Callable[[Arrays], Arrays]
    inputs: Arrays
    key: Hashable
    size: int
    frames: int
    deadline: float
    arrived: float
    ended: threading.Event = field(default_factory=threading.Event)
    result: Arrays | None = None
    error: BaseException | None = None

    @property
    def bytes(self) -> int:
        """Memory of the inputs."""
        return sum(
            sum(map(len, value.flat)) if value.dtype == object else value.nbytes
            for value in self.inputs.values()
        )

    def cancel(self) -> None:
        """Drop it from the queue: nobody waits for it any more."""
        self.fail(Refusal("CANCELLED", "the client is gone"))

    def fail(self, error: BaseException) -> None:
        """End it without a result, unless it has ended."""
        if not self.ended.is_set():
            self.error = error
            self.ended.set()

    def wait(self, gone: Callable[[], bool] | None = None, every: float = 0.25) -> Arrays:
        """Return the result, or the Refusal that stands for it.

        Args:
            gone: asked now and then whether the client is still there.
            every: seconds between.
        """
        while not self.ended.wait(min(every if gone else 1e6, self.deadline - time.monotonic())):
            if time.monotonic() >= self.deadline:
                self.fail(Refusal("DEADLINE_EXCEEDED", "not answered within the deadline"))
            elif gone is not None and gone():
                self.cancel()
        if self.error is not None:
            try:
                raise self.error
            finally:
                # Its traceback leads to this request, which would lead back to it: a ring that
                # holds the request until Python looks for rings, hundreds of requests later.
                self.error = None
        return self.result


class Batcher:
    """A queue, and threads that run what is in it.

    Args:
        threads: how many batches run at once; TensorFlow uses all cores for one.
        most_frames: frames of a batch; a clip of 64 takes some 250 MB in the network.
        window: seconds that a request waits for others to go with it, where nothing else is to do.
        queue: how many requests may wait.
        queue_bytes: how much memory they may take together.
        watch: called with the number of requests in each batch that is run.
    """

    def __init__(
        self,
        threads: int = 1,
        most_frames: int = 256,
        window: float = 0.005,
        queue: int = 32,
        queue_bytes: int = 512 << 20,
        watch: Callable[[int], None] = lambda size: None,
    ):
        self._most_frames, self._window = most_frames, window
        self._limit, self._limit_bytes, self._watch = queue, queue_bytes, watch
        self._queue: deque[Item] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batches-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def __len__(self):
        return len(self._queue)

    def submit(
        self,
        run: Callable[[Arrays], Arrays],
        inputs: Arrays,
        key: Hashable,
        size: int,
        frames: int,
        deadline: float,
    ) -> Item:
        """Put a request into the queue; `Item.wait` gives its result.

        Args:
            run: from inputs to outputs, both with the clips as first axis unless key is None.
            deadline: of time.monotonic().

        Raises:
            Refusal: RESOURCE_EXHAUSTED where the queue is full, UNAVAILABLE where it is closed.
        """
        item = Item(run, inputs, key, size, frames, deadline, time.monotonic())
        with self._changed:
            if self._closed:
                raise Refusal("UNAVAILABLE", "the server is stopping")
            # Those whose clients are gone hold memory, but no place.
            self._queue = waiting = deque(o for o in self._queue if not o.ended.is_set())
            held = sum(other.bytes for other in waiting)
            if len(waiting) >= self._limit or (waiting and held + item.bytes > self._limit_bytes):
                raise Refusal(
                    "RESOURCE_EXHAUSTED",
                    f"{len(waiting)} requests of {held >> 20} MB are waiting, the most that the "
                    f"server takes; try again later",
                )
            self._queue.append(item)
            self._changed.notify_all()
        return item

    def close(self) -> None:
        """Take no more; what waits is still run. Returns when all is done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    # === The threads ===

    def _work(self) -> None:
        while batch := self._take():
            self._watch(len(batch))
            self._answer(batch)
            del batch  # not kept while waiting for the next

    def _answer(self, batch: list[Item]) -> None:
        try:
            results = self._run(batch)
        except BaseException as error:
            for item in batch:
                item.fail(error)
            return
        for item, result in zip(batch, results, strict=True):
            if isinstance(result, BaseException):
                item.fail(result)
            elif not item.ended.is_set():
                item.result = result
                item.ended.set()

    def _take(self) -> list[Item]:
        """The oldest request and what may go with it; nothing when all is done."""
        with self._changed:
            while True:
                while self._queue:
                    batch = [self._queue.popleft()]
                    if not self._dropped(batch[0]):
                        return self._gathered(batch)
                if self._closed:
                    return []
                self._changed.wait()

    def _gathered(self, batch: list[Item]) -> list[Item]:
        first = batch[0]
        while first.key is not None:
            for item in list(self._queue):
                room = self._most_frames - sum(other.frames for other in batch)
                if item.key == first.key and item.frames <= room and not item.ended.is_set():
                    self._queue.remove(item)
                    if not self._dropped(item):
                        batch.append(item)
            left = first.arrived + self._window - time.monotonic()
            room = self._most_frames - sum(other.frames for other in batch)
            if left <= 0 or room < first.frames or self._closed:
                break
            self._changed.wait(left)
        return batch

    def _dropped(self, item: Item) -> bool:
        if time.monotonic() >= item.deadline:
            item.fail(Refusal("DEADLINE_EXCEEDED", "the deadline passed while it was waiting"))
        return item.ended.is_set()

    def _run(self, batch: list[Item]) -> list[Arrays | BaseException]:
        if len(batch) == 1:
            return [batch[0].run(batch[0].inputs)]
        together = {
            name: np.concatenate([item.inputs[name] for item in batch]) for name in batch[0].inputs
        }
        total = sum(item.size for item in batch)
        try:
            outputs = batch[0].run(together)
            if all(np.ndim(value) and len(value) == total for value in outputs.values()):
                ends = list(itertools.accumulate(item.size for item in batch))
                return [
                    {name: value[end - item.size : end] for name, value in outputs.items()}
                    for item, end in zip(batch, ends, strict=True)
                ]
        except Refusal:
            pass  # one of them is at fault: each alone, so that the others are answered
        return [self._alone(item) for item in batch]

    def _alone(self, item: Item) -> Arrays | BaseException:
        try:
            return item.run(item.inputs)
        except BaseException as error:
            return error
