"""Ctrl-C and SIGTERM while a step runs: it is finished, and what was learnt is kept."""

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM, after the checkpoint of `step` was written."""

    def __init__(self, step: int):
        super().__init__(step)
        self.step = step


class StopSign:
    """False, until somebody has asked to stop."""

    def __init__(self):
        self.asked = False

    def __bool__(self) -> bool:
        return self.asked


@contextlib.contextmanager
def catch_signals() -> Iterator[StopSign]:
    """Catch signals within: the first SIGINT or SIGTERM sets the sign, the second interrupts.

    In a thread other than the main one signals stay as they are: Python allows no other.
    """
    sign = StopSign()

    def ask(number, frame):
        if sign.asked:
            raise KeyboardInterrupt
        sign.asked = True
        logging.warning("stopping after this step; press Ctrl-C again to stop at once")

    if threading.current_thread() is not threading.main_thread():
        yield sign
        return
    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield sign
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
