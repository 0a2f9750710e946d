"""Weights files made by strangers: what they claim and do not have is refused before it is read."""

import io
import json
import os
import re
import tarfile
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from keras_i3d.models.i3d import HEAD, build_i3d
from keras_i3d.weights import tf_checkpoint
from keras_i3d.weights.formats import FOREIGN, INCEPTION_V1_FILES, read_weights
from keras_i3d.weights.keras_files import load_keras
from keras_i3d.weights.tf_checkpoint import index_and_data, read_index, write_checkpoint
from keras_i3d.weights.tf_checkpoint_v1 import read_checkpoint_v1

FORMATS = {**FOREIGN, "inception_v1": INCEPTION_V1_FILES}


def complaint(path, kind):
    """What reading the file ends with."""
    with pytest.raises(ValueError) as caught:
        read_weights(
            path, lambda classes: build_i3d(classes=max(classes, 1)), (HEAD,), FORMATS[kind]
        )
    return str(caught.value)


@pytest.fixture
def refused(aside):
    """The file is refused in a few words, and takes hardly any memory."""

    def refuse(path, message, kind="i3d"):
        said = aside.below(300, complaint, path, kind)
        assert re.search(message, said), said
        assert len(said) < 1500

    return refuse


# === HDF5 ===


def test_a_head_of_a_million_classes_without_data(refused, shared):
    refused(shared / "failing" / "bomb.weights.h5", "0 are stored")


SHAPE = (1, 1, 1, 1024, 60_000)
CHUNK = (1, 1, 1, 1024, 1000)


def packed(group, folder):
    group.create_dataset("0", data=np.zeros(SHAPE, "f4"), chunks=CHUNK, compression="gzip")


def sparse(group, folder):
    # Contiguous and allocated, so HDF5 calls it stored; the file is a hole.
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    options.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    options.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple(SHAPE)
    h5py.h5d.create(group.id, b"0", h5py.h5t.IEEE_F32LE, space, options)


def external_storage(group, folder):
    (folder / "secret").write_bytes(bytes(4096))
    external = [(str(folder / "secret"), 0, h5py.h5f.UNLIMITED)]
    group.create_dataset("0", (1, 1, 1, 1024, 1), "f4", external=external)


def external_link(group, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["secret"] = np.zeros((1, 1, 1, 1024, 1), "f4")
    group["0"] = h5py.ExternalLink(str(folder / "other.h5"), "secret")


def soft_link(group, folder):
    group["0"] = h5py.SoftLink("/secret")


def virtual(group, folder):
    layout = h5py.VirtualLayout((1, 1, 1, 1024, 1), "f4")
    layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "secret", (1, 1, 1, 1024, 1))
    group.create_virtual_dataset("0", layout)


def words(group, folder):
    group.create_dataset("0", data=["x" * 100], dtype=h5py.string_dtype())


@pytest.mark.parametrize("ending", ["weights.h5", "h5"])
@pytest.mark.parametrize(
    "make, message",
    [
        (packed, "claims 245760000 bytes"),
        (sparse, "claims 245760000 bytes"),
        (external_storage, "another file"),
        (external_link, "is a link"),
        (soft_link, "is a link"),
        (virtual, "another file"),
        (words, "should be numbers"),
    ],
)
def test_hdf5_that_is_not_in_the_file(refused, tmp_path, make, message, ending):
    path = tmp_path / f"x.{ending}"
    with h5py.File(path, "w") as file:
        make(file.create_group("layers/conv3d/vars"), tmp_path)
    refused(path, message)


def test_more_classes_than_anybody_has(refused, tmp_path):
    path = tmp_path / "x.weights.h5"
    with h5py.File(path, "w") as file:
        data = np.ones((1, 1, 1, 1024, 70_000), "f4")
        file.create_dataset("layers/conv3d/vars/0", data=data)
    del data
    refused(path, "at most 65536 classes. Received: 70000")


# === .keras and .pth ===


@pytest.fixture
def small(tmp_path):
    """A small network in a .keras file."""
    clip = keras.Input((8,))
    keras.Model(clip, layers.Dense(4, name="d")(clip)).save(tmp_path / "small.keras")
    return tmp_path / "small.keras"


def changed(path, name, content, compression=zipfile.ZIP_STORED):
    """The file with one member replaced."""
    other = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", compression) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
        if name not in old.namelist():
            new.writestr(name, content)
    return other


