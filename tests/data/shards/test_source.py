"""Clips out of shards are those of the videos that the shards were made of."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.batches.evaluation import evaluation_batches
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.flow.flow_files import write_flow_file
from keras_i3d.data.flow.methods import decode, encode, fingerprint
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW
from keras_i3d.data.shards import assembly
from keras_i3d.data.shards.manifest import ManifestError
from keras_i3d.data.shards.plan import ShardOptions, plan_shards
from keras_i3d.data.shards.source import Shards
from tests.conftest import write_video
from tests.data.seen import seen

SPEC = seen(4, 2, 48, 32)
LENGTHS = (9, 12, 3, 15, 8, 1)
CLASSES = ("a", "b", "c")


def moving_frames(number, count, height=48, width=64):
    """Smooth, so that JPEG keeps it: red tells the video, green the column, blue the frame."""
    columns = np.indices((height, width))[1]
    flat = np.zeros_like(columns)
    for i in range(count):
        yield np.stack([flat + 40 * number, columns * 3, flat + 8 + 16 * i], -1).astype(np.uint8)


def told(clip):
    """(number of the video, numbers of its frames) of a clip of such frames."""
    red, _, blue = np.moveaxis(np.rint((clip[:, 16, 16] + 1) * 127.5), -1, 0)
    return round(red[0] / 40), np.rint((blue - 8) / 16).astype(int)


def true_flow(number, count, height=48, width=64):
    for i in range(count - 1):
        yield np.stack([np.full((height, width), i / 4), np.full((height, width), -number)], -1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(the videos as files, the same as shards with flow)."""
    folder = tmp_path_factory.mktemp("shards")
    spec = dataclasses.replace(DEEPMIND_FLOW, short_side=48)
    videos = []
    (folder / "flow").mkdir()
    for number, count in enumerate(LENGTHS):
        path = write_video(folder / f"v{number}.mkv", list(moving_frames(number, count)))
        labels = (number % 3,) if number != 3 else (0, 2)
        videos.append(Video(str(path), labels, f"v{number}"))
        if count > 1:
            flows = (f.astype(np.float32) for f in true_flow(number, count))
            write_flow_file(
                folder / "flow" / f"v{number}.mkv.flow.zip",
                flows,
                fingerprint("tvl1", spec),
                f"v{number}",
            )
    options = ShardOptions(
        shards=2,
        short_side=48,
        quality=100,
        flow=fingerprint("tvl1", spec),
    )
    plan = plan_shards(
        folder / "out", "train", CLASSES, videos, options, folder, flow_folder=folder / "flow"
    )
    assembly.write_shards(plan, 1)
    return VideoFiles(videos, CLASSES), Shards(folder / "out", "train")


def by_id(source, batches):
    """{video's name: (clip, labels)}."""
    return {
        source.id(int(i)): (x, y)
        for xs, ys, index, _ in batches.as_numpy_iterator()
        for x, y, i in zip(xs, ys, index, strict=True)
    }


@pytest.mark.parametrize("crops", [1, 3])
def test_pixels_are_those_of_the_videos(made, crops):
    files, stored = made
    expected = by_id(files, evaluation_batches(files, 1, SPEC, num_crops=crops))
    came = by_id(stored, evaluation_batches(stored, 1, SPEC, num_crops=crops))
    assert expected.keys() == came.keys() == {f"v{n}" for n in range(len(LENGTHS))}
    for name, (clip, labels) in came.items():
        assert np.abs(clip - expected[name][0]).mean() * 127.5 < 1, name  # grey levels, after JPEG
        assert np.array_equal(labels, expected[name][1])


def test_frames_are_the_ones_that_were_drawn(made):
    _, stored = made
    for x, y in training_batches(stored, 2, SPEC, seed=3).take(30).as_numpy_iterator():
        for clip, labels in zip(x, y, strict=True):
            number, frames = told(clip)
            if LENGTHS[number] >= SPEC["rgb"].span:
                assert np.array_equal(np.diff(frames), [2, 2, 2])
            assert labels[number % 3 if number != 3 else 2] == 1


