"""Places for work that takes long: so many at once, so many that wait, and the rest is refused."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from keras_i3d.export.server.refusal import Refusal

LOOK_EVERY = 0.25
RETRY_AFTER = (("Retry-After", "5"),)


class Places:
    """Counts who is in.

    Args:
        what: what is done here, for the message: "videos".
        at_once: how many may work at once.
        waiting: how many more may wait for it.
    """

    def __init__(self, what: str, at_once: int, waiting: int = 0):
        self._what, self._most = what, at_once + waiting
        self._entered = threading.BoundedSemaphore(self._most)
        self._working = threading.BoundedSemaphore(at_once)

    def enter(self) -> None:
        """Take a place among those that work or wait; `leave` gives it back.

        Raises:
            Refusal: when all are taken.
        """
        if not self._entered.acquire(blocking=False):
            raise Refusal(
                "RESOURCE_EXHAUSTED",
                f"{self._most} {self._what} are being processed or waiting, the most that the "
                f"server takes; try again later",
                http=503,
                headers=RETRY_AFTER,
            )

    def leave(self) -> None:
        """Give a place back."""
        self._entered.release()

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Hold a place."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    @contextlib.contextmanager
    def at_work(self, seconds: float, gone: Callable[[], bool] | None = None) -> Iterator[None]:
        """Wait for a turn, at most `seconds`, and hold it.

        Raises:
            Refusal: the client has left meanwhile, or the time is over.
        """
        until = time.monotonic() + seconds
        while not self._working.acquire(timeout=LOOK_EVERY):
            if gone is not None and gone():
                raise Refusal("CANCELLED", "the client is gone")
            if time.monotonic() > until:
                raise Refusal("DEADLINE_EXCEEDED", f"other {self._what} took all of {seconds:g} s")
        try:
            yield
        finally:
            self._working.release()
