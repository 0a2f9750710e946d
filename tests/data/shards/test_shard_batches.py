"""Shards as a source: what is decoded in the graph is what Pillow decodes by hand."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.batches.augmentation import NONE, Augmentation, draw
from keras_i3d.data.batches.clip_sources import Skipped, read_crops
from keras_i3d.data.batches.evaluation import evaluation_batches, whole_video_batches
from keras_i3d.data.batches.finishing import cause
from keras_i3d.data.batches.sampling import View, view_numbers
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.flow.flow_files import write_flow_file
from keras_i3d.data.flow.methods import FlowFingerprint
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.cropping import CENTRE, crop_corner
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, Preprocessing, resize_and_crop, scale
from keras_i3d.data.shards import assembly, examples
from keras_i3d.data.shards.plan import ShardOptions, plan_shards
from keras_i3d.data.shards.source import Shards
from tests.conftest import write_video
from tests.data.counting import levels
from tests.data.seen import seen
from tests.data.shards.test_assembly import in_this_process

SPEC = seen(frames=6, short_side=24, crop=16)
BOTH = seen(6, 1, 24, 16, ("rgb", "flow"))
COUNTS = (1, 4, 9, 12)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Videos of 1 to 12 frames of 24 x 32, in three colours that change slowly; and their flow."""
    folder, rng = tmp_path_factory.mktemp("videos"), np.random.default_rng(0)
    how, pixels, flows = FlowFingerprint("tvl1", {}, "1", 25, 24, 20.0), [], []
    for number, count in enumerate(COUNTS):
        rough = rng.integers(40, 200, (count, 3, 4, 3)).astype(np.float32)
        frames = rough.repeat(8, 1).repeat(8, 2)
        smooth = (frames + np.roll(frames, 3, 1) + np.roll(frames, 5, 2)) / 3
        pixels.append(np.rint(smooth).astype(np.uint8))
        write_video(folder / f"{number}.mkv", pixels[-1])
        flows.append(rng.uniform(-15, 15, (count - 1, 24, 32, 2)).astype(np.float32))
        if count > 1:
            write_flow_file(folder / f"{number}.mkv.flow.zip", flows[-1], how)
    return folder, pixels, flows, how


@pytest.fixture(scope="module")
def shards(videos, tmp_path_factory):
    folder, pixels, _, how = videos
    listed = [Video(str(folder / f"{n}.mkv"), (n % 2,), str(n)) for n in range(len(pixels))]
    options = ShardOptions(shards=2, short_side=24, flow=how)
    out = tmp_path_factory.mktemp("shards")
    plan = plan_shards(out, "train", ("a", "b"), listed, options, folder, flow_folder=folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "run_all", in_this_process)
        assembly.write_shards(plan)
    return out


@pytest.fixture(scope="module")
def source(shards):
    return Shards(shards, "train")


def test_training_from_shards_equals_preprocessing_by_hand(source, videos):
    _, pixels, flows, _ = videos
    batches = training_batches(
        source,
        4,
        BOTH,
        seed=1,
        augmentation=Augmentation(flip=0.5),
    )
    for epoch, (clips, labels) in enumerate(batches.take(3)):
        for place in range(4):
            drawn = draw(4 * epoch + place, 4, 1, Augmentation(flip=0.5))
            name = int(source.id(drawn.video))
            numbers = view_numbers(drawn.view.place, COUNTS[name], SPEC)["rgb"]
            top, left = crop_corner(24, 32, 16, drawn.view.crops[0])
            window = (slice(top, top + 16), slice(left, left + 16))
            step = -1 if drawn.flip else 1
            wanted = pixels[name][numbers][(slice(None), *window)][:, :, ::step].astype(int)
            apart = np.abs(levels(clips["rgb"][place]) - wanted)
            assert apart.mean() < 1
            assert apart.max() < 12
            if COUNTS[name] == 1:
                assert not clips["flow"][place].numpy().any()
            else:
                steps = np.minimum(numbers, COUNTS[name] - 2)
                flow = flows[name][steps][(slice(None), *window)][:, :, ::step] * [step, 1]
                wanted = scale(flow, DEEPMIND_FLOW)
                np.testing.assert_allclose(clips["flow"][place], wanted, atol=1 / 254 + 1e-5)
            assert np.argmax(labels[place]) == name % 2


