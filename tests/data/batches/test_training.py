"""Training batches: a pure function of seed and sample, however they are made."""

import numpy as np
import pytest
import tensorflow as tf

from keras_i3d.data.batches.augmentation import COLOUR_OPERATIONS, NONE, Augmentation, draw
from keras_i3d.data.batches.clip_sources import Skipped
from keras_i3d.data.batches.finishing import cause
from keras_i3d.data.batches.sampling import view_numbers
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.pixels.cropping import crop_corner
from keras_i3d.data.synthetic.videos import SyntheticVideos
from tests.data.counting import CountingVideos, levels
from tests.data.seen import seen

SPEC = seen(frames=6, every=2, short_side=12, crop=8)


def arrays(batches, count):
    """Every tensor of `count` batches, as NumPy."""
    return [[part.numpy() for part in tf.nest.flatten(batch)] for batch in batches.take(count)]


def assert_equal(one, other):
    assert len(one) == len(other) > 0
    for left, right in zip(one, other, strict=True):
        for a, b in zip(left, right, strict=True):
            np.testing.assert_array_equal(a, b)


def test_frames_crops_flips_and_labels_are_those_drawn():
    source, augmentation = CountingVideos(), Augmentation(flip=0.5)
    batches = training_batches(
        source, 6, seen(6, 2, 12, 8, streams=("rgb", "flow")), augmentation=augmentation, seed=4
    )
    flips = set()
    for epoch, (clips, labels) in enumerate(batches.take(4)):
        rgb, flow = levels(clips["rgb"]), clips["flow"].numpy() * 20
        assert sorted(rgb[:, 0, 0, 0, 0]) == list(range(6))  # each video once an epoch
        for place in range(6):
            drawn = draw(6 * epoch + place, 6, 4, augmentation)
            total = source.num_frames(drawn.video)
            numbers = view_numbers(drawn.view.place, total, SPEC)["rgb"]
            top, left = crop_corner(12, 16, 8, drawn.view.crops[0])
            columns = np.arange(left, left + 8)[:: -1 if drawn.flip else 1]
            assert (rgb[place, ..., 0] == drawn.video).all()
            assert (rgb[place, ..., 1] == numbers[:, None, None]).all()
            pixels = 10 * np.arange(top, top + 8)[:, None] + columns
            assert (rgb[place, ..., 2] == pixels).all()
            # Of the same frames and places; of the last frame, the flow before it; x mirrored.
            sign = -1 if drawn.flip else 1
            wanted = sign * np.minimum(np.minimum(numbers, total - 2), 20)
            np.testing.assert_allclose(flow[place, :, 0, 0, 0], wanted, atol=1e-5)
            np.testing.assert_allclose(flow[place, 0, 0, :, 1], columns, atol=1e-5)
            classes = [0, 2] if drawn.video == 0 else [drawn.video % 3]
            assert np.flatnonzero(labels[place]).tolist() == classes
            flips.add(drawn.flip)
    assert flips == {True, False}


FULL = Augmentation(
    brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1, num_operations=2, mixup=0.4, cutmix=1.0
)


def synthetic():
    return SyntheticVideos(num_videos=10, num_frames=8, size=(24, 32))


SMALL = seen(4, 1, 24, 16)


def test_any_parallelism_gives_the_same():
    one, many, found = (
        arrays(training_batches(synthetic(), 4, SMALL, augmentation=FULL, parallel=n), 5)
        for n in (1, 7, None)
    )
    assert_equal(one, many)
    assert_equal(one, found)
    other = arrays(training_batches(synthetic(), 4, SMALL, augmentation=FULL, seed=1), 5)
    assert (one[0][0] != other[0][0]).any()


def test_going_on_gives_the_tail():
    whole = arrays(training_batches(synthetic(), 4, SMALL, augmentation=FULL), 6)
    tail = arrays(training_batches(synthetic(), 4, SMALL, augmentation=FULL, start=12), 3)
    assert_equal(whole[3:], tail)


