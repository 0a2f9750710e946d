"""Stored flow: what is read is what was written, whole or not at all, and damage is named."""

import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_i3d.data.flow.flow_files import (
    FlowFile,
    FlowFileError,
    write_flow_file,
)
from keras_i3d.data.flow.methods import decode, encode, fingerprint
from keras_i3d.files.whole import remove_leftovers


@pytest.fixture
def stored(tmp_path):
    """Five flows of 7 x 9 pixels, and the file that has them."""
    flows = np.random.default_rng(0).normal(0, 12, (5, 7, 9, 2)).astype(np.float32)
    path = tmp_path / "v.flow.zip"
    assert write_flow_file(path, iter(flows), fingerprint(), video="v") == 6
    return flows, path


def test_any_range_is_read(stored):
    flows, path = stored
    with FlowFile(path) as file:
        assert len(file) == 5
        assert file.fingerprint == fingerprint()
        assert (file.info.video, file.info.frames) == ("v", 6)
        assert (file.info.height, file.info.width) == (7, 9)
        for wanted in (slice(None), slice(1, 3), slice(-1, None), slice(0, 5, 2), slice(3, 3)):
            assert file[wanted].shape == flows[wanted].shape
            np.testing.assert_array_equal(file[wanted], encode(flows[wanted]))
        np.testing.assert_array_equal(file[-2], encode(flows[3]))
        with pytest.raises(IndexError):
            file[5]
        back = decode(file[:], file.fingerprint.bound)
        inside = np.abs(flows) <= 20
        assert np.abs(back - flows)[inside].max() <= 20 / 254 + 1e-5
        assert file.encoded(0).startswith(b"\x89PNG")


def test_equal_flow_gives_equal_bytes(stored, tmp_path):
    flows, path = stored
    write_flow_file(tmp_path / "w.zip", flows, fingerprint(), video="v")
    assert (tmp_path / "w.zip").read_bytes() == path.read_bytes()


def test_other_programs_can_read_it(stored):
    flows, path = stored
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = [f"00000{i}.png" for i in range(5)]
        assert archive.namelist() == [*names, "info.json", "fingerprint.json"]


@pytest.mark.parametrize("kind", ["none", "sizes", "broken", "nan"])
def test_nothing_is_left_of_what_fails(tmp_path, kind):
    def flows():
        if kind == "none":
            return
        yield np.zeros((4, 4, 2), np.float32)
        if kind == "sizes":
            yield np.zeros((4, 5, 2), np.float32)
        if kind == "nan":
            yield np.full((4, 4, 2), np.nan, np.float32)
        if kind == "broken":
            raise KeyboardInterrupt

    wanted = KeyboardInterrupt if kind == "broken" else ValueError
    with pytest.raises(wanted):
        write_flow_file(tmp_path / "v.flow.zip", flows(), fingerprint())
    assert list(tmp_path.iterdir()) == []


def test_every_cut_is_an_error_by_name(stored):
    _, path = stored
    data = path.read_bytes()
    for length in [0, 1, 10, *range(100, len(data), 97), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(FlowFileError, match="v.flow.zip"):
            FlowFile(path)


@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_changed_byte_is_an_error_or_harmless(tmp_path_factory, place, value):
    folder = tmp_path_factory.mktemp("changed")
    flows = np.zeros((2, 4, 4, 2), np.float32)
    write_flow_file(folder / "a.zip", flows, fingerprint())
    data = bytearray((folder / "a.zip").read_bytes())
    data[int(place * len(data))] = value
    (folder / "a.zip").write_bytes(data)
    try:
        with FlowFile(folder / "a.zip") as file:
            assert (file[:] == 128).all(), "the pictures have check sums"
    except FlowFileError:
        pass


def rewritten(path, **changes):
    """The zip at `path` with entries replaced (None: left out)."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries.update({name.replace("_json", ".json"): data for name, data in changes.items()})
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            if data is not None:
                archive.writestr(name, data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"info_json": None}, "no info.json"),
        ({"info_json": "[]"}, "info.json is damaged"),
        ({"info_json": "[" * 60_000}, "info.json is damaged"),
        ({"info_json": " " * 70_000}, "larger than 65536"),
        ({"fingerprint_json": "{}"}, "a flow fingerprint should have the keys"),
        ({"000003.png": None}, "than its 6 frames. Received: 4 pictures"),
        ({"../evil": "x"}, "than its 6 frames. Received: 6 pictures"),
    ],
)
def test_foreign_files(stored, changes, message):
    _, path = stored
    rewritten(path, **changes)
    with pytest.raises(FlowFileError, match=message):
        FlowFile(path)


@pytest.mark.parametrize("field", ["height", "frames", "video"])
def test_information_that_cannot_be(stored, field):
    _, path = stored
    info = {"video": "v", "frames": 6, "height": 7, "width": 9, field: 1 << 40}
    rewritten(path, info_json=json.dumps(info))
    with pytest.raises(FlowFileError):
        FlowFile(path)


def test_a_picture_of_another_size_is_not_decoded(stored):
    _, path = stored
    info = {"video": "v", "frames": 6, "height": 9, "width": 7}
    rewritten(path, info_json=json.dumps(info))
    with FlowFile(path) as file, pytest.raises(FlowFileError, match=r"000000.png should be"):
        file[0:1]


def test_compressed_entries_are_refused(stored):
    _, path = stored
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    with pytest.raises(FlowFileError, match="compressed"):
        FlowFile(path)


def test_no_such_file(tmp_path):
    with pytest.raises(FlowFileError, match="no such file") as error:
        FlowFile(tmp_path / "none.zip")
    assert str(pickle.loads(pickle.dumps(error.value))) == str(error.value)


def test_what_is_being_written_is_no_leftover(tmp_path):
    (tmp_path / ".other.part").write_bytes(b"not ours")
    seen = []

    def flows():
        yield np.zeros((4, 4, 2), np.float32)
        seen.append(remove_leftovers(tmp_path, below=True))  # while this one is being written
        yield np.zeros((4, 4, 2), np.float32)

    write_flow_file(tmp_path / "b.flow.zip", flows(), fingerprint())
    assert seen == [0]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".other.part", "b.flow.zip"]
