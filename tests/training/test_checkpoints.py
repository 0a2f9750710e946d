"""Whole or not at all; torn files are passed over."""

import logging
import os

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.training.checkpoints import Checkpoints


def variables(value):
    return [tf.Variable([value, 2.0]), tf.Variable(7), tf.Variable([[value]] * 3)]


def test_what_was_saved_comes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path / "new")
    assert checkpoints.restore(variables(0.0)) is None
    checkpoints.save(3, variables(1.5), {"step": 3, "best": None})
    fresh = variables(0.0)
    assert checkpoints.restore(fresh) == {"step": 3, "best": None}
    assert [v.numpy().tolist() for v in fresh] == [v.numpy().tolist() for v in variables(1.5)]
    assert os.listdir(tmp_path / "new") == ["step_00000003.npz"]


def test_the_last_ones_stay(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=2)
    for step in (9, 10, 1, 100_000_000):
        checkpoints.save(step, variables(float(step)), {"step": step})
    assert [p.name for p in checkpoints.paths()] == ["step_100000000.npz", "step_00000010.npz"]
    with pytest.raises(ValueError, match="at least 1"):
        Checkpoints(tmp_path, keep=0)


@pytest.mark.parametrize("damage", ["empty", "half", "one byte less", "a byte changed", "text"])
def test_a_torn_file_is_passed_over_with_a_warning(tmp_path, caplog, damage):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, variables(1.0), {"step": 1})
    checkpoints.save(2, variables(2.0), {"step": 2})
    path = checkpoints.path(2)
    whole = path.read_bytes()
    at = whole.index(np.float32(2).tobytes() * 2)
    torn = {
        "empty": b"",
        "half": whole[: len(whole) // 2],
        "one byte less": whole[:-1],
        "a byte changed": whole[:at] + b"\1" + whole[at + 1 :],
        "text": b"no archive",
    }[damage]
    path.write_bytes(torn)
    fresh = variables(0.0)
    with caplog.at_level(logging.WARNING):
        assert checkpoints.restore(fresh) == {"step": 1}
    assert fresh[0].numpy()[0] == 1
    assert "step_00000002.npz is damaged and skipped" in caplog.text


def test_another_networks_checkpoint_is_an_error_that_changes_nothing(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, variables(1.0), {})
    other = [tf.Variable([5.0, 5.0]), tf.Variable(5), tf.Variable([5.0], name="last")]
    with pytest.raises(ValueError, match=r"variable 2 is \(\(3, 1\), 'float32'\); this run's last"):
        checkpoints.restore(other)
    assert other[0].numpy().tolist() == [5, 5]
    with pytest.raises(ValueError, match="has 3 variables, this run 2"):
        checkpoints.restore(other[:2])


def test_pickles_are_not_read(tmp_path, caplog):
    np.savez(tmp_path / "step_00000001.npz", **{"00000": np.array([object()])})
    assert Checkpoints(tmp_path).restore(variables(0.0)) is None
    assert "damaged" in caplog.text
