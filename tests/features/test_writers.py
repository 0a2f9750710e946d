"""Files of features, each read back by the library that its readers would use."""

import hashlib
import json

import h5py
import numpy as np
import pytest

from keras_i3d.features.layouts import LAYOUTS, layout_named, write_layout
from keras_i3d.features.settings import Settings
from keras_i3d.features.video_features import Features
from keras_i3d.features.writers import FORMATS, write_features
from tests.features.conftest import tiny_network


def made(*streams, windows=3, shape=(4,), layers=()):
    """Features whose every value says which window, stream and channel it is of."""
    arrays = {}
    for number, stream in enumerate(streams):
        size = int(np.prod(shape))
        values = 1000.0 * number + 100 * np.arange(windows)[:, None] + np.arange(size)
        arrays[stream] = {"Mixed_5c": values.reshape(windows, *shape).astype(np.float32)}
    start = np.arange(windows) / 4
    metadata = {"features": {"layers": layers}, "network": {"name": "i3d"}}
    return Features(arrays, start, start + 0.125, start + 0.25, 25, (), metadata)


@pytest.mark.parametrize("form", FORMATS)
def test_equal_features_give_equal_bytes(form, tmp_path):
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs the extra parquet")
    digests = []
    for folder in ("a", "b"):
        paths = write_features(made("rgb", "flow"), tmp_path / folder / "clip.x", form)
        assert sorted(paths) == sorted((tmp_path / folder).iterdir())
        digests.append({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths})
    assert digests[0] == digests[1]


def test_npz(tmp_path):
    (path,) = write_features(made("rgb", "flow"), tmp_path / "clip")
    assert path == tmp_path / "clip.npz"
    with np.load(path) as file:
        assert sorted(file) == ["centre", "end", "flow", "metadata", "rgb", "start"]
        assert (file["rgb"].shape, file["rgb"].dtype) == ((3, 4), np.float32)
        assert file["flow"][2].tolist() == [1200, 1201, 1202, 1203]
        assert file["centre"].tolist() == [0.125, 0.375, 0.625]
        metadata = json.loads(str(file["metadata"]))
    assert metadata["network"]["name"] == "i3d"
    assert metadata["shapes"] == {"rgb": [3, 4], "flow": [3, 4]}


def test_npy(tmp_path):
    write_features(made("rgb"), tmp_path / "clip", "npy")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["clip.json", "clip_rgb.npy", "clip_times.npy"]
    assert np.load(tmp_path / "clip_rgb.npy")[1].tolist() == [100, 101, 102, 103]
    assert np.load(tmp_path / "clip_times.npy")[1].tolist() == [0.25, 0.375, 0.5]
    assert json.loads((tmp_path / "clip.json").read_text())["shapes"] == {"rgb": [3, 4]}


def test_hdf5(tmp_path):
    (path,) = write_features(made("rgb", layers=("Mixed_5c",)), tmp_path / "clip", "hdf5")
    with h5py.File(path) as file:
        assert sorted(file) == ["centre", "end", "rgb_Mixed_5c", "start"]
        assert file["rgb_Mixed_5c"][1].tolist() == [100, 101, 102, 103]
        assert json.loads(file.attrs["metadata"])["network"]["name"] == "i3d"


def test_tfrecord(tmp_path):
    import tensorflow as tf

    (path,) = write_features(made("rgb", shape=(2, 3)), tmp_path / "clip", "tfrecord")
    (record,) = tf.data.TFRecordDataset(str(path))
    context, lists = tf.io.parse_single_sequence_example(
        record,
        {"metadata": tf.io.FixedLenFeature([], tf.string),
         "rgb/shape": tf.io.FixedLenFeature([2], tf.int64)},
        {"rgb": tf.io.FixedLenSequenceFeature([6], tf.float32),
         "end": tf.io.FixedLenSequenceFeature([], tf.float32)},
    )  # fmt: skip
    assert context["rgb/shape"].numpy().tolist() == [2, 3]
    assert lists["rgb"].numpy()[2].tolist() == [200, 201, 202, 203, 204, 205]
    assert lists["end"].numpy().tolist() == [0.25, 0.5, 0.75]
    assert json.loads(context["metadata"].numpy())["shapes"] == {"rgb": [3, 2, 3]}


