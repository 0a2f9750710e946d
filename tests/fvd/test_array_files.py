"""Videos in .npy and .npz files: all of them, and never many at once."""

import os
import tracemalloc

import numpy as np
import pytest

from keras_i3d.fvd.array_files import stored_arrays
from keras_i3d.fvd.protocols import GOOGLE
from keras_i3d.fvd.side_inputs import side_inputs
from keras_i3d.fvd.sides import FVDError

VIDEOS = np.arange(3 * 2 * 4 * 5 * 3, dtype=np.float32).reshape(3, 2, 4, 5, 3)


def read(path):
    found = [pair for one in stored_arrays(str(path)) for pair in one.videos()]
    return [name.removeprefix(str(path)) for name, _ in found], [video for _, video in found]


@pytest.mark.parametrize("order", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_an_archive(tmp_path, order, save):
    path = tmp_path / "some.npz"
    save(path, a=order(VIDEOS), b=order(VIDEOS[1]).astype(">u2"), labels=np.arange(3))
    names, videos = read(path)
    assert names == ["/a[0]", "/a[1]", "/a[2]", "/b"]
    np.testing.assert_array_equal(videos, [*VIDEOS, VIDEOS[1]])
    assert [one.count for one in stored_arrays(str(path))] == [3, 1]


@pytest.mark.parametrize("order", [np.ascontiguousarray, np.asfortranarray])
def test_an_array_file(tmp_path, order):
    np.save(tmp_path / "many.npy", order(VIDEOS))
    names, videos = read(tmp_path / "many.npy")
    assert names == ["[0]", "[1]", "[2]"]
    np.testing.assert_array_equal(videos, VIDEOS)
    np.save(tmp_path / "one.npy", order(VIDEOS[0]))
    names, videos = read(tmp_path / "one.npy")
    assert names == [""]
    np.testing.assert_array_equal(videos, VIDEOS[:1])


def test_one_video_of_an_archive_is_held(tmp_path):
    np.savez_compressed(tmp_path / "many.npz", np.zeros((40, 2, 64, 64, 3), np.float32))
    (stored,) = stored_arrays(str(tmp_path / "many.npz"))
    tracemalloc.start()
    shapes = {video.shape for _, video in stored.videos()}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shapes == {(2, 64, 64, 3)}
    assert peak < 10 * 2 * 64 * 64 * 3 * 4  # ten videos of forty


def test_one_file_of_a_folder_is_open(tmp_path):
    """A folder may have more files than a process may open."""
    for number in range(30):
        np.save(tmp_path / f"{number}.npy", np.zeros((16, 2, 2, 3), np.uint8))
    before = len(os.listdir("/proc/self/fd"))
    found = side_inputs(tmp_path, GOOGLE)
    for _ in found.arrays:
        assert len(os.listdir("/proc/self/fd")) < before + 10
    assert found.count == 30


def test_what_is_damaged_is_said_before_anything_is_read(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, VIDEOS)
    content = bytearray(path.read_bytes())
    content[400] ^= 1
    path.write_bytes(content)
    with pytest.raises(FVDError, match="some.npz is damaged, or no array file: arr_0.npy is not"):
        stored_arrays(str(path))
    np.save(tmp_path / "cut.npy", VIDEOS)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "cut.npy").read_bytes()[:-9])
    with pytest.raises(FVDError, match="cut.npy is damaged"):
        stored_arrays(str(tmp_path / "cut.npy"))


def test_pickles_are_never_read(tmp_path):
    np.savez(tmp_path / "some.npz", pickled=np.array([{}], object), fine=VIDEOS[0])
    assert read(tmp_path / "some.npz")[0] == ["/fine"]
    np.save(tmp_path / "some.npy", np.array([{}], object))
    with pytest.raises(FVDError, match="some.npy is damaged, or no array file"):
        stored_arrays(str(tmp_path / "some.npy"))
