"""TensorFlow's V1 checkpoints, beside TensorFlow's own writer and reader."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.files import protocol_buffers
from keras_i3d.files.hashes import masked_crc
from keras_i3d.weights import tf_checkpoint, tf_checkpoint_v1
from keras_i3d.weights.tf_checkpoint import index_and_data, write_checkpoint
from keras_i3d.weights.tf_checkpoint_v1 import read_checkpoint_v1

tf = pytest.importorskip("tensorflow")
pb = pytest.importorskip("tensorflow.core.util.saved_tensor_slice_pb2")

BLOCK_BYTES = 1 << 18  # TensorFlow closes a block that has grown to this size
DAMAGED = r"c: not a whole TensorFlow checkpoint \(V1\): "


def some_arrays():
    """Every type that is read, extreme integers, a scalar, no element at all, odd shapes."""
    rng = np.random.default_rng(0)
    return {
        "InceptionV1/Conv2d_1a_7x7/weights": rng.normal(size=(7, 7, 3, 2)).astype(np.float32),
        "InceptionV1/Conv2d_1a_7x7/BatchNorm/beta": rng.normal(size=2).astype(np.float32),
        "a_scalar": np.float32(-0.0),
        "doubles": rng.normal(size=(2, 1, 3)),
        "empty": np.zeros((0, 3), np.float32),
        "global_step": np.int64(1 << 40),
        "int32": np.array([[-1, 5], [2**31 - 1, -(2**31)]], np.int32),
        "int64": np.array([-(2**63), 2**63 - 1, 0, -1]),
        "not a number": np.array([np.nan, np.inf], np.float32),
    }


def by_tensorflow(path, arrays):
    tf.raw_ops.Save(
        filename=str(path), tensor_names=list(arrays), data=[tf.constant(arrays[n]) for n in arrays]
    )


def by_hand(path, contents, records):
    """A file of one block from the list of tensors and the records, as protos or their bytes."""
    values = [v if isinstance(v, bytes) else v.SerializeToString() for v in (contents, *records)]
    keys = [b"" if n == 0 else b"\0%06d" % n for n in range(len(values))]
    path.write_bytes(tf_checkpoint.table_bytes(list(zip(keys, values, strict=True))))


def protos(name, array, **values):
    """The list that has this one tensor only, and its record with these fields of a TensorProto."""
    contents, record = pb.SavedTensorSlices(), pb.SavedTensorSlices()
    tensor = contents.meta.tensor.add(name=name, type=tf.as_dtype(array.dtype).as_datatype_enum)
    tensor.slice.add()
    for length in array.shape:
        tensor.shape.dim.add(size=length)
        tensor.slice[0].extent.add()
    record.data.name = name
    record.data.data.SetInParent()
    for field, value in values.items():
        if isinstance(value, bytes):
            setattr(record.data.data, field, value)
        else:
            getattr(record.data.data, field).extend(value)
    return contents, record


def blocks(path):
    """[(offset, size)] of a table's data blocks."""
    table = path.read_bytes()
    numbers, position = [], len(table) - tf_checkpoint.FOOTER_BYTES
    for _ in range(4):
        number, position = protocol_buffers.varint(table, position)
        numbers.append(number)
    found = []
    for _, handle in tf_checkpoint.block_items(table, *numbers[2:]):
        offset, position = protocol_buffers.varint(handle, 0)
        found.append((offset, protocol_buffers.varint(handle, position)[0]))
    return found


def assert_same(came, wanted):
    assert set(came) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(came[name], array)
        assert (came[name].dtype, came[name].shape) == (array.dtype, array.shape)


def test_what_tensorflow_writes_is_read(tmp_path):
    by_tensorflow(tmp_path / "c", some_arrays())
    assert not (tmp_path / "c.index").exists()  # it is V1 that TensorFlow wrote
    came = read_checkpoint_v1(tmp_path / "c")
    assert_same(came, some_arrays())
    reader = tf.train.load_checkpoint(str(tmp_path / "c"))
    assert set(reader.get_variable_to_shape_map()) == set(came)
    for name, array in came.items():
        np.testing.assert_array_equal(reader.get_tensor(name), array)


