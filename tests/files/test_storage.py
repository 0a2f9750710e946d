"""Files here and elsewhere; they appear whole or not at all."""

import os
import sys

import pytest

from keras_i3d.files import storage


def test_paths():
    assert storage.is_remote("gs://bucket/x")
    assert not storage.is_remote("/a/b") and not storage.is_remote("a:b/c")
    assert storage.join("s3://bucket/x/", "y") == "s3://bucket/x/y"
    assert storage.join("a", "y") == os.path.join("a", "y")


def test_write_replaces_and_leaves_nothing_else(tmp_path):
    path = str(tmp_path / "x")
    storage.write(path, b"one")
    storage.write(path, b"two ", b"parts")
    assert storage.read(path) == b"two parts"
    assert storage.size(path) == 9
    assert storage.names(str(tmp_path)) == ["x"]


@pytest.mark.parametrize("folder", ["FOLDER", "memory://half"])
def test_a_file_that_is_not_finished_has_no_name(tmp_path, folder):
    path = storage.join(folder.replace("FOLDER", str(tmp_path)), "x")
    with pytest.raises(KeyError), storage.writing(path) as file:
        file.write(b"half")
        raise KeyError
    assert not storage.exists(path)
    assert os.listdir(tmp_path) == []
    with storage.writing(path) as file:
        file.write(b"whole")
        assert not storage.exists(path)
    assert storage.read(path) == b"whole"


def test_a_part_of_a_file(tmp_path):
    for path in (str(tmp_path / "x"), "memory://parts/x"):
        storage.write(path, b"abcdef")
        parts = [storage.read(path, 2), storage.read(path, 2, 4), storage.read(path, 4, 9)]
        assert parts == [b"cdef", b"cd", b"ef"]


def test_remove(tmp_path):
    storage.make_folder(str(tmp_path / "a" / "b"))
    storage.write(str(tmp_path / "a" / "x"), b"")
    storage.remove(str(tmp_path / "a"))
    storage.remove(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []


def test_remote_files():
    """fsspec's own memory:// stands for any file system that is not the machine's."""
    folder = "memory://folder"
    storage.make_folder(folder)
    storage.write(f"{folder}/x", b"one", b"two")
    assert storage.read(f"{folder}/x") == b"onetwo"
    assert (storage.exists(f"{folder}/x"), storage.exists(f"{folder}/y")) == (True, False)
    assert storage.size(f"{folder}/x") == 6
    with storage.writing(f"{folder}/y") as file:
        file.write(b"three")
    assert sorted(storage.names(folder)) == ["x", "y"]
    with storage.reading(f"{folder}/y") as file:
        assert file.read() == b"three"
    storage.remove(f"{folder}/y")
    storage.remove(f"{folder}/y")
    assert storage.names(folder) == ["x"]
    with pytest.raises(FileNotFoundError, match="memory://folder/z: no such file"):
        storage.read(f"{folder}/z")
    storage.remove(folder)
    assert not storage.exists(folder)


def test_a_scheme_that_is_not_there_says_what_to_install(monkeypatch):
    with pytest.raises(ImportError, match="nosuch://bucket/x: nosuch:// cannot be opened here"):
        storage.read("nosuch://bucket/x")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-i3d\[gs\]'"):
        storage.read("gs://bucket/x")
