"""Fresh processes that say nothing of their own when they are ended while they start."""

import signal
from multiprocessing.context import SpawnContext, SpawnProcess


class _DeafProcess(SpawnProcess):
    """A process that Ctrl-C does not reach, not even before its first own line runs."""

    def start(self):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()  # the new process inherits the mask
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
