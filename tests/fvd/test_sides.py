"""One side: what may be given, what is left out and why, what is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_i3d.data.lists.file_index import VIDEO
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.side_inputs import side_inputs
from keras_i3d.fvd.side_reading import read_side
from keras_i3d.fvd.sides import FVDError, LeftOut, Side, is_side_file, load_side
from tests.conftest import write_video
from tests.fvd.conftest import SMALL, grey_videos, seen


def of(given, network, value_range=None, **options):
    inputs = side_inputs(given, network.protocol, value_range)
    return read_side(inputs, network, processes=1, **options)


def assert_levels(side, levels, atol=1e-5):
    np.testing.assert_allclose(side.features, seen(levels), atol=atol)


def test_arrays(small):
    side = of(grey_videos([0, 100, 200, 100, 7]), small)
    assert_levels(side, [0, 100, 200, 100, 7])
    assert (len(side), side.distinct, side.shape, side.left_out) == (5, 4, (4, 8, 8), ())
    assert side.names[1] == "video 1"


@pytest.mark.parametrize(
    ("value_range", "to_floats"),
    [((0, 1), lambda v: v / 255), ((-1, 1), lambda v: v / 127.5 - 1), ((0, 255), np.float64)],
)
def test_floats_in_a_stated_range(small, value_range, to_floats):
    videos = to_floats(grey_videos([0, 100, 255]).astype(np.float32))
    assert_levels(of(videos, small, value_range), [0, 100, 255])


def test_iterables_and_grey_and_whole_numbers(small):
    videos = grey_videos([3, 50])
    assert_levels(of(iter(videos), small), [3, 50])
    assert_levels(of([videos[0], videos[1]], small), [3, 50])
    assert_levels(of(videos[..., :1], small), [3, 50])
    assert_levels(of(videos.astype(np.int64), small), [3, 50])


@pytest.mark.parametrize(
    ("given", "value_range", "message"),
    [
        (np.zeros((2, 4, 8, 8, 3), np.float32), None, r"with a value_range, such as 0,1 or -1,1"),
        (np.full((2, 4, 8, 8, 3), 2.0), (0, 1), r"should lie in \[0, 1\].* values in \[2, 2\]"),
        (np.full((1, 4, 8, 8, 3), 300), None, "uint8 or float. Received: video 0 of int64"),
        (np.zeros((4, 8, 8, 3), np.uint8), None, "at least 4 frames for the protocol small"),
        (np.zeros((2, 4, 3, 8, 8), np.uint8), None, "colours last. Received: video 0"),
        ([np.zeros((4, 8, 8, 3), np.uint8), np.zeros((5, 8, 8, 3), np.uint8)], None, "one length"),
        ([np.zeros((4, 8, 8, 3), np.uint8), np.zeros((4, 9, 8, 3), np.uint8)], None, "and size"),
        (np.zeros((2, 3, 8, 8, 3), np.uint8), None, "video 0: too short: 3 frames of the 4"),
        ([], None, "it has no videos"),
        (7, None, "a folder, a file, an array or an iterable of videos. Received: int"),
        (np.uint8(7), None, r"videos should be \(videos, time.* Received: uint8 \(\)"),
        (["a.mp4", np.zeros((4, 8, 8, 3))], None, "paths or arrays, not both. Received: ndarray"),
        (np.zeros((1, 4, 8, 8, 3)), (1, 1), r"value_range should be .* Received: \(1, 1\)"),
        (np.zeros((1, 4, 8, 8, 3)), (0, np.inf), "value_range should be"),
        (np.zeros((1, 4, 8, 8, 3)), "0,1", "value_range should be"),
    ],
)
def test_what_a_protocol_does_not_take(small, given, value_range, message):
    with pytest.raises(FVDError, match=message):
        of(given, small, value_range)


class Unmeasured:
    """Some videos, as data sets of TensorFlow and PyTorch give them: `len` is an error."""

    def __init__(self, videos):
        self.videos = videos

    def __iter__(self):
        return iter(self.videos)

    def __len__(self):
        raise TypeError("the length is unknown")


def test_iterables_that_do_not_know_their_length(small):
    assert_levels(of(Unmeasured(grey_videos([3, 50])), small), [3, 50])


def test_any_iterable_of_paths(tmp_path, small):
    for level in (3, 50):
        write_video(tmp_path / f"{level}.mkv", list(grey_videos([level], 4, 16)[0]))
    paths = sorted(tmp_path.iterdir())
    for given in (paths, tmp_path.glob("*.mkv"), dict.fromkeys(paths), np.array(paths, str)):
        assert sorted(of(given, small).names) == sorted(map(str, paths))


@pytest.fixture
def folder(tmp_path):
    """Nested videos, a folder of pictures, an array file; one too short, one broken, and others."""
    root = tmp_path / "side"
    (root / "deep" / "pictures").mkdir(parents=True)
    for name, level, frames in (("b", 60, 5), ("deep/a", 20, 4), ("deep/short", 0, 2)):
        write_video(root / f"{name}.mkv", list(grey_videos([level], frames, 16)[0]))
    for number in range(4):
        picture = Image.fromarray(np.full((8, 8, 3), 200, np.uint8))
        picture.save(root / "deep" / "pictures" / f"{number}.png")
    (root / "broken.mp4").write_bytes(b"nothing")
    (root / "notes.txt").write_text("not a video")
    np.save(root / "more.npy", grey_videos([90, 91]))
    np.save(root / "table.npy", np.zeros((4, 400)))
    (root / "broken.npy").write_bytes(b"nothing")
    return root


def test_a_folder(folder, small):
    side = of(folder, small)
    named = {
        str(Path(name).relative_to(folder)): f
        for name, f in zip(side.names, side.features, strict=True)
    }
    wanted = {"b.mkv": 60, "deep/a.mkv": 20, "deep/pictures": 200, "more.npy[0]": 90}
    assert named.keys() == wanted.keys() | {"more.npy[1]"}
    for name, level in wanted.items():
        np.testing.assert_allclose(named[name], seen([level])[0], atol=0.02)
    causes = {Path(one.name).name: one.cause for one in side.left_out}
    assert causes["short.mkv"] == "too short: 2 frames of the 4 that are wanted"
    assert causes["broken.mp4"].startswith("not a video")
    assert causes["broken.npy"].startswith("damaged, or no array file")
    assert len(causes) == 3
    assert any(note.startswith("frames of several sizes") for note in side.notes)


def test_a_folder_without_videos(tmp_path, small):
    with pytest.raises(FVDError, match="a folder without videos"):
        of(tmp_path, small)
    with pytest.raises(FVDError, match="gone: no such file"):
        of(tmp_path / "gone", small)


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04"])
@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_broken_array_file(tmp_path, small, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FVDError, match=f"{name} is damaged, or no array file"):
        of(tmp_path / name, small)


def test_so_many_are_drawn_and_others_take_the_place_of_broken_ones(folder, small, means):
    for number in range(6):
        write_video(folder / f"{number}.mkv", list(grey_videos([number], 4)[0]))
    for name in ("more", "table", "broken"):
        (folder / f"{name}.npy").unlink()
    few = FVDNetwork(means, small.engine, replace(SMALL, videos=7))
    side = of(folder, few)
    assert (len(side), side.distinct) == (7, 7)
    assert of(folder, few).names == side.names
    other = FVDNetwork(means, small.engine, replace(SMALL, videos=3, seed=5))
    levels = [10, 20, 30, 40, 50, 60, 70, 80]
    drawn = of(grey_videos(levels), other)
    assert len(drawn) == 3 and set(drawn.names) < {f"video {i}" for i in range(8)}


def test_a_second_run_computes_nothing(small, folder, monkeypatch):
    first = of(folder, small)
    monkeypatch.setattr(small.engine, "stream", lambda batches: [1 / 0 for _ in batches])
    second = of(folder, small)
    np.testing.assert_array_equal(first.features, second.features)
    with pytest.raises(ZeroDivisionError):
        of(folder, small, keep=False)


def test_progress(small):
    told = []
    of(grey_videos(range(6)), small, seen=lambda *done: told.append(done))
    assert told == [(i, 6) for i in range(1, 7)]


def test_a_side_in_a_file(small, tmp_path):
    side = of(grey_videos([1, 2, 3]), small)
    side = replace(side, left_out=(LeftOut("a.mp4", "too short"),), notes=("a note",))
    side.save(tmp_path / "side.npz")
    assert is_side_file(tmp_path / "side.npz")
    again = load_side(tmp_path / "side.npz")
    np.testing.assert_array_equal(again.features, side.features)
    assert replace(again, features=None) == replace(side, features=None)
    assert (tmp_path / "side.npz").stat().st_size < 4000


def test_a_damaged_side(small, tmp_path):
    path = tmp_path / "side.npz"
    Side(np.zeros((2, 3), np.float32), ("a", "b"), ("c", "d")).save(path)
    path.write_bytes(path.read_bytes()[:-40])
    assert not is_side_file(path)
    with pytest.raises(FVDError, match="is damaged, or no statistics"):
        load_side(path)
    Side(np.full((2, 3), np.nan, np.float32), ("a", "b"), ("c", "d")).save(path)
    with pytest.raises(FVDError, match="finite features"):
        load_side(path)


ABOUT = {
    "format": "keras_i3d.fvd 1", "names": ["a", "b"], "contents": ["c", "d"], "made": {},
    "left_out": [], "notes": [], "shape": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "about",
    [
        5, [], "[" * 100_000, {**ABOUT, "made": 5}, {**ABOUT, "made": {"engine": 5}},
        {**ABOUT, "left_out": [[1]]}, {**ABOUT, "notes": 5}, {**ABOUT, "shape": "abc"},
        {**ABOUT, "names": ["a"]}, np.array({"a": 1}, object),
    ],
)  # fmt: skip
def test_a_side_that_another_wrote(tmp_path, about):
    if not isinstance(about, str | np.ndarray):
        about = json.dumps(about)
    np.savez(tmp_path / "side.npz", features=np.zeros((2, 3), np.float32), about=about)
    with pytest.raises(FVDError, match="side.npz is damaged, or no statistics"):
        load_side(tmp_path / "side.npz")


@pytest.mark.parametrize(
    "features",
    [
        np.zeros((0, 3)), np.zeros((2, 3), int), np.full((2, 3), 1j), np.full((2, 3), 1e300),
        np.array([[{}], [{}]], object), np.full((2, 3), "a"),
    ],
)  # fmt: skip
def test_what_are_no_features(tmp_path, features):
    np.savez(tmp_path / "side.npz", features=features, about=json.dumps(ABOUT))
    with pytest.raises(FVDError, match="side.npz is damaged, or no statistics"):
        load_side(tmp_path / "side.npz")


@pytest.mark.parametrize("place", [6, 8, 200, 300])
def test_a_side_with_a_flipped_byte(tmp_path, place):
    """Its flags, the kind of its compression, and what is compressed."""
    path = tmp_path / "side.npz"
    draw = np.random.default_rng(0)
    Side(draw.random((40, 3), np.float32), ("a",) * 40, ("b",) * 40).save(path)
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    if place < 30:  # the directory at its end says it too
        content[content.find(b"PK\x01\x02") + place + 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(FVDError, match="side.npz is damaged, or no statistics"):
        load_side(path)


@pytest.mark.slow
def test_every_broken_and_odd_file_is_used_or_named(shared, nasty, means):
    """Grey, 10-bit, turned, tall and cut-off videos too; nothing is dropped in silence."""
    told = json.loads((shared / "nasty" / "nasty.json").read_text())
    with FVDNetwork.opened(replace(SMALL, frames=16), weights=means) as network:
        side = of(nasty, network)
    named = {Path(name).name for name in side.names} | {Path(o.name).name for o in side.left_out}
    videos = {name for name in told if Path(name).suffix.lower() in VIDEO}
    assert videos - {"directory.mp4"} <= named
    left_out = {Path(one.name).name: one.cause for one in side.left_out}
    assert {n for n, one in told.items() if one["decodable"] is False} & videos <= (
        left_out.keys() | {"directory.mp4"}
    )
    for name, frames in (("frames_01.mp4", "1 frame"), ("frames_15.mp4", "15 frames")):
        assert left_out[name] == f"too short: {frames} of the 16 that are wanted"
    used = {Path(name).name for name in side.names}
    assert {"gray.mp4", "hevc_10bit.mp4", "frames_16.mp4", "tall_16x1000.mp4"} <= used
    assert np.isfinite(side.features).all()