def test_an_archive_that_unpacks_to_a_thousand_times_its_size(refused, small):
    path = changed(small, "model.weights.h5", bytes(200 << 20), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    refused(path, "it claims 2097")


def test_a_description_of_millions_of_lists(refused, small):
    """Keras would look at each of them, for 20 s."""
    lists = b'{"config": [' + b"[]," * (5 << 20) + b"[]]}"
    path = changed(small, "config.json", lists)
    refused(path, "config.json has 157286.* at most 4194304 are read")


def test_a_small_file_that_asks_for_a_large_network(refused, small):
    config = json.loads(zipfile.ZipFile(small).read("config.json"))
    config["config"]["layers"][1]["config"]["units"] = 500_000_000
    path = changed(small, "config.json", json.dumps(config))
    refused(path, "it claims 18000000000 bytes")
    # What was built to see that is forgotten: the next network gets values for itself alone.
    assert load_keras(small).get_layer("d").kernel.shape == (8, 4)
    with keras.StatelessScope() as scope:
        assert len(scope.state_mapping) == 0


def test_a_network_whose_weights_lie_elsewhere(refused, small, tmp_path):
    content = io.BytesIO(zipfile.ZipFile(small).read("model.weights.h5"))
    with h5py.File(content, "a") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink("/etc/passwd", "secret")
    refused(changed(small, "model.weights.h5", content.getvalue()), "is a link")


def test_a_tensor_of_pytorch_that_is_one_value_repeated(refused, tmp_path):
    torch = pytest.importorskip("torch")
    one = torch.zeros(1).expand(1 << 20, 1 << 10)
    torch.save({"logits.conv3d.weight": one}, tmp_path / "x.pth")
    refused(tmp_path / "x.pth", "reaches beyond its storage")
    shared = torch.zeros(1 << 22)
    torch.save({f"k{n}": shared for n in range(50)}, tmp_path / "x.pth")
    refused(tmp_path / "x.pth", "it claims 838860800 bytes")


@pytest.mark.parametrize(
    "pickled, message",
    [
        (b"\x80\x02}r" + (200 << 20).to_bytes(4, "little") + b".", "numbers an object 209715200"),
        (b"(dp209715200\n.", "numbers an object 209715200"),
        (b"\x80\x02(" + b"]" * (8 << 20) + b"l.", "more than 4194304 steps"),
    ],
    ids=["memo", "old memo", "lists"],
)
@pytest.mark.parametrize("ending", ["pth", "pkl"])
def test_a_pickle_of_a_few_bytes_that_takes_gigabytes(refused, tmp_path, pickled, message, ending):
    path = tmp_path / f"x.{ending}"
    if ending == "pkl":
        path.write_bytes(pickled)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickled)
    refused(path, message, "i3d_r50")


# === TensorFlow's ===


def test_names_that_unfold(refused, shared):
    refused(shared / "failing" / "prefix", "a key has 200010 bytes; at most 4096")


def many_names(path, length, count):
    """An index whose names are `length` bytes, each a few bytes from the last."""
    write_checkpoint(path, {"x" * length + str(n): np.zeros(1) for n in range(count)})
    return index_and_data(path)[0]


def test_many_names_that_unfold(tmp_path, monkeypatch):
    assert len(read_index(many_names(tmp_path / "some", 60, 400))) == 400
    monkeypatch.setattr(tf_checkpoint, "RESTART_INTERVAL", 1 << 20)
    index = many_names(tmp_path / "many", 4000, 2000)
    with pytest.raises(ValueError, match="keys unfold to") as caught:
        read_index(index)
    assert len(str(caught.value)) < 500


def test_a_data_file_that_is_a_hole(refused, tmp_path):
    write_checkpoint(tmp_path / "x", {"a/w": np.zeros(10 << 20, "f4")})
    data = index_and_data(tmp_path / "x")[1]
    data.write_bytes(b"x")
    os.truncate(data, 40 << 20)
    refused(tmp_path / "x", "it claims 41943040 bytes")


def test_one_place_read_a_thousand_times(refused, tmp_path):
    """Tensors that overlap: a small file of many names."""
    names = {f"n{n:03}/w": np.zeros(1 << 17) for n in range(100)}
    write_checkpoint(tmp_path / "x", names)
    index, data = index_and_data(tmp_path / "x")
    data.write_bytes(bytes(1 << 19))
    refused(tmp_path / "x", "it claims 52428800 bytes and stores 524288")


def test_an_old_checkpoint_that_is_a_hole(tmp_path):
    path = tmp_path / "x.ckpt"
    with path.open("wb") as file:
        file.write(b"x")
        file.truncate(200 << 20)
    with pytest.raises(ValueError, match="it claims 209715200 bytes"):
        read_checkpoint_v1(path)


def test_an_archive_with_a_gigabyte_before_the_checkpoint(refused, tmp_path):
    path = tmp_path / "x.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, size in (("zeros", 210 << 20), ("inception_v1.ckpt", 10)):
            member = tarfile.TarInfo(name)
            member.size = size
            archive.addfile(member, io.BytesIO(bytes(size)))
    refused(path, "has no inception_v1.ckpt of at most", "inception_v1")
