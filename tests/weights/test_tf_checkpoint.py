"""TensorFlow's checkpoint format, beside TensorFlow's own reader and writer."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.files import protocol_buffers
from keras_i3d.files.hashes import git_blob, masked_crc
from keras_i3d.weights import tf_checkpoint
from keras_i3d.weights.tf_checkpoint import (
    index_and_data,
    read_checkpoint,
    read_index,
    write_checkpoint,
)

tf = pytest.importorskip("tensorflow")


def some_arrays(count=40):
    """Names that share beginnings, more than one restart interval, a scalar, odd shapes."""
    rng = np.random.default_rng(0)
    shapes = [(), (1,), (3, 1, 2), (2, 2, 2, 3, 4), (7, 5)]
    names = [f"Mixed_{i % 5}/Branch_{i % 3}/layer_{i}/w" for i in range(count)]
    return {
        name: rng.normal(size=shapes[i % len(shapes)]).astype(np.float32)
        for i, name in enumerate(names)
    }


def by_tensorflow(prefix, arrays):
    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(arrays[n]) for n in names],
    )


def test_what_is_written_is_what_tensorflow_writes(tmp_path):
    arrays = some_arrays()
    write_checkpoint(tmp_path / "ours", arrays)
    by_tensorflow(tmp_path / "theirs", arrays)
    for ours, theirs in zip(
        index_and_data(tmp_path / "ours"), index_and_data(tmp_path / "theirs"), strict=True
    ):
        assert ours.read_bytes() == theirs.read_bytes()


def test_tensorflow_reads_what_is_written(tmp_path):
    arrays = some_arrays()
    write_checkpoint(tmp_path / "ours", arrays)
    reader = tf.train.load_checkpoint(str(tmp_path / "ours"))
    assert set(reader.get_variable_to_shape_map()) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(reader.get_tensor(name), array)


def test_what_tensorflow_writes_is_read(tmp_path):
    arrays = some_arrays() | {"double": np.arange(3.0), "count": np.array([4, 5], np.int64)}
    by_tensorflow(tmp_path / "theirs", arrays)
    again = read_checkpoint(tmp_path / "theirs")
    assert set(again) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].dtype == array.dtype


def test_only_what_is_wanted_is_read(tmp_path):
    write_checkpoint(tmp_path / "c", {"w": np.ones(2), "w/Momentum": np.ones(2)})
    assert list(read_checkpoint(tmp_path / "c", lambda name: name == "w")) == ["w"]


def test_rebuilding_rgb_scratch_gives_deepminds_files(tmp_path, shared):
    arrays = read_checkpoint(shared / "checkpoints" / "rgb_scratch" / "model.ckpt")
    write_checkpoint(tmp_path / "again", arrays)
    index, data = index_and_data(tmp_path / "again")
    assert git_blob(index) == "84dd4518e982d9ca6ce1ff02e95fca2e8cbb1f73"
    assert git_blob(data) == "fa7df95674dbf3579e7fccd954e51e706b4734c1"


def test_every_published_index_is_read_as_the_table_of_tensors_has_it(shared):
    lines = (shared / "checkpoints" / "deepmind_tensors.tsv").read_text().splitlines()[1:]
    seen = 0
    for line in lines:
        name, key, dtype, shape, offset, size, crc = line.split("\t")
        entries = read_index(shared / "checkpoints" / name / "model.ckpt.index")
        entry = entries[key]
        assert (entry.dtype, entry.offset, entry.size) == (int(dtype), int(offset), int(size))
        assert entry.crc == int(crc, 16)
        assert "x".join(map(str, entry.shape)) == shape
        seen += 1
    assert seen == 4 * 230 + 346


def test_a_damaged_tensor_is_named(tmp_path):
    write_checkpoint(tmp_path / "c", {"a": np.zeros(4), "b": np.zeros(4)})
    data = index_and_data(tmp_path / "c")[1]
    content = bytearray(data.read_bytes())
    content[20] ^= 1
    data.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"c\.data-00000-of-00001: b is damaged: its CRC32C should be"
    ):
        read_checkpoint(tmp_path / "c")


def test_a_short_data_file_is_named(tmp_path):
    write_checkpoint(tmp_path / "c", {"a": np.zeros(4), "b": np.zeros(4)})
    data = index_and_data(tmp_path / "c")[1]
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(ValueError, match="ends inside b, which should have 16 bytes at 16"):
        read_checkpoint(tmp_path / "c")


def test_no_damage_to_an_index_goes_unseen(tmp_path):
    """Any flipped bit is an error, or leaves what is read as it was (padding)."""
    arrays = some_arrays(20)
    write_checkpoint(tmp_path / "c", arrays)
    index = index_and_data(tmp_path / "c")[0]
    whole = index.read_bytes()
    chance = random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        index.write_bytes(damaged)
        try:
            again = read_checkpoint(tmp_path / "c")
        except ValueError as error:
            assert str(index) in str(error) or "data-00000" in str(error)
            continue
        assert set(again) == set(arrays)
    for length in range(0, len(whole), 37):
        index.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"c\.index"):
            read_checkpoint(tmp_path / "c")


@given(st.binary(max_size=300))
def test_any_bytes_as_an_index_are_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "x.index"
    path.write_bytes(content + (tf_checkpoint.TABLE_MAGIC).to_bytes(8, "little"))
    with pytest.raises(ValueError, match="x.index"):
        read_index(path)


@given(st.integers(0, 2**64 - 1))
def test_numbers_come_back(value):
    content = protocol_buffers.to_varint(value)
    assert protocol_buffers.varint(content + b"\xff", 0) == (value, len(content))


def test_masked_crc_is_tensorflows(tmp_path):
    """A TFRecord's third field is the masked CRC32C of its length (tensorflow/core/lib/io)."""
    path = str(tmp_path / "r")
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(b"123456789")
    content = Path(path).read_bytes()
    assert int.from_bytes(content[-4:], "little") == masked_crc(b"123456789")
