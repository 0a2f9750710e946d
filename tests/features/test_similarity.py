"""Nearest windows: cosines that were worked out by hand."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_i3d.features.similar_page import similar_page
from keras_i3d.features.similarity import FeatureIndex, Neighbour, directions
from keras_i3d.features.video_features import Features
from keras_i3d.features.writers import write_features


def written(folder, name, rows, network="i3d"):
    rows = np.array(rows, np.float32)
    start = np.arange(len(rows)) * 2.0
    metadata = {
        "features": {"layers": ()}, "network": {"name": network}, "preprocessing": {},
        "flow": None, "video": {"path": f"{name}.mp4", "sha256": name},
    }  # fmt: skip
    arrays = {"rgb": {"Mixed_5c": rows}}
    write_features(Features(arrays, start, start + 1, start + 2, 25, (), metadata), folder / name)


@pytest.fixture
def index(tmp_path):
    written(tmp_path, "along", [[1, 0], [3, 4]])
    written(tmp_path, "across", [[0, 5]])
    written(tmp_path, "against", [[-1, 0]])
    written(tmp_path, "empty", np.zeros((0, 2)))
    return tmp_path


def test_nearest(index):
    found = FeatureIndex(index).nearest({"rgb": np.array([[2.0, 0]])}, count=2)
    assert [(n.path, n.start, n.end, n.query) for n in found] == [
        ("along.mp4", 0, 2, 0), ("across.mp4", 0, 2, 0)
    ]  # fmt: skip
    assert [n.cosine for n in found] == pytest.approx([1, 0])


def test_several_windows_of_one_video_and_the_query_itself(index):
    query = {"rgb": np.array([[0.0, 1], [2, 0]])}
    found = FeatureIndex(index).nearest(query, count=3, per_video=2)
    assert [(n.path, n.start, n.query) for n in found] == [
        ("across.mp4", 0, 0), ("along.mp4", 0, 1), ("along.mp4", 2, 0)
    ]  # fmt: skip
    assert found[2].cosine == pytest.approx(0.8)
    without = FeatureIndex(index).nearest(query, without="along")
    assert [n.path for n in without] == ["across.mp4", "against.mp4"]


def grey(path, second):
    """A strip of one second of a folder of pictures; picture i, of which two are a second, is i."""
    where = {"begin": 0.0, "frames_fps": 2}
    metadata = {"video": {"path": str(path), "begin": 0.0}, "frames_fps": 2}
    start = np.array([float(second)])
    query = Features({}, start, start + 0.5, start + 1, 2, (), metadata)
    found = Neighbour(str(path), second + 1.0, second + 2.0, **where, cosine=0.5, query=0)
    page = similar_page(query, [found])
    pictures = re.findall('base64,([^"]*)', page)
    return [np.median(np.asarray(Image.open(io.BytesIO(base64.b64decode(p))))) for p in pictures]


def test_the_page_shows_the_windows_frames(tmp_path):
    """A part's first window begins where the part does, not where the file does."""
    for number in range(12):
        Image.new("RGB", (64, 48), (20 * number,) * 3).save(tmp_path / f"{number:02}.png")
    assert grey(tmp_path, 3) == pytest.approx([20 * 6.5, 20 * 8.5], abs=11)


def test_windows_alike_in_one_video(tmp_path):
    written(tmp_path, "frozen", [[1, 0], [1, 0], [1, 0]])
    index = FeatureIndex(tmp_path)
    for count in (1, 2):  # the earlier ones, though the index had to choose
        found = index.nearest({"rgb": np.array([[1.0, 0]])}, count=count, per_video=3)
        assert [n.start for n in found] == [0, 2][:count]


def test_streams_count_alike():
    both = directions(
        {"rgb": np.array([[100.0, 0]]), "flow": np.array([[0, 1.0]])}, ("rgb", "flow")
    )
    np.testing.assert_allclose(both, [[0.5**0.5, 0, 0, 0.5**0.5]])


def test_what_cannot_be_compared(index, tmp_path):
    with pytest.raises(ValueError, match="index should be a folder of extract_features"):
        FeatureIndex(tmp_path / "nowhere")
    written(index, "other", [[1, 0]], network="s3d")
    with pytest.raises(ValueError, match="other.npz was made differently from .* network differs"):
        FeatureIndex(index).nearest({"rgb": np.ones((1, 2))})
    (index / "against.npz").write_bytes(b"PK")
    with pytest.raises(ValueError, match="against.npz has no readable features"):
        FeatureIndex(index).nearest({"rgb": np.ones((1, 2))})
    with pytest.raises(ValueError, match="stream should be among those"):
        FeatureIndex(index, "flow")


def test_metadata_of_the_first(index):
    assert FeatureIndex(index).metadata["network"]["name"] == "i3d"
    assert json.dumps(FeatureIndex(index).metadata)
