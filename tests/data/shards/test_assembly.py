"""Shards from videos: every video accounted for, pixels right, gone on with after any break."""

import dataclasses
import hashlib
import io
import json
import os

import filelock
import numpy as np
import pytest
from PIL import Image

from keras_i3d.data.flow import flow_files
from keras_i3d.data.flow import methods as flow
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.data.shards import assembly, examples
from keras_i3d.data.shards.examples import encode_video, write_record
from keras_i3d.data.shards.manifest import ManifestError, read_manifest, read_record
from keras_i3d.data.shards.plan import ShardOptions, plan_shards
from keras_i3d.data.shards.sequence_example import parse
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import resized_frames
from keras_i3d.files import storage
from keras_i3d.files.workers import Outcome
from tests.conftest import write_video

CLASSES = ("dark", "light")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Five small videos, video i of 2 + i frames; and one that is none."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(5):
        frames = [np.full((24, 32, 3), 20 * number + 5 * t, np.uint8) for t in range(2 + number)]
        write_video(folder / f"{number}.mkv", frames)
    (folder / "bad.mkv").write_bytes(b"nothing")
    return folder


@pytest.fixture
def videos(root):
    listed = [Video(str(root / f"{n}.mkv"), (n % 2,), f"v{n}") for n in range(5)]
    return [*listed, Video(str(root / "bad.mkv"), (0,), "bad")]


def plan(out, videos, root, **options):
    options = ShardOptions(**{"shards": 2, "short_side": 24, **options})
    return plan_shards(out, "train", CLASSES, videos, options, root)


