"""Nearest windows: cosines that were worked out by hand."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_i3d.features.similar_page import similar_page
from keras_i3d.features.similarity import FeatureIndex, directions
from keras_i3d.features.video_features import Features
from keras_i3d.features.writers import write_features
from tests.conftest import write_video


def features(path, rows, start=0.0, seconds=2.0, begin=0.0, network="i3d", frames_fps=25):
    """Windows of so many seconds, one after the other."""
    rows = np.array(rows, np.float32)
    starts = start + np.arange(len(rows)) * seconds
    metadata = {
        "features": {"layers": ()}, "network": {"name": network}, "preprocessing": {},
        "flow": None, "frames_fps": frames_fps,
        "video": {"path": str(path), "sha256": path.partition(".")[0], "begin": begin},
    }  # fmt: skip
    arrays = {"rgb": {"Mixed_5c": rows}}
    return Features(arrays, starts, starts + seconds / 2, starts + seconds, 25, (), metadata)


def written(folder, name, rows, **more):
    write_features(features(f"{name}.mp4", rows, **more), folder / name)


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


def test_windows_alike_in_one_video(tmp_path):
    written(tmp_path, "frozen", [[1, 0], [1, 0], [1, 0]])
    index = FeatureIndex(tmp_path)
    for count in (1, 2):  # the earlier ones, though the index had to choose
        found = index.nearest({"rgb": np.array([[1.0, 0]])}, count=count, per_video=3)
        assert [n.start for n in found] == [0, 2][:count]


def shown(page):
    """The grey of the first picture of each strip of a page, in tens."""
    strips = re.findall(r'src="data:image/jpeg;base64,([^"]*)"', page)
    images = [Image.open(io.BytesIO(base64.b64decode(strip))) for strip in strips]
    return [round(np.asarray(image)[:, :8].mean() / 10) for image in images]


def test_the_page_shows_the_windows_own_frames(tmp_path):
    """Of a part, by the clock of its file; of pictures, at the rate that their features had."""
    frames = [np.full((12, 16, 3), 10 * i, np.uint8) for i in range(20)]
    part = write_video(tmp_path / "part.mkv", frames, stamps=[250 + i for i in range(20)])
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(pictures / f"{number}.png")
    index = tmp_path / "index"
    query = features(str(part), [[1, 0]], start=10.4, seconds=0.16, begin=10.0)
    write_features(query, index / "part")
    write_features(
        features(str(pictures), [[1, 1]], start=1.2, seconds=0.4, frames_fps=10), index / "pictures"
    )
    page = similar_page(query, FeatureIndex(index).nearest(query.named()))
    assert shown(page) == [10, 10, 10, 12]
    assert "10.40 to 10.56 s" in page


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
    other = features("other.mp4", [[1, 0]])
    del other.metadata["video"]["sha256"]
    write_features(other, index / "across")
    with pytest.raises(ValueError, match="across.npz has no readable features: no sha256"):
        FeatureIndex(index)


def test_metadata_of_the_first(index):
    assert FeatureIndex(index).metadata["network"]["name"] == "i3d"
    assert json.dumps(FeatureIndex(index).metadata)