def test_several_blocks_are_read(tmp_path):
    """Small tensors that fill a block, and one that is larger than a block by itself."""
    rng = np.random.default_rng(0)
    arrays = {f"Mixed_{i}/weights": rng.normal(size=(9, 999)).astype("f4") for i in range(20)}
    arrays["Mixed_99/weights"] = rng.normal(size=BLOCK_BYTES // 4 + 1).astype("f4")
    by_tensorflow(tmp_path / "c", arrays | some_arrays())
    assert len(blocks(tmp_path / "c")) > 3
    assert_same(read_checkpoint_v1(tmp_path / "c"), arrays | some_arrays())


def test_only_what_is_wanted_is_read(tmp_path):
    """A tensor that cannot be read does no harm when nobody wants it."""
    by_tensorflow(tmp_path / "c", {"w": np.ones(2, "f4"), "text": np.array(b"hello")})
    assert list(read_checkpoint_v1(tmp_path / "c", lambda name: name == "w")) == ["w"]
    with pytest.raises(
        ValueError, match=f"{DAMAGED}text should be float or integer. Received: type 7"
    ):
        read_checkpoint_v1(tmp_path / "c")


def test_slices_are_refused_unless_they_are_the_whole(tmp_path):
    def save(name, *slices):
        tf.raw_ops.SaveSlices(
            filename=str(tmp_path / name),
            tensor_names=["w"] * len(slices),
            shapes_and_slices=list(slices),
            data=[tf.ones((2, 2))] * len(slices),
        )

    save("halves", "2 4 -:0,2", "2 4 -:2,2")
    save("half", "2 4 -:0,2")
    save("whole", "2 2 -:0,2")
    for name in ("halves", "half"):
        with pytest.raises(
            ValueError, match=f"{name}: .* w should be a whole tensor. Received: slices"
        ):
            read_checkpoint_v1(tmp_path / name)
    np.testing.assert_array_equal(read_checkpoint_v1(tmp_path / "whole")["w"], np.ones((2, 2)))


@pytest.mark.parametrize(
    ("array", "field"),
    [
        (np.array([[1.5, -2.0]], np.float32), "float_val"),
        (np.array([[1.5, -2.0]]), "double_val"),
        (np.array([7, -7], np.int32), "int_val"),
        (np.array([7, -7]), "int64_val"),
    ],
)
def test_values_are_read_from_their_field_and_from_tensor_content(tmp_path, array, field):
    for values in ({field: array.ravel().tolist()}, {"tensor_content": array.tobytes()}):
        contents, record = protos("w", array, **values)
        by_hand(tmp_path / "c", contents, [record])
        assert_same(read_checkpoint_v1(tmp_path / "c"), {"w": array})


def test_no_damage_goes_unseen(tmp_path):
    """Any flipped bit is an error, or leaves what is read as it was (padding)."""
    path = tmp_path / "c"
    by_tensorflow(path, some_arrays())
    whole = path.read_bytes()
    chance = random.Random(0)
    errors = 0
    for place in [*range(300), *range(len(whole) - 300, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert_same(read_checkpoint_v1(path), some_arrays())
        except ValueError as error:
            assert str(path) in str(error)
            errors += 1
    assert errors > 500


def test_every_truncation_is_named(tmp_path):
    path = tmp_path / "c"
    by_tensorflow(path, some_arrays())
    whole = path.read_bytes()
    footer = whole[-tf_checkpoint.FOOTER_BYTES :]
    for length in range(0, len(whole) - len(footer), 97):
        for content in (whole[:length], whole[:length] + footer):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=DAMAGED):
                read_checkpoint_v1(path)


def test_a_compressed_block_is_refused(tmp_path):
    path = tmp_path / "c"
    by_tensorflow(path, {"w": np.ones(3, "f4")})
    table = bytearray(path.read_bytes())
    ((offset, size),) = blocks(path)
    table[offset + size] = 1  # snappy, with its CRC32C put right
    crc = masked_crc(bytes(table[offset : offset + size + 1]))
    struct.pack_into("<I", table, offset + size + 1, crc)
    path.write_bytes(table)
    with pytest.raises(ValueError, match=f"{DAMAGED}block compression 1 is not supported"):
        read_checkpoint_v1(path)


def test_a_checkpoint_of_the_second_version_is_refused(tmp_path):
    write_checkpoint(tmp_path / "v2", {"w": np.ones(3)})
    for path in index_and_data(tmp_path / "v2"):
        with pytest.raises(ValueError, match=f"{path.name}: "):
            read_checkpoint_v1(path)
    with pytest.raises(FileNotFoundError):
        read_checkpoint_v1(tmp_path / "v2")


@pytest.mark.parametrize(
    ("shape", "dtype", "values", "wanted"),
    [
        ((3,), "f4", {"float_val": [1.0, 2.0]}, "has 8 bytes, which is not its shape"),
        ((2,), "i4", {"int_val": [1, 2, 3]}, "does not have the 2 integers of its shape"),
        ((4,), "i8", {"int64_val": [1, 300]}, "has 3 bytes for 4 integers"),
        ((2,), "i8", {"tensor_content": b"12345678"}, "has 8 bytes, which is not its shape"),
        ((2,), "f4", {}, "has 0 bytes, which is not its shape"),
    ],
)
def test_a_tensor_that_is_not_its_shape_is_named(tmp_path, shape, dtype, values, wanted):
    contents, record = protos("w", np.zeros(shape, dtype), **values)
    by_hand(tmp_path / "c", contents, [record])
    with pytest.raises(ValueError, match=f"{DAMAGED}w {wanted}"):
        read_checkpoint_v1(tmp_path / "c")


def test_the_list_and_the_records_must_agree(tmp_path):
    contents, record = protos("w", np.zeros(1, "f4"), float_val=[0.0])
    _, other = protos("v", np.zeros(1, "f4"), float_val=[0.0])
    for records, wanted in (
        ([b""], "w is in the list of tensors but has no data"),
        ([record, other], "v is not in the list of tensors, or comes twice"),
        ([record, record], "w is not in the list of tensors, or comes twice"),
    ):
        by_hand(tmp_path / "c", contents, records)
        with pytest.raises(ValueError, match=f"{DAMAGED}{wanted}"):
            read_checkpoint_v1(tmp_path / "c")


@pytest.mark.parametrize("sizes", [(2**40, 2**40), (0, 2**63 - 1), (0, -1), (-1, -1), (0,) * 100])
def test_a_shape_that_no_array_has_is_refused(tmp_path, sizes):
    contents, record = protos("w", np.zeros(()))
    for size in sizes:
        contents.meta.tensor[0].shape.dim.add(size=size)
        contents.meta.tensor[0].slice[0].extent.add()
    by_hand(tmp_path / "c", contents, [record])
    with pytest.raises(ValueError, match=DAMAGED):
        read_checkpoint_v1(tmp_path / "c")


def test_limits_stop_a_hostile_file(tmp_path, monkeypatch):
    contents, record = protos("w", np.zeros(1, "f4"), float_val=[0.0])
    pairs = [(b"", contents.SerializeToString()), (b"w" * 9000, record.SerializeToString())]
    (tmp_path / "c").write_bytes(tf_checkpoint.table_bytes(pairs))
    with pytest.raises(ValueError, match=f"{DAMAGED}a key has 9000 bytes"):
        read_checkpoint_v1(tmp_path / "c")
    for limit, wanted in (("MAX_TENSORS", "lists 1 tensors"), ("MAX_NAME_BYTES", "has 1 bytes")):
        with monkeypatch.context() as patch:
            patch.setattr(tf_checkpoint_v1, limit, 0)
            by_hand(tmp_path / "c", contents, [record])
            with pytest.raises(ValueError, match=wanted):
                read_checkpoint_v1(tmp_path / "c")
    monkeypatch.setattr(tf_checkpoint_v1, "MAX_BYTES", 10)
    with pytest.raises(ValueError, match="c: more than 10 bytes"):
        read_checkpoint_v1(tmp_path / "c")


def test_blocks_may_not_overlap(tmp_path):
    """An index of a hundred entries, all for the same block."""
    path = tmp_path / "c"
    contents, record = protos("w", np.zeros(99, "f4"), float_val=[0.0] * 99)
    by_hand(path, contents, [record])
    table = path.read_bytes()
    ((offset, size),) = blocks(path)
    handle = protocol_buffers.to_varint(offset) + protocol_buffers.to_varint(size)
    index = b"".join(b"\0\1" + bytes([len(handle)]) + b"k" + handle for _ in range(100))
    index += struct.pack("<II", 0, 1) + b"\0"
    place = protocol_buffers.to_varint(len(table)) + protocol_buffers.to_varint(len(index) - 1)
    footer = (b"\0\0" + place).ljust(40, b"\0") + struct.pack("<Q", tf_checkpoint.TABLE_MAGIC)
    path.write_bytes(table + index + struct.pack("<I", masked_crc(index)) + footer)
    assert len(blocks(path)) == 100
    with pytest.raises(ValueError, match="its blocks overlap"):
        list(tf_checkpoint.table_items(path.read_bytes()))
    with pytest.raises(ValueError, match=DAMAGED):
        read_checkpoint_v1(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_value_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "x.ckpt"
    path.write_bytes(content + tf_checkpoint.TABLE_MAGIC.to_bytes(8, "little"))
    with pytest.raises(ValueError, match="x.ckpt"):
        read_checkpoint_v1(path)


PROTOS = [p.SerializeToString() for p in protos("w", np.zeros(2, "i4"), int_val=[3, 400])]


@given(st.sampled_from([0, 1]), st.integers(0, 40), st.integers(0, 6), st.binary(max_size=6))
def test_any_protos_in_a_sound_table_are_a_value_error(tmp_path_factory, which, start, cut, put):
    """CRCs keep chance away from the protos; a forger can have any bytes in them."""
    forged = list(PROTOS)
    forged[which] = forged[which][:start] + put + forged[which][start + cut :]
    path = tmp_path_factory.mktemp("any") / "c"
    by_hand(path, forged[0], forged[1:])
    try:
        came = read_checkpoint_v1(path)
    except ValueError as error:
        assert "c: not a whole TensorFlow checkpoint (V1): " in str(error)
    else:
        assert all(isinstance(array, np.ndarray) for array in came.values())
