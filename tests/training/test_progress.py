"""Reports of a run's progress."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.training import progress as progress_module
from keras_i3d.training.progress import History, Progress, clock


class Time:
    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr(progress_module.time, "monotonic", lambda: self.now)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_a_row(monkeypatch):
    time, stream = Time(monkeypatch), io.StringIO()
    progress = Progress(1000, batch_size=6, stream=stream)
    progress.begin(0)
    time.now += 20
    with progress.pause():  # a validation of an hour is no training
        time.now += 3600
    row = {"loss": 3.14159, "learning_rate": 0.1, "memory_gb": 4.14}
    progress.row(10, {**row, "clips_per_second": progress.speed(10)})
    time.now += 10
    progress.row(20, {"loss": 2.0, "clips_per_second": progress.speed(20)})
    progress.end()
    assert stream.getvalue().splitlines() == [
        "10/1000  loss 3.1416  lr 0.1  3 clips/s  4.1 GB  0:33:00 left",
        "20/1000  loss 2.0000  6 clips/s  0:24:30 left",
    ]


def test_a_run_that_goes_on_counts_its_own_steps(monkeypatch):
    time, stream = Time(monkeypatch), io.StringIO()
    progress = Progress(1000, 1, stream)
    progress.begin(900)
    time.now += 10
    progress.row(950, {"clips_per_second": progress.speed(950)})
    assert stream.getvalue() == "950/1000  5 clips/s  0:00:10 left\n"


def test_a_line_is_due_half_a_minute_after_the_last(monkeypatch):
    time = Time(monkeypatch)
    progress = Progress(1000, 1, io.StringIO())
    progress.begin(0)
    due = []
    for _ in range(7):
        time.now += 10
        due.append(progress.due())
        if due[-1]:
            progress.row(1, {"loss": 1.0})
    assert due == [False, False, True, False, False, True, False]


def test_a_bar_on_a_terminal():
    stream = Terminal()
    progress = Progress(10, 2, stream)
    progress.begin(4)
    for _ in range(3):
        progress.advance()
    progress.row(7, {"loss": 0.5})
    progress.row(7, {"loss": 0.5, "val_loss": 0.25})
    progress.end()
    assert "7/10" in stream.getvalue()
    assert "loss 0.5000  val_loss 0.2500" in stream.getvalue()


def test_clocks():
    assert [clock(s) for s in (0, 3725, 360000)] == ["0:00:00", "1:02:05", "100:00:00"]


def test_memory_is_the_most_that_was_ever_taken():
    """0.5e9 bytes are taken, written to and given back: the peak has grown by them, and stays.

    Whatever the process that started this one has taken itself.
    """
    held = np.ones(600_000_000, np.uint8)
    program = (
        "import numpy as np\n"
        "from keras_i3d.training.progress import memory_gb\n"
        "print(memory_gb())\n"
        "np.ones(500_000_000, np.uint8)\n"
        "print(memory_gb())\n"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    text = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)
    del held
    before, after = map(float, text.split())
    assert after - before == pytest.approx(0.5, abs=0.1)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_history_forgets_what_comes_after_the_step_it_goes_on_from(tmp_path):
    path = tmp_path / "history.csv"
    first = History(path)
    first.begin(0)
    for step in (2, 4, 6):
        first.row(step, {"loss": step / 2})
    with open(path, "a") as file:
        file.write("8,")  # torn
    second = History(path)
    second.begin(4)
    second.row(4, {"loss": 2.0})  # an epoch's end, seen to once more
    second.row(6, {"loss": 9.0, "val_loss": 1.5})
    second.row(8, {"loss": 7.0})
    assert rows(path) == [
        {"step": "2", "loss": "1.0", "val_loss": ""},
        {"step": "4", "loss": "2.0", "val_loss": ""},
        {"step": "6", "loss": "9.0", "val_loss": "1.5"},
        {"step": "8", "loss": "7.0", "val_loss": ""},
    ]


def test_tensorboard_reads_the_scalars(tmp_path):
    history = History(tmp_path / "history.csv", tmp_path / "tensorboard")
    history.begin(5)
    history.row(6, {"loss": 0.5, "val_loss": 0.25})
    history.end()
    (path,) = (tmp_path / "tensorboard").glob("events.out.tfevents.*")
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    assert events[0].file_version == "brain.Event:2"
    assert (events[1].step, events[1].session_log.status) == (6, tf.compat.v1.SessionLog.START)
    assert events[2].step == 6
    assert {v.tag: v.simple_value for v in events[2].summary.value} == {
        "loss": 0.5,
        "val_loss": 0.25,
    }
