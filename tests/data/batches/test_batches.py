"""The chain from videos to batches: what is drawn, what is read, what comes out."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.batches.augmentation import NONE, Augmentation
from keras_i3d.data.batches.clip_sources import Skipped
from keras_i3d.data.batches.evaluation import evaluation_batches, whole_video_batches
from keras_i3d.data.batches.sampling import view_numbers
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels import preprocessing
from keras_i3d.data.pixels.cropping import CENTRE
from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import cropped_frames, read_clip
from tests.conftest import write_video
from tests.data.seen import seen

SMALL = seen(frames=4, every=2, short_side=40, crop=32)
BOTH = seen(4, 2, 40, 32, streams=("rgb", "flow"))
FAST = dataclasses.replace(
    SMALL["rgb"], preprocessing=dataclasses.replace(SMALL["rgb"].preprocessing, fps=15)
)


class Counting:
    """Videos whose pixels tell the video, the frame, the row and the column; flow likewise."""

    class_names = ("a", "b", "c")
    fps = 25

    def __init__(self, lengths, height=40, width=50):
        self.lengths, self.size = lengths, (height, width)
        self.num_videos = len(lengths)

    def id(self, index):
        return f"video {index}"

    def labels(self, index):
        return (index % 3,)

    def num_frames(self, index):
        return self.lengths[index]

    def read(self, index, start, count, streams):
        assert 0 <= start < start + count <= self.lengths[index]
        rgb = np.zeros((count, *self.size, 3), np.uint8)
        rgb[..., 0] = 16 * index + np.arange(start, start + count)[:, None, None]
        rgb[..., 1], rgb[..., 2] = np.indices(self.size)
        flow = np.zeros((min(count, self.lengths[index] - start - 1), *self.size, 2), np.float32)
        flow[..., 0] = np.arange(start, start + len(flow))[:, None, None] / 8
        flow[..., 1] = np.arange(self.size[1]) / 8
        return {stream: {"rgb": rgb, "flow": flow}[stream] for stream in streams}


SOURCE = Counting([12, 9, 3, 12, 16])


def pixels(clips):
    """The grey levels that a float clip was made of."""
    return np.rint((clips + 1) * 127.5).astype(int)


def take(count, source=SOURCE, batch_size=2, spec=SMALL, augmentation=NONE, **options):
    batches = training_batches(source, batch_size, spec, augmentation=augmentation, **options)
    return list(batches.take(count).as_numpy_iterator())


# === What is drawn ===


def test_an_epoch_has_every_video_once():
    clips = np.concatenate([x for x, _ in take(10, batch_size=5)])
    videos = pixels(clips)[:, 0, 0, 0, 0] // 16
    for epoch in range(10):
        assert sorted(videos[5 * epoch : 5 * epoch + 5]) == [0, 1, 2, 3, 4]
    assert len({tuple(videos[5 * e : 5 * e + 5]) for e in range(10)}) > 3


def test_frames_are_those_of_the_clip_and_crops_lie_anywhere():
    tops, starts = set(), set()
    for x, y in take(40):
        for clip, label in zip(pixels(x), y, strict=True):
            video, frames = clip[0, 0, 0, 0] // 16, clip[:, 0, 0, 0] % 16
            assert label.tolist() == np.eye(3)[video % 3].tolist()
            if SOURCE.lengths[video] >= SMALL["rgb"].span:
                assert np.diff(frames).tolist() == [2, 2, 2]
                starts.add((video, frames[0]))
            else:
                assert frames.tolist() == [0, 2, 1, 0]  # three frames, looped
            top, left = clip[0, 0, 0, 1], clip[0, 0, 0, 2]
            assert np.array_equal(clip[0, :, :, 1], top + np.indices((32, 32))[0])
            assert np.array_equal(clip[0, :, :, 2], left + np.indices((32, 32))[1])
            tops.add((top, left))
    assert {start for video, start in starts if video == 1} == {0, 1, 2}
    assert max(start for video, start in starts if video == 4) == 9
    assert min(tops)[0] == 0
    assert max(tops)[0] == 8
    assert max(left for _, left in tops) > 14


def test_one_seed_fixes_all_and_another_changes_it():
    first, again, other = take(3), take(3), take(3, seed=1)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a[0], b[0]) for a, b in zip(first, other, strict=True))


def test_going_on_gives_what_would_have_come():
    whole = take(6)
    rest = take(4, start=4)
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(whole[2:], rest, strict=True))


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_parts_are_the_global_batch(workers):
    whole = take(4, batch_size=5, start=5)
    parts = [take(4, batch_size=5, start=5, worker=(w, workers)) for w in range(workers)]
    for number, (x, y) in enumerate(whole):
        assert np.array_equal(x, np.concatenate([part[number][0] for part in parts]))
        assert np.array_equal(y, np.concatenate([part[number][1] for part in parts]))


def test_parallelism_changes_nothing():
    one, many = (take(5, parallel=parallel) for parallel in (1, 7))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(one, many, strict=True))


def test_streams_share_start_crop_and_flip():
    flipped = 0
    for x, _ in take(30, spec=BOTH, augmentation=Augmentation(flip=0.5)):
        for rgb, flow in zip(pixels(x["rgb"]), x["flow"] * 20, strict=True):
            video, frames = rgb[0, 0, 0, 0] // 16, rgb[:, 0, 0, 0] % 16
            mirrored = rgb[0, 0, 0, 2] > rgb[0, 0, 1, 2]
            flipped += mirrored
            # Flow of the video's last frame is that of the one before.
            expected = np.minimum(frames, SOURCE.lengths[video] - 2) / 8 * (-1 if mirrored else 1)
            assert np.allclose(flow[:, 0, 0, 0], expected, atol=1e-5)
            assert np.allclose(flow[0, 0, :, 1], rgb[0, 0, :, 2] / 8, atol=1e-5)
    assert 15 < flipped < 45


# === What is read ===


def gradient_frames(count, height=40, width=60):
    rows, columns = np.indices((height, width))
    return [
        np.stack([rows * 4, columns * 4, rows + columns + i], -1).astype(np.uint8)
        for i in range(count)
    ]


@pytest.fixture
def files(tmp_path):
    """Three videos of 9, 12 and 3 frames; lossless."""
    videos = []
    for number, count in enumerate((9, 12, 3)):
        path = write_video(tmp_path / f"{number}.mkv", gradient_frames(count))
        videos.append(Video(str(path), (number,), f"v{number}"))
    return VideoFiles(videos, ("a", "b", "c"))


def test_pixels_of_files_are_those_of_numpy(files):
    spec = seen(4, 2, 48, 32)
    for x, labels, index, _ in evaluation_batches(files, 1, spec):
        video = files.videos[int(index[0])]
        with VideoFile(video.path) as file:
            frames = np.stack([image for image, _, _ in file])
        start = max(0, (len(frames) - 7 + 1) // 2)
        numbers = (start + 2 * np.arange(4)) % len(frames)
        recipe = dataclasses.replace(DEEPMIND_RGB, short_side=48, crop=32)
        assert np.array_equal(x[0], preprocessing.preprocess(frames[numbers], recipe))
        assert labels[0].numpy().argmax() == int(index[0])


def test_a_part_of_a_video_is_a_video(files):
    part = Video(files.videos[1].path, (0,), "part", start=0.2, end=0.4)  # frames 5 to 9
    spec = seen(1, 1, 48, 32)
    ((clip, *_),) = whole_video_batches(VideoFiles([part], ("a",)), spec)
    clips = [x for x, _, index, _ in whole_video_batches(files, spec) if index[0] == 1]
    assert np.array_equal(clip, clips[0][:, 5:10])


def test_real_clips_are_read_whole(shared):
    """As many frames as streaming gives, and the same ones."""
    path = str(shared / "clips" / "v_CricketShot_g04_c01.avi")
    source = VideoFiles([Video(path, (0,), "cricket")], ("cricket",))
    ((x, *_),) = whole_video_batches(source)
    assert np.array_equal(x[0], read_clip(path))


@pytest.mark.parametrize("place", [0.0, 0.4, 0.99])
def test_seeking_gives_the_frames_of_decoding_from_the_start(shared, place):
    """Of every clip and every decodable nasty file: 4 frames at a place, against all of them."""
    spec, files = seen(4, 1, 40, 32), 0
    recipe = dataclasses.replace(DEEPMIND_RGB, short_side=40, crop=32)
    paths = [p for folder in ("clips", "nasty") for p in sorted((shared / folder).iterdir())]
    for path in paths:
        if path.name == "long_6000_frames.mp4" or path.stat().st_size > 4_000_000:
            continue
        source = VideoFiles([Video(str(path), (0,), path.name)], ("a",))
        choose = lambda total: view_numbers(place, total, spec)  # noqa: E731
        try:
            with VideoFile(path) as file:
                whole = np.stack(list(cropped_frames(file, recipe)))
                damaged = any(note.startswith("damaged") for note in file.notes)
        except VideoError:
            with pytest.raises(VideoError):
                source.read_crops(0, choose, [(CENTRE, CENTRE)], spec)
            continue
        clip = source.read_crops(0, choose, [(CENTRE, CENTRE)], spec)["rgb"][0]
        # What stands for lost pictures depends on what was decoded before.
        assert damaged or np.array_equal(clip, whole[choose(len(whole))["rgb"]]), path.name
        files += not damaged
    assert files > 30


def test_a_broken_video_is_an_error_that_names_it_or_is_left_out(files, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    videos = [*files.videos, Video(str(tmp_path / "broken.mp4"), (0,), "b")]
    source, spec = VideoFiles(videos, ("a", "b", "c")), seen(4, 2, 48, 32)
    with pytest.raises(tf.errors.OpError, match=r"broken\.mp4: not a video"):
        list(training_batches(source, 4, spec).take(1))
    skipped = Skipped()
    assert len(take(3, source, 4, spec, skipped=skipped)) == 3
    assert skipped.causes.keys() == {"b"}
    skipped = Skipped()
    found = [
        int(i)
        for *_, index, _ in evaluation_batches(source, 2, spec, skipped=skipped)
        for i in index
    ]
    assert found == [0, 1, 2]
    assert "not a video" in skipped.causes["b"]


def test_flow_of_a_video_of_one_frame_is_none():
    batches = training_batches(Counting([1]), 1, seen(3, 1, 40, 32, streams=("rgb", "flow")))
    ((x, _),) = batches.take(1)
    assert x["rgb"].shape[1] == x["flow"].shape[1] == 3
    assert not np.any(x["flow"])


# === Tests' views ===


@pytest.mark.parametrize("workers", [1, 2])
def test_every_view_of_every_video_comes_once(workers):
    seen = []
    for worker in range(workers):
        options = {"num_clips": 2, "num_crops": 3, "worker": (worker, workers)}
        for x, _, index, _ in evaluation_batches(SOURCE, 4, SMALL, **options):
            for clip, video in zip(pixels(x.numpy()), index.numpy(), strict=True):
                assert clip[0, 0, 0, 0] // 16 == video
                seen.append((int(video), clip[0, 0, 0, 0] % 16, clip[0, 0, 0, 2]))
    # 5 videos, 2 clips each, crops at columns 0, 9 and 18 of 50; rows from 4.
    assert len(seen) == 30
    assert {left for *_, left in seen} == {0, 9, 18}
    assert sorted({start for video, start, _ in seen if video == 4}) == [2, 7]  # of 0 to 9


def test_whole_videos_come_whole():
    lengths = [x.shape[1] for x, *_ in whole_video_batches(SOURCE, SMALL)]
    assert lengths == [6, 5, 4, 6, 8]  # every other frame; the third is looped to four


def test_a_long_video_comes_in_parts_that_have_every_frame_once():
    spec = seen(2, 1, 40, 32)
    frames = {number: [] for number in range(5)}
    for x, _, videos, _ in whole_video_batches(SOURCE, spec, longest=5):
        assert x.shape[1] <= 5
        frames[int(videos[0])] += (pixels(x.numpy())[0, :, 0, 0, 0] % 16).tolist()
    assert frames == {number: list(range(n)) for number, n in enumerate(SOURCE.lengths)}


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"start": 3}, "multiple of batch_size"),
        ({"inputs": {}}, "inputs should be for"),
        ({"inputs": {"sound": SMALL["rgb"]}}, "inputs should be for"),
        ({"inputs": {"rgb": FAST}}, r"read at 15 frames a second, and this source has 25"),
        ({"worker": (2, 2)}, "worker=.2, 2."),
        ({"source": Counting([])}, "should have at least one video"),
        ({"augmentation": Augmentation(mixup=0.2), "batch_size": 3}, "should be even"),
        (
            {"augmentation": Augmentation(num_operations=1), "inputs": BOTH},
            "make the flow wrong",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_read(arguments, message):
    with pytest.raises(ValueError, match=message):
        training_batches(**{"source": SOURCE, "batch_size": 2, "inputs": SMALL, **arguments})


def test_sources_do_without_tensorflow():
    modules = ("batches.clip_sources", "batches.video_files", "shards.source")
    named = ", ".join(f"keras_i3d.data.{module}" for module in modules)
    program = f"import sys, {named}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