@pytest.mark.parametrize(("batch_size", "workers"), [(4, 2), (8, 3), (6, 3)])
def test_workers_share_the_global_batch(batch_size, workers):
    mixes = batch_size // workers % 2 == 0 and batch_size % workers == 0
    augmentation = FULL if mixes else Augmentation(brightness=0.4)
    options = {"augmentation": augmentation, "start": 2 * batch_size}
    whole = arrays(training_batches(synthetic(), batch_size, SMALL, **options), 3)
    parts = [
        arrays(training_batches(synthetic(), batch_size, SMALL, worker=(i, workers), **options), 3)
        for i in range(workers)
    ]
    together = [
        [np.concatenate(tensors) for tensors in zip(*batch, strict=True)]
        for batch in zip(*parts, strict=True)
    ]
    assert_equal(whole, together)


def test_flow_and_pixels_of_synthetic_videos():
    batches = training_batches(synthetic(), 4, seen(4, 1, 24, 16, streams=("rgb", "flow")))
    ((clips, labels),) = batches.take(1)
    assert clips["rgb"].shape == (4, 4, 16, 16, 3)
    assert clips["flow"].shape == (4, 4, 16, 16, 2)
    assert batches.element_spec[0]["rgb"].shape == (4, 4, 16, 16, 3)
    assert labels.numpy().sum(1).tolist() == [1, 1, 1, 1]
    assert float(tf.reduce_max(tf.abs(clips["rgb"]))) <= 1


def test_a_broken_video_ends_it_by_name():
    source = CountingVideos(broken=[3])
    with pytest.raises(tf.errors.OpError) as raised:
        arrays(training_batches(source, 2, SPEC), 3)
    assert cause(raised.value) == "3.mp4: torn"


def test_a_broken_video_is_replaced_and_told():
    source, skipped = CountingVideos(broken=[3]), Skipped()
    batches = training_batches(source, 6, SPEC, skipped=skipped, augmentation=NONE)
    shown = np.concatenate([levels(clips)[:, 0, 0, 0, 0] for clips, _ in batches.take(5)])
    assert len(shown) == 30
    assert 3 not in shown
    assert all((shown == video).sum() >= 5 for video in (0, 1, 2, 4, 5))
    assert skipped.report() == "1 video was left out:\n  video 3: 3.mp4: torn"
    assert_equal(
        arrays(batches, 5), arrays(training_batches(source, 6, SPEC, augmentation=NONE,
                                                    skipped=Skipped(), parallel=1), 5)
    )  # fmt: skip


def test_nothing_but_broken_videos_comes_to_an_end():
    source = CountingVideos(broken=range(6))
    with pytest.raises(tf.errors.OpError) as raised:
        arrays(training_batches(source, 2, SPEC, skipped=Skipped()), 1)
    assert cause(raised.value).endswith(".mp4: torn")


def test_video_files_in_batches(counting_video):
    from keras_i3d.data.lists.annotations import Video

    source = VideoFiles([Video(str(counting_video), (1,), "v")], ["a", "b"])
    spec = seen(4, 2, 30, 16)
    batches = training_batches(source, 3, spec, augmentation=NONE)
    for clips, labels in batches.take(2):
        assert clips.shape == (3, 4, 16, 16, 3)
        assert np.diff(levels(clips)[:, :, 0, 0, 0]).tolist() == [[40] * 3] * 3
        assert labels.numpy().tolist() == [[0, 1]] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": {"depth": SPEC["rgb"]}}, r"for 'rgb', 'flow' or both. Received: \('depth',\)"),
        ({"start": 3}, "multiple of batch_size. Received: 3 and 4"),
        ({"worker": (2, 2)}, "worker=.2, 2."),
        (
            {"worker": (0, 4), "augmentation": Augmentation(mixup=1)},
            "each worker's part of a batch should be even",
        ),
        (
            {"inputs": seen(streams=("flow",)), "augmentation": Augmentation(num_operations=1)},
            "would make the flow wrong",
        ),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        training_batches(CountingVideos(), 4, **{"inputs": SPEC, **options})


def test_colour_operations_leave_flow_true():
    augmentation = Augmentation(num_operations=1, operations=COLOUR_OPERATIONS, flip=0)
    both = seen(6, 2, 12, 8, streams=("rgb", "flow"))
    ((changed, _),) = training_batches(CountingVideos(), 6, both, augmentation=augmentation).take(1)
    ((same, _),) = training_batches(CountingVideos(), 6, both, augmentation=NONE).take(1)
    np.testing.assert_array_equal(changed["flow"], same["flow"])
    assert (changed["rgb"].numpy() != same["rgb"].numpy()).any()
