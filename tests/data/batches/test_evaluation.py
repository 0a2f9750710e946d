"""Evaluation: every view of every video, once."""

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.batches.clip_sources import Skipped
from keras_i3d.data.batches.evaluation import evaluation_batches, whole_video_batches
from tests.data.counting import CountingVideos, levels
from tests.data.seen import seen

SPEC = seen(frames=6, short_side=12, crop=8)


def views(batches):
    """((video, view), first frame, first column) of each example, checked to be of its video."""
    found = []
    for clips, labels, videos, numbers in batches:
        pixels = levels(clips)
        assert len(pixels) == len(labels) == len(videos) == len(numbers) > 0
        for clip, video, number in zip(pixels, videos.numpy(), numbers.numpy(), strict=True):
            assert (clip[..., 0] == video).all()
            found.append(((video, number), clip[0, 0, 0, 1], clip[0, 0, 0, 2] % 10))
    return found


@pytest.mark.parametrize("batch_size", [1, 4, 7])
def test_every_view_once(batch_size):
    batches = evaluation_batches(CountingVideos(), batch_size, SPEC, num_clips=2, num_crops=3)
    sizes = [len(batch[2]) for batch in batches]
    assert sizes == [batch_size] * (36 // batch_size) + [36 % batch_size] * (36 % batch_size > 0)
    found = views(batches)
    assert [place for place, *_ in found] == [(v, w) for v in range(6) for w in range(6)]
    # Video 3: 14 frames, 9 beginnings, of which 1/4 and 3/4: 2 and 6. Columns 0, 4 and 8 of 16.
    of_three = [rest for (video, _), *rest in found if video == 3]
    assert of_three == [[2, 0], [2, 4], [2, 8], [6, 0], [6, 4], [6, 8]]


@pytest.mark.parametrize("workers", [2, 4, 9])
def test_workers_divide_the_videos(workers):
    parts = [
        views(evaluation_batches(CountingVideos(), 4, SPEC, num_clips=3, worker=(i, workers)))
        for i in range(workers)
    ]
    places = sorted(place for part in parts for place, *_ in part)
    assert places == [(v, w) for v in range(6) for w in range(3)]


def test_whole_videos():
    batches = list(whole_video_batches(CountingVideos(), SPEC, longest=12, num_crops=3))
    frames = {}
    for clips, _, videos, numbers in batches:
        assert len(clips) == 3
        assert (numbers.numpy() % 3).tolist() == [0, 1, 2]
        frames.setdefault(int(videos[0]), []).append(levels(clips)[0, :, 0, 0, 1].tolist())
    assert frames.pop(0) == [[0, 1, 2, 3, 4, 0]]  # 5 frames, looped to 6
    for video, parts in frames.items():
        total = 5 + 3 * video
        assert sum(parts, []) == list(range(total))
        assert len(parts) == -(-total // 12)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("whole", [False, True])
def test_broken_videos_are_counted_or_named(whole):
    source = CountingVideos(broken=[0, 4])

    def batches(skipped=None):
        if whole:
            return whole_video_batches(source, SPEC, skipped=skipped)
        return evaluation_batches(source, 4, SPEC, num_clips=2, skipped=skipped)

    skipped = Skipped()
    found = {video for (video, _), *_ in views(batches(skipped))}
    assert found == {1, 2, 3, 5}
    assert len(found) + len(skipped) == source.num_videos
    with pytest.raises(tf.errors.OpError, match="0.mp4: torn"):
        views(batches())


def test_two_streams_and_labels():
    batches = evaluation_batches(CountingVideos(), 6, seen(6, 1, 12, 8, streams=("flow", "rgb")))
    ((clips, labels, *_),) = batches
    assert clips["flow"].shape == (6, 6, 8, 8, 2)
    assert clips["rgb"].shape == (6, 6, 8, 8, 3)
    np.testing.assert_array_equal(np.argmax(labels[1:], 1), [1, 2, 0, 1, 2])
    assert labels[0].numpy().tolist() == [1, 0, 1]


def test_what_cannot_be():
    with pytest.raises(ValueError, match="worker should be a number below 2"):
        evaluation_batches(CountingVideos(), 4, SPEC, worker=(2, 2))
    with pytest.raises(
        ValueError, match="longest should be at least the inputs' frames. Received: 5 and"
    ):
        whole_video_batches(CountingVideos(), SPEC, longest=5)
    with pytest.raises(ValueError, match="should have at least one video"):
        evaluation_batches(CountingVideos(0), 4, SPEC)


@pytest.mark.slow
def test_every_shared_file_is_accounted_for(shared):
    from keras_i3d.data.batches.video_files import VideoFiles
    from keras_i3d.data.lists.annotations import Video

    paths = [p for folder in ("clips", "nasty") for p in sorted((shared / folder).iterdir())]
    source = VideoFiles([Video(str(p), (0,), str(p)) for p in paths], ["a"])
    for batches in (evaluation_batches, whole_video_batches):
        skipped, spec = Skipped(), seen(8, 4, 32, 32)
        options = {"batch_size": 4} if batches is evaluation_batches else {}
        found = set()
        for _, _, videos, _ in batches(source, inputs=spec, skipped=skipped, **options):
            found |= set(videos.numpy().tolist())
        assert len(found) + len(skipped) == len(paths)
        assert len(found) == 50