def in_this_process(task, items, *_):
    """run_all without its processes: quicker, and it can be broken off at a known place."""
    for item in items:
        try:
            yield Outcome(item, task(item))
        except ValueError as error:
            yield Outcome(item, error=getattr(error, "cause", str(error)))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(examples, "run_all", in_this_process)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_every_video_is_written_or_listed_with_its_cause(tmp_path, videos, root):
    seen = []
    manifest = assembly.write_shards(plan(tmp_path, videos, root), 2, watch=seen.append)
    assert (manifest.listed, manifest.written, len(manifest.failed), len(seen)) == (6, 5, 1, 6)
    assert manifest.failed[0][:2] == ("bad", "bad.mkv")
    assert manifest.failed[0][2].startswith("not a video")
    assert sorted(os.listdir(tmp_path)) == [
        "train-00000-of-00002.tfrecord",
        "train-00001-of-00002.tfrecord",
        "train.manifest.json",
    ]
    for shard in manifest.shards:
        data = (tmp_path / shard.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (shard.bytes, shard.sha256)
    for video in manifest.videos:
        example = parse(read_record(manifest.path(video), video.offset, video.length))
        number = int(video.id[1:])
        assert (example.id, example.data_path) == (video.id, f"{number}.mkv")
        assert tuple(example.labels) == video.labels == (number % 2,)
        assert list(example.label_names) == [CLASSES[number % 2]]
        assert (video.frames, video.height, video.width) == (2 + number, 24, 32)
        for t, data in enumerate(example.images.encoded):
            assert (
                np.abs(np.asarray(Image.open(io.BytesIO(data))) - (20.0 * number + 5 * t)).max() < 2
            )


def test_tensorflow_reads_the_shards(tmp_path, videos, root, quick):
    import tensorflow as tf

    manifest = assembly.write_shards(plan(tmp_path, videos, root))
    files = [str(tmp_path / shard.file) for shard in manifest.shards]
    ids = []
    for data in tf.data.TFRecordDataset(files):
        context, lists = tf.io.parse_single_sequence_example(
            data,
            {"example/id": tf.io.FixedLenFeature([], tf.string)},
            {"image/encoded": tf.io.FixedLenSequenceFeature([], tf.string)},
        )
        ids.append(context["example/id"].numpy().decode())
        assert tf.io.decode_jpeg(lists["image/encoded"][0]).shape == (24, 32, 3)
    assert ids == [video.id for video in manifest.videos]


def test_pixels_are_those_of_the_resized_video_but_for_jpeg(shared, tmp_path):
    path = str(shared / "clips" / "v_CricketShot_g04_c01.avi")
    made = plan_shards(
        tmp_path, "x", CLASSES, [Video(path, (1,), "a", 1.0, 2.0)], ShardOptions(), shared
    )
    images = encode_video(made.jobs[0][0]).images
    with VideoFile(path) as video:
        wanted = list(resized_frames(video, Preprocessing()))[25:50]
    assert len(images.encoded) == 25
    assert images.times()[:2] == [1_000_000, 1_040_000]
    for data, frame in zip(images.encoded, wanted, strict=True):
        found = np.asarray(Image.open(io.BytesIO(data)))
        assert np.abs(found.astype(int) - frame).mean() < 1  # grey levels


def test_parts_and_times_of_labels(tmp_path, counting_video):
    # Ten frames at 25 a second; frames 2 to 5 are wanted: [0.08 s, 0.24 s).
    actions = ((1, 0.0, 0.1), (0, 0.3, 0.4))
    video = Video(str(counting_video), (1, 0), "a", 0.08, 0.24, actions)
    made = plan_shards(tmp_path, "x", CLASSES, [video], ShardOptions(short_side=30), tmp_path)
    example = encode_video(made.jobs[0][0])
    greys = [np.asarray(Image.open(io.BytesIO(data))).mean() for data in example.images.encoded]
    assert np.allclose(greys, [40, 60, 80, 100], atol=1)
    assert example.images.times() == [80_000, 120_000, 160_000, 200_000]
    assert example.segments == [(1, "light", 0.0, 0.1)]  # the other is not in this part
    late = Video(str(counting_video), (), "a", 9.0)
    made = plan_shards(tmp_path, "x", CLASSES, [late], ShardOptions(), tmp_path)
    with pytest.raises(ValueError, match="it ends before 9 s, where its part starts"):
        encode_video(made.jobs[0][0])


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", range(1, 12))
def test_a_run_broken_off_anywhere_ends_with_the_same_bytes(
    tmp_path, videos, root, quick, monkeypatch, moment
):
    undisturbed = tmp_path / "undisturbed"
    assembly.write_shards(plan(undisturbed, videos, root))
    out = tmp_path / "out"
    steps = iter(range(1, 100))

    def dying(original):
        def step(*arguments):
            if next(steps) == moment:
                raise Killed
            return original(*arguments)

        return step

    for name in ("write", "remove", "writing"):
        monkeypatch.setattr(storage, name, dying(getattr(storage, name)))
    with pytest.raises(Killed):
        assembly.write_shards(plan(out, videos, root))
    with pytest.raises(FileNotFoundError):
        read_manifest(out, "train")
    for path in out.glob("*.tfrecord"):  # whatever has its final name is whole
        assert path.read_bytes() == (undisturbed / path.name).read_bytes()
    seen = []
    assembly.write_shards(plan(out, videos, root), watch=seen.append)
    assert contents(out) == contents(undisturbed)
    assert len(seen) == 6
    assert not (out / ".train.work").exists()


def test_a_finished_run_is_not_repeated(tmp_path, videos, root, quick, monkeypatch):
    first = assembly.write_shards(plan(tmp_path, videos, root))
    monkeypatch.setattr(examples, "run_all", None)
    assert assembly.write_shards(plan(tmp_path, list(reversed(videos)), root)) == first


@pytest.mark.parametrize("unfinished", [False, True])
def test_another_run_is_refused_and_both_are_shown(tmp_path, videos, root, quick, unfinished):
    if unfinished:
        with assembly.working(plan(tmp_path, videos, root)):
            pass
    else:
        assembly.write_shards(plan(tmp_path, videos, root))
    with pytest.raises(assembly.OtherRunError, match="quality 97 there, 75 wanted"):
        assembly.write_shards(plan(tmp_path, videos, root, quality=75))
    with pytest.raises(assembly.OtherRunError, match="listed 6 there, 5 wanted; list_sha256"):
        assembly.write_shards(plan(tmp_path, videos[:5], root))
    assembly.clear(plan(tmp_path, videos, root))
    assert assembly.write_shards(plan(tmp_path, videos[:5], root)).written == 5


def test_what_failed_can_be_tried_again(tmp_path, videos, root, quick):
    copy = tmp_path / "videos"
    copy.mkdir()
    for path in root.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    listed = [Video(str(copy / os.path.basename(v.path)), v.labels, v.id) for v in videos]
    made = plan(tmp_path / "out", listed, copy, shards=3)
    before = assembly.write_shards(made)
    (copy / "bad.mkv").write_bytes((copy / "0.mkv").read_bytes())
    assembly.retry_failed(made)
    redone = []
    after = assembly.write_shards(made, watch=redone.append)
    assert (before.written, after.written, after.failed) == (5, 6, ())
    assert len(redone) == 6
    same = [a.sha256 == b.sha256 for a, b in zip(before.shards, after.shards, strict=True)]
    assert sorted(same) == [False, True, True]


def test_a_full_disk_stops_the_run_and_is_no_fault_of_the_videos(
    tmp_path, videos, root, quick, monkeypatch
):
    made = plan(tmp_path, videos, root)

    def full(*_):
        raise OSError(28, "No space left on device", "x.record")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "write", full)
        with pytest.raises(OSError, match="No space left"):
            assembly.write_shards(made)
    assert not storage.exists(str(tmp_path / "train.manifest.json"))
    with monkeypatch.context() as patch:
        patch.setattr(examples, "build", full)  # in the worker
        with pytest.raises(OSError, match="No space left on device") as raised:
            assembly.write_shards(made)
        assert (raised.value.errno, raised.value.filename) == (28, "x.record")
    assert assembly.write_shards(made).written == 5


