"""Results out of another process, one after another, and what ends it."""

import os
import signal
import time

import pytest

from keras_i3d.files.producers import Producer, ProducerError


def counted(item):
    for number in range(item):
        yield number, os.getpid()


def troublesome(item):
    yield "first"
    if item == "raise":
        raise ValueError("two\nlines")
    if item == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "hang":
        time.sleep(1000)
    if item == "memory":
        bytearray(2000 << 20)
    yield "last"


def test_one_process_for_many_items():
    with Producer(counted) as producer:
        results = [list(producer.results(count)) for count in (3, 0, 2)]
    assert [[number for number, _ in one] for one in results] == [[0, 1, 2], [], [0, 1]]
    (process,) = {process for one in results for _, process in one}
    assert process != os.getpid()


@pytest.mark.parametrize(
    ("item", "cause"),
    [
        ("raise", "ValueError: two lines"),
        ("die", r"its process died \(SIGKILL\)"),
        ("hang", "gave no answer for 1 s"),
        ("memory", "needs more than 900 MB of memory"),
    ],
)
def test_trouble_costs_one_item(item, cause):
    with Producer(troublesome, seconds=1, megabytes=900) as producer:
        results = producer.results(item)
        assert next(results) == "first"
        with pytest.raises(ProducerError, match=cause):
            next(results)
        assert list(producer.results("fine")) == ["first", "last"]


def test_given_up_half_way():
    with Producer(counted) as producer:
        results = producer.results(10**9)
        assert next(results)[0] == 0
        results.close()
        assert [number for number, _ in producer.results(2)] == [0, 1]