def test_the_graph_decodes_as_pillow(source):
    for clips, _, videos, _ in evaluation_batches(source, 2, SPEC, num_crops=3, num_clips=2):
        for clip, video in zip(levels(clips), videos.numpy(), strict=True):
            assert len(clip) == 6
            assert clip.shape[1:] == (16, 16, 3)
            assert 0 <= video < 4
    (whole,) = [c for c, _, v, _ in whole_video_batches(source, SPEC) if COUNTS[3] == len(c[0])]
    index = [source.id(i) for i in range(4)].index("3")
    stored = source.read(index, 0, 12)["rgb"]
    np.testing.assert_array_equal(levels(whole)[0], stored[:, 4:20, 8:24])


def test_another_size_is_resized_as_preprocessing_does(source):
    spec = seen(4, short_side=20, crop=14)
    ((clips, _, videos, _),) = evaluation_batches(source, 4, spec)
    for clip, video in zip(levels(clips), videos.numpy(), strict=True):
        view = View(0.5, ((CENTRE, CENTRE),))
        numbers = view_numbers(view.place, source.num_frames(video), spec)
        stored = source.read(video, 0, source.num_frames(video))["rgb"]
        wanted = resize_and_crop(stored[numbers["rgb"]], Preprocessing(25, 20, 14))
        np.testing.assert_array_equal(clip, wanted)


def test_it_is_a_source_like_others(source):
    index = [source.id(i) for i in range(4)].index("2")
    every = lambda total: dict.fromkeys(BOTH, np.arange(total))  # noqa: E731
    clip = read_crops(source, index, every, [(CENTRE, CENTRE)], BOTH)
    assert clip["rgb"].shape == (1, 9, 16, 16, 3)
    assert clip["flow"].shape == (1, 9, 16, 16, 2)
    with pytest.raises(ValueError, match="flow cannot be resized: short_side should be 24"):
        training_batches(source, 2, seen(4, 1, 20, 14, streams=("flow",)))


def test_a_damaged_shard_is_named_and_never_skipped(shards, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(shards, folder)
    for path in folder.glob("*.tfrecord"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 255
        path.write_bytes(data)
    damaged = Shards(folder, "train")
    with pytest.raises(tf.errors.OpError) as raised:
        list(training_batches(damaged, 4, SPEC, augmentation=NONE, skipped=Skipped()).take(1))
    assert ".tfrecord: no whole record" in cause(raised.value)


def test_streams_of_different_frames_are_of_one_moment(source):
    """A picture of every three, the second, and all of the flow; as Pillow decodes them."""
    inputs = {
        "rgb": replace(seen(2, 3, 24, 16)["rgb"], offset=1),
        "flow": seen(6, 1, 24, 16, ("flow",))["flow"],
    }
    tested = 0
    for clips, _, videos, _ in evaluation_batches(source, 1, inputs):
        video = int(videos[0])
        if source.num_frames(video) == 1:
            continue
        numbers = view_numbers(0.5, source.num_frames(video), inputs)
        assert (numbers["flow"].reshape(2, 3)[:, 1] == numbers["rgb"]).all()
        wanted = read_crops(source, video, lambda _, n=numbers: n, [(CENTRE, CENTRE)], inputs)
        for stream, one in inputs.items():
            by_hand = scale(wanted[stream], one.preprocessing)
            np.testing.assert_allclose(clips[stream], by_hand, atol=1e-6)
        tested += 1
    assert tested == 3