def test_flow_is_that_of_the_frames_and_turns_with_them(made):
    _, stored = made
    flips, coded = set(), decode(encode(np.arange(16) / 4))
    batches = training_batches(stored, 2, seen(4, 2, 48, 32, streams=("rgb", "flow")))
    for x, _ in batches.take(30).as_numpy_iterator():
        for rgb, flow in zip(x["rgb"], x["flow"] * 20, strict=True):
            number, frames = told(rgb)
            if LENGTHS[number] == 1:
                assert not flow.any()
                continue
            frames = np.minimum(frames, LENGTHS[number] - 2)
            mirrored = rgb[0, 0, 0, 1] > rgb[0, 0, 9, 1]
            flips.add(mirrored)
            assert np.allclose(flow[:, 5, 5, 0], coded[frames] * (-1 if mirrored else 1), atol=1e-5)
            assert np.allclose(flow[..., 1], decode(encode(np.float32(-number))), atol=1e-5)
    assert flips == {True, False}


def test_order_and_going_on_are_those_of_any_source(made):
    _, stored = made
    whole = list(training_batches(stored, 2, SPEC).take(8).as_numpy_iterator())
    rest = list(training_batches(stored, 2, SPEC, start=6).take(5).as_numpy_iterator())
    for (a, b), (c, d) in zip(whole[3:], rest, strict=True):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)


def test_many_records_keep_their_order(made):
    _, stored = made
    indices = [int(i) for *_, i, _ in evaluation_batches(stored, 1, SPEC, num_clips=20).unbatch()]
    assert indices == [n for n in range(6) for _ in range(20)]


def test_other_sizes_are_resized(made):
    files, stored = made
    spec = seen(4, 2, 40, 32)
    expected = by_id(files, evaluation_batches(files, 1, spec))
    for name, (clip, _) in by_id(stored, evaluation_batches(stored, 1, spec)).items():
        assert np.abs(clip - expected[name][0]).mean() * 127.5 < 1, name


def test_what_shards_do_not_hold_is_refused(made, monkeypatch):
    _, stored = made
    with pytest.raises(ValueError, match="flow cannot be resized"):
        training_batches(stored, 2, seen(4, 2, 40, 32, streams=("flow",)))
    monkeypatch.setattr(stored, "flow", None)
    with pytest.raises(ValueError, match="have no flow"):
        training_batches(stored, 2, seen(4, 2, 48, 32, streams=("flow",)))


def test_a_damaged_record_is_an_error_that_names_its_shard(made, tmp_path):
    _, stored = made
    path = shutil.copytree(Path(stored._manifest.folder), tmp_path / "copy")
    shard = path / stored.videos[0].file
    data = bytearray(shard.read_bytes())
    data[stored.videos[0].offset + 500] ^= 1
    shard.write_bytes(data)
    with pytest.raises(tf.errors.OpError, match=stored.videos[0].file):
        list(evaluation_batches(Shards(path, "train"), 1, SPEC))


def test_a_video_without_its_flow_file_is_listed_with_that_cause(made, tmp_path):
    files, stored = made
    options = ShardOptions(shards=1, short_side=48, flow=stored.flow)
    plan = plan_shards(
        tmp_path / "out",
        "train",
        CLASSES,
        files.videos[:1],
        options,
        Path(files.videos[0].path).parent,
        flow_folder=tmp_path,
    )
    ((name, _, cause),) = assembly.write_shards(plan, 1).failed
    assert name == "v0"
    assert cause == f"its flow file {tmp_path}/v0.mkv.flow.zip: no such file"


@pytest.mark.parametrize("bound", ["NaN", "Infinity", "1e39", "0", '"20"'])
def test_flow_that_would_not_be_finite_is_refused(made, bound, tmp_path):
    made_in = Path(made[0].videos[0].path).parent
    folder = shutil.copytree(made_in / "out", tmp_path / "shards")
    (path,) = folder.glob("*.manifest.json")
    path.write_text(path.read_text().replace('"bound": 20.0', f'"bound": {bound}'))
    with pytest.raises(ManifestError, match="bound should be"):
        Shards(folder, "train")