def test_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs the extra parquet")
    (path,) = write_features(made("rgb"), tmp_path / "clip", "parquet")
    table = parquet.read_table(path)
    assert table.column_names == ["start", "centre", "end", "rgb"]
    assert table["rgb"].to_pylist()[1] == [100, 101, 102, 103]
    assert json.loads(table.schema.metadata[b"metadata"])["shapes"] == {"rgb": [3, 4]}


def test_no_windows_are_empty_arrays(tmp_path):
    (path,) = write_features(made("rgb", windows=0), tmp_path / "clip")
    with np.load(path) as file:
        assert (file["rgb"].shape, file["start"].shape) == ((0, 4), (0,))


# What each layout's files are, by the definition of the code that reads them.
BOTH = [[0, 1, 2, 3, 1000, 1001, 1002, 1003], [100, 101, 102, 103, 1100, 1101, 1102, 1103]]
EXPECTED = {
    "actionformer": {"clip.npy": BOTH},
    "opentad": {"clip.npy": BOTH},
    "wtal": {"rgb/clip.npy": [r[:4] for r in BOTH], "flow/clip.npy": [r[4:] for r in BOTH]},
    "bmt": {"clip_rgb.npy": [r[:4] for r in BOTH], "clip_flow.npy": [r[4:] for r in BOTH]},
    "vslnet": {"clip.npy": [r[:4] for r in BOTH]},
    "rtfm": {"clip_i3d.npy": None},
}


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_layouts(name, tmp_path):
    layout = LAYOUTS[name]
    streams = ("rgb", "flow") if layout.stream == "both" else ("rgb",)
    crops = layout.settings.get("crops", 1)
    features = made(*streams, windows=2, shape=(4,) if crops == 1 else (crops, 4))
    paths = write_layout(features, tmp_path / "clip", layout)
    found = {str(p.relative_to(tmp_path)): p for p in paths}
    assert found.keys() == {*EXPECTED[name], "metadata/clip.json"}
    for path, values in EXPECTED[name].items():
        array = np.load(found[path])
        assert array.dtype == np.float32 and array.flags.c_contiguous
        if crops == 1:
            assert array.tolist() == values
        else:  # (windows, crops, channels)
            assert array.shape == (2, 10, 4) and array[1, 9].tolist() == [136, 137, 138, 139]


# Frames of a video at the layout's rate, and how many features it gives.
COUNTS = {
    "actionformer": ((15, 0), (16, 1), (20, 2), (100, 22)),
    "wtal": ((31, 1), (32, 2)),
    "bmt": ((64, 1), (65, 2)),
    "vslnet": ((24, 1), (48, 2)),
    "rtfm": ((16, 1), (17, 2), (32, 2)),
}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_how_many_features(name):
    from keras_i3d.features.windowing import stretches

    how = Settings(**layout_named(name).settings).filled(tiny_network("rgb").record.inputs)
    for frames, windows in COUNTS[name]:
        assert len(list(stretches(range(frames), how.cutting))) == windows


def test_actionformers_grid():
    """The centre of feature i lies at (i * stride + 0.5 * 16) / fps seconds: its own formula."""
    from keras_i3d.features.windowing import stretches

    how = Settings(**layout_named("actionformer").settings)
    centres = [one.centre for one in stretches(range(100), how.cutting)]
    assert centres == [4 * i + 8 for i in range(22)]


def test_unknown_names(tmp_path):
    with pytest.raises(ValueError, match="write should be one of npz, npy, hdf5"):
        write_features(made("rgb"), tmp_path / "clip", "pickle")
    with pytest.raises(ValueError, match="layout should be one of actionformer, opentad"):
        layout_named("slowfast")