def test_two_at_once_are_refused(tmp_path, videos, root, quick):
    made = plan(tmp_path, videos, root)
    storage.make_folder(made.work)
    with (
        filelock.FileLock(os.path.join(made.work, "lock")),
        pytest.raises(BlockingIOError, match="another process is at work in it"),
    ):
        assembly.write_shards(made)


def test_a_damaged_waiting_record_is_refused(tmp_path, videos, root, quick):
    made = plan(tmp_path, videos, root)
    job = made.jobs[0][0]
    with assembly.working(made):
        write_record(job)
    with open(job.work, "r+b") as file:
        file.truncate(os.path.getsize(job.work) - 1)
    with pytest.raises(ManifestError, match=r"\.record: damaged; remove it"):
        assembly.write_shards(made)


def test_the_manifest_has_no_clock_and_no_place_in_it(tmp_path, videos, root, quick):
    assembly.write_shards(plan(tmp_path / "a", videos, root))
    text = (tmp_path / "a" / "train.manifest.json").read_text()
    assert str(root) not in text
    assert json.loads(text)["failed"][0]["path"] == "bad.mkv"


def flow_options(spec):
    return flow.fingerprint("farneback", spec)


@pytest.fixture
def moving(tmp_path):
    """Seven frames of a texture that goes one pixel to the right in each."""
    pytest.importorskip("cv2")
    texture = np.random.default_rng(0).integers(0, 255, (24, 40, 3), np.uint8)
    frames = [np.roll(texture, t, axis=1)[:, :32] for t in range(7)]
    folder = tmp_path / "moving"
    folder.mkdir()
    write_video(folder / "m.mkv", frames)
    return folder


def test_flow_is_that_of_the_stored_frames_cached_or_computed(tmp_path, moving):
    import tensorflow as tf

    spec = Preprocessing(short_side=24, bound=20.0)
    made_by = flow.fingerprint("farneback", spec)
    with VideoFile(moving / "m.mkv") as video:
        frames = np.stack(list(resized_frames(video, spec)))
    wanted = flow.encode(flow.compute_flow(frames, "farneback"))
    (tmp_path / "flows").mkdir()
    fields = flow.compute_flow(frames, "farneback")
    flow_files.write_flow_file(tmp_path / "flows" / "m.mkv.flow.zip", fields, made_by)
    options = ShardOptions(short_side=24, flow=made_by)
    video = Video(str(moving / "m.mkv"), (), "m", 0.08, 0.2)  # frames 2, 3 and 4
    encoded = []
    for flow_folder in (tmp_path / "flows", None):
        made = plan_shards(tmp_path, "x", (), [video], options, moving, flow_folder=flow_folder)
        encoded.append(encode_video(made.jobs[0][0]))
    assert encoded[0] == encoded[1]
    stored = encoded[0].flow
    assert stored.pictures.times() == [80_000, 120_000]
    assert flow.FlowFingerprint.from_json(stored.fingerprint) == made_by
    for data, field in zip(stored.pictures.encoded, wanted[2:4], strict=True):
        assert np.array_equal(tf.io.decode_png(data), field)


def test_flow_that_does_not_fit_is_refused(tmp_path, moving):
    spec = Preprocessing(short_side=24, bound=20.0)
    (tmp_path / "flows").mkdir()
    path = tmp_path / "flows" / "m.mkv.flow.zip"
    video = Video(str(moving / "m.mkv"), (), "m")

    def encode(**changes):
        options = ShardOptions(
            short_side=24, flow=dataclasses.replace(flow_options(spec), **changes)
        )
        folder = tmp_path / "flows"
        made = plan_shards(tmp_path, "x", (), [video], options, moving, flow_folder=folder)
        return encode_video(made.jobs[0][0])

    with pytest.raises(ValueError, match="no such file"):
        encode()
    fields = np.zeros((5, 24, 32, 2), np.float32)  # one too few
    flow_files.write_flow_file(path, fields, flow.fingerprint("farneback", spec))
    with pytest.raises(ValueError, match="should have 6 pictures .* Received: 5 of"):
        encode()
    with pytest.raises(flow.FingerprintError, match="(?s)bound.*expected 10.*received 20"):
        encode(bound=10.0)
    with pytest.raises(ValueError, match="made at fps=30; it would not fit pictures at fps=25"):
        encode(fps=30)


def test_one_frame_has_no_flow_and_is_stored(tmp_path):
    pytest.importorskip("cv2")
    write_video(tmp_path / "one.mkv", [np.zeros((24, 32, 3), np.uint8)])
    options = ShardOptions(
        short_side=24, flow=flow_options(Preprocessing(short_side=24, bound=20.0))
    )
    video = Video(str(tmp_path / "one.mkv"), (), "one")
    made = plan_shards(tmp_path / "out", "x", (), [video], options, tmp_path)
    manifest = assembly.write_shards(made, 1)
    assert [(v.frames, v.flows) for v in manifest.videos] == [(1, 0)]
    assert parse(read_record(manifest.path(manifest.videos[0]), 0)).flow.pictures.encoded == []
