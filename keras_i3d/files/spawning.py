"""Fresh processes that say nothing of their own when they are ended while they start."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess

_starting = threading.Lock()


class _DeafProcess(SpawnProcess):
    """A process that Ctrl-C does not reach, not even before its first own line runs."""

    def start(self):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with _program_unnamed():
                super().start()  # the new process inherits the mask
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _program_unnamed() -> Iterator[None]:
    """Hide where the running program lies, so that a new process does not import it.

    All that is done there is of modules. A script of a few lines, without a guard of its own,
    would be run again in each process, and each would start more.
    """
    program = vars(sys.modules["__main__"])
    with _starting:
        named = {name: program[name] for name in ("__spec__", "__file__") if name in program}
        program.update(dict.fromkeys(named))
        try:
            yield
        finally:
            program.update(named)


class QuietlySpawned(SpawnContext):
    """Make spawned processes that leave Ctrl-C to their parent and can be stopped at any moment.

    pebble's pools drop their locks before they stop their processes: one that was just starting
    looked for them in vain and printed a traceback. Here locks live as long as the pool.
    """

    Process = _DeafProcess

    def __init__(self):
        super().__init__()
        self._locks = []

    def RLock(self):  # noqa: N802 - the name is multiprocessing's
        self._locks.append(super().RLock())
        return self._locks[-1]
