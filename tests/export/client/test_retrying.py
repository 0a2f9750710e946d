"""Who is asked again, how often and when."""

import pytest

from keras_i3d.export.client.answer import ServingError
from keras_i3d.export.client.retrying import patiently


class Clock:
    def __init__(self):
        self.now, self.pauses = 0.0, []

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def attempts(*codes):
    """A call that fails with these codes, one after the other, and then succeeds."""
    left = list(codes)

    def attempt(seconds):
        if left:
            raise ServingError(left.pop(0), "no", "here")
        return seconds

    return attempt


def run(attempt, timeout=60, number=4):
    clock = Clock()
    try:
        result = patiently(attempt, timeout, number, clock.sleep, lambda: clock.now)
    except ServingError as error:
        result = error.code
    return result, clock.pauses


def test_only_the_unavailable_is_asked_again_later_and_later():
    result, pauses = run(attempts(*["UNAVAILABLE"] * 3))
    for pause, usual in zip(pauses, (0.2, 0.4, 0.8), strict=True):
        assert 0.8 * usual <= pause <= 1.2 * usual
    assert result == pytest.approx(60 - sum(pauses))


@pytest.mark.parametrize(
    "code", ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "NOT_FOUND", "INTERNAL"]
)
def test_all_else_is_asked_once(code):
    assert run(attempts(code)) == (code, [])


def test_attempts_and_deadline_end_it():
    assert run(attempts(*["UNAVAILABLE"] * 9))[0] == "UNAVAILABLE"
    assert len(run(attempts(*["UNAVAILABLE"] * 9))[1]) == 3
    assert run(attempts("UNAVAILABLE"), timeout=0.1) == ("UNAVAILABLE", [])
    assert max(run(attempts(*["UNAVAILABLE"] * 99), 1000, 50)[1]) <= 12
