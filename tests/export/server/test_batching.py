"""What goes together, what is dropped, and that everybody gets what is theirs."""

import threading
import time

import numpy as np
import pytest

from keras_i3d.export.server.batching import Batcher
from keras_i3d.export.server.refusal import Refusal


def soon(seconds=60.0):
    return time.monotonic() + seconds


class Runs:
    """A network that doubles, and remembers how many clips came at once."""

    def __init__(self, slow=0.0):
        self.sizes, self._slow = [], slow

    def __call__(self, inputs):
        self.sizes.append(len(inputs["x"]))
        time.sleep(self._slow)
        if (inputs["x"] < 0).any():
            raise Refusal("INVALID_ARGUMENT", "negative")
        return {"y": 2 * inputs["x"]}


def busy(batcher, gate):
    """Keep the batcher's thread until the gate is opened."""
    taken_up = threading.Event()

    def hold(_):
        taken_up.set()
        return gate.wait(60) and {}

    item = batcher.submit(hold, {}, None, 0, 0, soon())
    assert taken_up.wait(60)
    return item


def clip(*values):
    return {"x": np.array(values)}


@pytest.fixture
def batcher():
    made = Batcher(most_frames=100, window=0.01, queue=8)
    yield made
    made.close()


def test_requests_of_one_shape_go_together_and_each_gets_its_own(batcher):
    run, gate = Runs(), threading.Event()
    busy(batcher, gate)
    items = [batcher.submit(run, clip(n, n + 0.5), "a", 2, 20, soon()) for n in range(4)]
    other = batcher.submit(run, clip(100.0), "b", 1, 20, soon())
    gate.set()
    for n, item in enumerate(items):
        assert item.wait()["y"].tolist() == [2 * n, 2 * n + 1]
    assert other.wait()["y"].tolist() == [200]
    assert run.sizes == [8, 1]


def test_a_batch_has_an_end(batcher):
    run, gate = Runs(), threading.Event()
    busy(batcher, gate)
    items = [batcher.submit(run, clip(n), "a", 1, 40, soon()) for n in range(5)]
    gate.set()
    assert [item.wait()["y"].tolist() for item in items] == [[2 * n] for n in range(5)]
    assert run.sizes == [2, 2, 1]  # 100 frames hold two of 40


def test_one_wrong_request_harms_no_other(batcher):
    run, gate = Runs(), threading.Event()
    busy(batcher, gate)
    items = [batcher.submit(run, clip(n), "a", 1, 1, soon()) for n in (1, -1, 3)]
    gate.set()
    assert items[0].wait()["y"].tolist() == [2]
    with pytest.raises(Refusal, match="negative"):
        items[1].wait()
    assert items[2].wait()["y"].tolist() == [6]


def test_outputs_that_are_not_of_the_clips_are_not_divided(batcher):
    gate = threading.Event()
    busy(batcher, gate)
    calls = []

    def total(inputs):
        calls.append(len(inputs["x"]))
        return {"sum": inputs["x"].sum()}

    items = [batcher.submit(total, clip(n), "a", 1, 1, soon()) for n in (3, 4)]
    gate.set()
    assert [int(item.wait()["sum"]) for item in items] == [3, 4]


def test_the_dead_are_dropped_and_hold_no_place(batcher):
    run, gate = Runs(), threading.Event()
    busy(batcher, gate)
    gone = [batcher.submit(run, clip(n), "a", 1, 1, soon()) for n in range(8)]
    with pytest.raises(Refusal, match="8 requests of 0 MB are waiting"):
        batcher.submit(run, clip(1), "a", 1, 1, soon())
    for item in gone[:-1]:
        item.cancel()
    late = batcher.submit(run, clip(50), "a", 1, 1, soon(0.01))
    time.sleep(0.05)
    gate.set()
    assert gone[-1].wait()["y"].tolist() == [14]
    with pytest.raises(Refusal) as caught:
        late.wait()
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert run.sizes == [1]


def test_memory_is_bounded_too():
    batcher, gate = Batcher(queue_bytes=1000), threading.Event()
    busy(batcher, gate)
    large = {"x": np.zeros(100)}  # 800 bytes
    first = batcher.submit(Runs(), large, "a", 100, 1, soon())
    with pytest.raises(Refusal, match="try again later"):
        batcher.submit(Runs(), large, "a", 100, 1, soon())
    gate.set()
    assert len(first.wait()["y"]) == 100
    batcher.close()


def test_what_waits_is_answered_before_the_end():
    batcher, gate, run = Batcher(), threading.Event(), Runs()
    busy(batcher, gate)
    items = [batcher.submit(run, clip(n), "a", 1, 1, soon()) for n in range(3)]
    threading.Timer(0.1, gate.set).start()
    batcher.close()
    assert [item.wait()["y"].tolist() for item in items] == [[0], [2], [4]]
    with pytest.raises(Refusal, match="stopping"):
        batcher.submit(run, clip(1), "a", 1, 1, soon())


def test_a_client_that_has_left_is_not_waited_for(batcher):
    gate = threading.Event()
    busy(batcher, gate)
    item = batcher.submit(Runs(), clip(1), "a", 1, 1, soon())
    with pytest.raises(Refusal) as caught:
        item.wait(lambda: True, every=0.01)
    gate.set()
    assert caught.value.code == "CANCELLED"
