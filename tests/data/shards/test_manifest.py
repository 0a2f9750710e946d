"""TFRecord files and their manifest: TensorFlow's framing; a manifest is never believed."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_i3d.data.shards.manifest import (
    ManifestError,
    framed,
    parse_manifest,
    read_manifest,
    read_record,
    shard_name,
)

# Two shards: records of 4 and 2 bytes of data, 16 more each; then one of 10.
MANIFEST = {
    "version": 1,
    "split": "train",
    "listed": 4,
    "written": 3,
    "options": {"fps": 25, "flow": None},
    "list_sha256": "00",
    "classes": ["wave", "jump"],
    "failed": [{"id": "d", "path": "d.avi", "cause": "no such file"}],
    "shards": [
        {
            "file": "train-00000-of-00002.tfrecord",
            "bytes": 38,
            "sha256": "11",
            "videos": [
                dict(id="a", offset=0, length=4, frames=9, height=3, width=4, flows=8, labels=[1]),
                dict(id="b", offset=20, length=2, frames=1, height=3, width=4, flows=0, labels=[]),
            ],
        },
        {
            "file": "train-00001-of-00002.tfrecord",
            "bytes": 26,
            "sha256": "22",
            "videos": [
                dict(
                    id="c", offset=0, length=10, frames=2, height=3, width=4, flows=0, labels=[0, 1]
                )
            ],
        },
    ],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.manifest.json").write_text(json.dumps(MANIFEST))
    for shard in MANIFEST["shards"]:
        (tmp_path / shard["file"]).write_bytes(bytes(shard["bytes"]))
    return tmp_path


def test_records_are_those_of_tensorflow(tmp_path):
    import tensorflow as tf

    records = [b"", b"one", bytes(range(256)) * 99]
    path = str(tmp_path / "x.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    with open(path, "rb") as file:
        assert file.read() == b"".join(b"".join(framed(record)) for record in records)
    offsets = [0, 16, 35]
    assert [read_record(path, offset) for offset in offsets] == records
    assert read_record(path, 16, 3) == b"one"


@given(st.integers(0, 25), st.integers(0, 255), st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_record_is_never_read(tmp_path, place, byte, cut):
    whole = b"".join(framed(b"0123456789"))
    damaged = bytearray(whole)
    damaged[place] = byte
    damaged = bytes(damaged[:cut])
    path = tmp_path / "x.tfrecord"
    path.write_bytes(damaged)
    if damaged == whole:
        assert read_record(path, 0) == b"0123456789"
    else:
        with pytest.raises(ManifestError, match="no whole record of any bytes at byte 0"):
            read_record(path, 0)


def test_a_length_other_than_the_manifests_is_refused(tmp_path):
    path = tmp_path / "x.tfrecord"
    path.write_bytes(b"".join(framed(b"0123456789")))
    with pytest.raises(ManifestError, match="no whole record of 9 bytes at byte 0"):
        read_record(path, 0, 9)
    with pytest.raises(ManifestError, match="at byte 26"):
        read_record(path, 26)


def test_a_manifest_is_read(folder):
    manifest = read_manifest(folder, "train")
    assert [(v.id, v.file[:11], v.offset, v.length) for v in manifest.videos] == [
        ("a", "train-00000", 0, 4),
        ("b", "train-00000", 20, 2),
        ("c", "train-00001", 0, 10),
    ]
    assert [video.labels for video in manifest.videos] == [(1,), (), (0, 1)]
    assert (manifest.listed, manifest.written) == (4, 3)
    assert manifest.failed == (("d", "d.avi", "no such file"),)
    assert manifest.classes == ("wave", "jump")
    assert manifest.path(manifest.videos[2]) == str(folder / shard_name("train", 1, 2))


def test_a_missing_split_says_which_there_are(folder):
    with pytest.raises(FileNotFoundError, match=r"val\.manifest.*splits in .*: train$"):
        read_manifest(folder, "val")
    with pytest.raises(FileNotFoundError, match="none$"):
        read_manifest(folder / "nowhere", "train")
    with pytest.raises(FileNotFoundError):
        read_manifest(folder, "../train")


def test_shards_must_be_there_whole(folder):
    shard = folder / "train-00001-of-00002.tfrecord"
    shard.write_bytes(bytes(25))
    with pytest.raises(ManifestError, match="26 bytes, says the manifest. Received: 25"):
        read_manifest(folder, "train")
    shard.unlink()
    with pytest.raises(ManifestError, match="train-00001-of-00002.*missing"):
        read_manifest(folder, "train")


def change(*keys, value):
    """The manifest with one value changed, as JSON."""
    content = copy.deepcopy(MANIFEST)
    inner = content
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return content


FIRST = ("shards", 0, "videos", 0)


@pytest.mark.parametrize(
    "content, message",
    [
        ([], "list instead of an object"),
        ({}, "no 'version'"),
        (change("version", value=2), "version 2"),
        (change("split", value="../../etc"), "not names"),
        (change("split", value="val"), "shard 0 is called"),
        (change("shards", 0, "file", value="/etc/passwd"), "is called '/etc/passwd'"),
        (change("shards", 0, "file", value="../x.tfrecord"), "is called"),
        (change("shards", 0, "bytes", value=39), "end at byte 38 of 39"),
        (change(*FIRST, "offset", value=-1), "offset is -1"),
        (change(*FIRST, "offset", value=1 << 64), "offset is"),
        (change(*FIRST, "offset", value=True), "offset is True"),
        (change(*FIRST, "offset", value=4), "at byte 4 instead of 0"),
        (change(*FIRST, "length", value=5), "at byte 20 instead of 21"),
        (change(*FIRST, "frames", value=0), "0 frames"),
        (change(*FIRST, "frames", value=1.5), "frames is 1.5"),
        (change(*FIRST, "flows", value=9), "9 flow pictures"),
        (change(*FIRST, "labels", value=[2]), "of 2 classes"),
        (change(*FIRST, "labels", value=["a"]), "of 2 classes"),
        (change(*FIRST, "id", value="b"), "twice"),
        (change(*FIRST, "id", value="d"), "twice"),
        (change("listed", value=5), "5 videos listed, 3 written, 1 failed"),
        (change("written", value=4), "listed"),
        (change("failed", value=[["d"]]), "list instead of an object"),
        (change("classes", value="ab"), "classes is"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(folder, content, message):
    (folder / "train.manifest.json").write_text(json.dumps(content))
    with pytest.raises(ManifestError, match=message) as caught:
        read_manifest(folder, "train")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udcff", "NaN", '{"version": 1}'])
def test_a_manifest_that_is_no_json_is_refused(folder, text):
    (folder / "train.manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ManifestError, match="not a manifest of make_tfrecords, or damaged"):
        read_manifest(folder, "train")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
def test_any_change_is_read_or_refused(data):
    content = copy.deepcopy(MANIFEST)
    inner = content
    while True:
        keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or not inner[key] or data.draw(st.booleans()):
            break
        inner = inner[key]
    inner[key] = data.draw(JSON)
    try:
        manifest = parse_manifest(content, "folder")
    except (ValueError, KeyError, TypeError):
        return
    ends = {shard.file: shard.bytes for shard in manifest.shards}
    assert all(v.offset + v.length + 16 <= ends[v.file] for v in manifest.videos)
