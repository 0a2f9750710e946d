"""Files appear whole or not at all; a scheme that is not there says what to install."""

import os

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


def test_a_file_that_is_not_finished_has_no_name(tmp_path):
    path = str(tmp_path / "x")
    with pytest.raises(KeyError), storage.building(path, str(tmp_path)) as file:
        file.write(b"half")
        raise KeyError
    assert os.listdir(tmp_path) == []
    with storage.building(path, str(tmp_path)) as file:
        file.write(b"whole")
        assert not storage.exists(path)
    assert storage.read(path) == b"whole"
    assert storage.names(str(tmp_path)) == ["x"]


def test_a_folder_of_work_on_another_file_system(tmp_path, monkeypatch):
    replace, path = os.replace, str(tmp_path / "x")

    def across(source, target):
        if os.path.dirname(source) != os.path.dirname(target):
            raise OSError(18, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(os, "replace", across)
    (tmp_path / "work").mkdir()
    with storage.building(path, str(tmp_path / "work")) as file:
        file.write(b"whole")
    assert storage.read(path) == b"whole"
    assert sorted(os.listdir(tmp_path)) == ["work", "x"]
    assert os.listdir(tmp_path / "work") == []


def test_remove(tmp_path):
    storage.make_folder(str(tmp_path / "a" / "b"))
    storage.write(str(tmp_path / "a" / "x"), b"")
    storage.remove(str(tmp_path / "a"))
    storage.remove(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []


def test_remote_files_through_tensorflow(tmp_path):
    """TensorFlow's own ram:// stands for any file system that is not the machine's."""
    folder = "ram://folder"
    storage.make_folder(folder)
    storage.write(f"{folder}/x", b"one", b"two")
    assert storage.read(f"{folder}/x") == b"onetwo"
    assert (storage.exists(f"{folder}/x"), storage.exists(f"{folder}/y")) == (True, False)
    assert storage.size(f"{folder}/x") == 6
    with storage.building(f"{folder}/y", str(tmp_path)) as file:
        file.write(b"three")
    assert sorted(storage.names(folder)) == ["x", "y"]
    with storage.reading(f"{folder}/y") as file:
        assert file.read() == b"three"
    storage.remove(f"{folder}/y")
    assert storage.names(folder) == ["x"]
    with pytest.raises(OSError, match="ram://folder/z"):
        storage.read(f"{folder}/z")


def test_an_unknown_scheme_says_so():
    with pytest.raises(ImportError, match=r"cannot open nosuch://; pip install 'keras-i3d\[io\]'"):
        storage.read("nosuch://bucket/x")
