"""When to ask again: only what cannot have been done yet, later and later, within the deadline."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from keras_i3d.export.client.answer import ServingError

# Seconds before the second attempt; twice as long before each one after it, plus or minus a fifth
# so that many clients of a server that was away do not come back at once.
FIRST_PAUSE, LONGEST_PAUSE, SPREAD = 0.2, 10.0, 0.2
Result = TypeVar("Result")


def patiently(
    attempt: Callable[[float], Result],
    timeout: float,
    attempts: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """Return the result of a call that is tried again while the server is UNAVAILABLE.

    Nothing else is repeated: a request that is wrong stays wrong, and one that was too much for a
    full server only adds to what fills it.

    Args:
        attempt: called with the seconds that are left.
        timeout: seconds for all attempts together.
        attempts: how many at most.

    Raises:
        ServingError: the last attempt's.
    """
    deadline, pause = clock() + timeout, FIRST_PAUSE
    for number in range(1, attempts + 1):
        try:
            return attempt(max(0.001, deadline - clock()))
        except ServingError as error:
            wait = pause * random.uniform(1 - SPREAD, 1 + SPREAD)
            if error.code != "UNAVAILABLE" or number == attempts or clock() + wait >= deadline:
                raise
            sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE)
    raise ValueError(f"attempts should be at least 1. Received: attempts={attempts}")
