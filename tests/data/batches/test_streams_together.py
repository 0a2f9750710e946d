"""Two streams that see different frames of a video: the pictures and their flow, one moment."""

from dataclasses import replace

import numpy as np
import pytest

from keras_i3d.data.batches.augmentation import NONE, Augmentation
from keras_i3d.data.batches.clip_sources import read_crops
from keras_i3d.data.batches.evaluation import whole_video_batches
from keras_i3d.data.batches.training import training_batches
from keras_i3d.data.pixels.cropping import CENTRE
from keras_i3d.data.synthetic.videos import SyntheticVideos
from tests.data.counting import CountingVideos, levels
from tests.data.seen import seen

SIDE = {"short_side": 12, "crop": 12}
FUSED = {
    "rgb": replace(seen(2, 4, **SIDE)["rgb"], offset=2),
    "flow": seen(8, 1, **SIDE, streams=("flow",))["flow"],
}


class Watched(CountingVideos):
    """Remembers which frames were read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = []

    def read(self, index, start, count, streams):
        self.asked += [(stream, n) for stream in streams for n in range(start, start + count)]
        return super().read(index, start, count, streams)


def test_frames_between_those_of_a_clip_are_not_read():
    source = Watched(4)  # the last has 14 frames
    clip = read_crops(
        source,
        3,
        lambda total: {"rgb": np.array([0, 4, 8]), "flow": np.arange(6)},
        [(CENTRE, CENTRE)],
        FUSED,
    )
    assert sorted(source.asked) == sorted(
        [("rgb", n) for n in (0, 4, 8)] + [("flow", n) for n in range(6)]
    )
    assert clip["rgb"][0, :, 0, 0, 1].tolist() == [0, 4, 8]
    assert clip["flow"][0, :, 0, 0, 0].tolist() == list(range(6))


def test_the_last_frame_has_the_flow_of_the_one_before():
    clip = read_crops(
        CountingVideos(1),  # of 5 frames
        0,
        lambda total: {"rgb": np.array([4]), "flow": np.array([0, 1, 4])},
        [(CENTRE, CENTRE)],
        FUSED,
    )
    assert clip["rgb"][0, :, 0, 0, 1].tolist() == [4]
    assert clip["flow"][0, :, 0, 0, 0].tolist() == [0, 1, 3]


def test_pictures_and_flow_of_a_sample_are_of_one_moment():
    batches = training_batches(CountingVideos(6), 4, FUSED, augmentation=NONE)
    starts = set()
    for clips, _ in batches.take(10):
        frames = levels(clips["rgb"])[..., 0, 0, 1]
        flow = np.rint(np.asarray(clips["flow"])[..., 0, 0, 0] * 20).astype(int)
        videos = levels(clips["rgb"])[..., 0, 0, 0, 0]
        for video, one, other in zip(videos, frames, flow, strict=True):
            total = 5 + 3 * video
            wanted = (one[0] - 2 + np.arange(8)) % total
            assert one.tolist() == wanted[[2, 6]].tolist()
            assert other.tolist() == np.minimum(wanted, total - 2).tolist()
            starts.add((video, one[0]))
    assert len(starts) > 12


def test_a_whole_video_is_every_fourth_picture_and_all_of_the_flow():
    for clips, _, videos, _ in whole_video_batches(CountingVideos(6), FUSED):
        total = 5 + 3 * int(videos[0])
        frames = levels(clips["rgb"])[0, :, 0, 0, 1]
        steps = max(2, total // 4)
        wanted = np.arange(4 * steps) % total
        assert frames.tolist() == wanted[2::4].tolist()
        flow = np.rint(np.asarray(clips["flow"])[0, :, 0, 0, 0] * 20).astype(int)
        assert flow.tolist() == np.minimum(wanted, total - 2).tolist()


@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_true_flow_leads_from_each_picture_to_the_next(flip):
    """Of one that moves to the right or left: its flow, added up, is how far the picture went."""
    videos = SyntheticVideos(
        "train", motions=("MoveLeft", "MoveRight"), num_videos=6, num_frames=12, size=(48, 64),
        noise=0.0,
    )  # fmt: skip
    sides = {"short_side": 48, "crop": 40}
    inputs = {
        "rgb": seen(2, 4, **sides)["rgb"],
        "flow": seen(8, 1, **sides, streams=("flow",))["flow"],
    }
    batches = training_batches(videos, 6, inputs, augmentation=Augmentation(flip=flip))
    ((clips, _),) = batches.take(1)
    rgb = (np.asarray(clips["rgb"]) + 1) * 127.5
    flow = np.asarray(clips["flow"]) * 20
    for pictures, steps in zip(rgb, flow, strict=True):
        moved = steps[:4, :, :, 0].sum(axis=0)
        assert np.ptp(moved) < 1e-3 and abs(moved[0, 0]) > 3
        apart = {
            shift: np.abs(_overlap(pictures[0], shift) - _overlap(pictures[1], -shift)).mean()
            for shift in range(-18, 19)
        }
        assert abs(min(apart, key=apart.get) - moved[0, 0]) <= 0.75


def _overlap(picture, shift):
    """The columns of a picture that are still there after it has moved by `shift`."""
    return picture[:, max(0, -shift) : picture.shape[1] - max(0, shift)]
