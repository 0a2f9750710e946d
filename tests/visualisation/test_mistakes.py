"""A video's strip shows its own frames, evenly spread, cut as the network sees them."""

import numpy as np
import pytest

from keras_i3d.visualisation.filmstrips import GAP
from keras_i3d.visualisation.mistakes import HEIGHT, PICTURES, VideoStrips
from tests.data.seen import seen


class Counting:
    """Two videos: frame i of number n is filled with 10 i + n; flow to the right."""

    num_videos, class_names, fps = 2, ("a", "b"), 25

    def __init__(self, length=24):
        self.length = length

    def id(self, index):
        return f"video_{index}"

    def labels(self, index):
        return (index,)

    def num_frames(self, index):
        return self.length

    def read(self, index, start, count, streams):
        greys = np.arange(start, start + count, dtype=np.uint8)[:, None, None, None] * 10 + index
        flow = np.zeros((count, 16, 24, 2), np.float32)
        flow[..., 0] = 3
        clip = {"rgb": np.broadcast_to(greys, (count, 16, 24, 3)), "flow": flow}
        return {stream: clip[stream] for stream in streams}


SPEC = seen(4, 1, 16, 12)


def greys(picture):
    """The grey of each picture of a strip, read in its middle."""
    middles = [HEIGHT // 2 + n * (HEIGHT + GAP) for n in range(PICTURES)]
    return [picture.getpixel((x, HEIGHT // 2))[0] for x in middles if x < picture.width]


def test_frames_in_the_middles_of_equal_parts():
    picture = VideoStrips(Counting(), SPEC)("video_1")
    # 24 frames in eight parts of three: 1, 4, 7 ... of video 1.
    assert greys(picture) == [10 * n + 1 for n in range(1, 24, 3)]
    assert picture.height == HEIGHT


def test_a_short_video_shows_all_it_has():
    assert greys(VideoStrips(Counting(3), SPEC)("video_0")) == [0, 10, 20]


def test_flow_stands_below_its_frames():
    picture = VideoStrips(Counting(), seen(4, 1, 16, 12, ("flow",)))("video_0")
    assert picture.height == 2 * HEIGHT
    assert picture.width == PICTURES * (HEIGHT + GAP) + HEIGHT
    red, green, blue = picture.getpixel((HEIGHT // 2, HEIGHT + HEIGHT // 2))
    assert (red, green < 10, blue < 10) == (255, True, True)


def test_another_video_is_named():
    with pytest.raises(ValueError, match="video_9 is not among these videos"):
        VideoStrips(Counting(), SPEC)("video_9")
    with pytest.raises(ValueError, match="video_0 has no frame"):
        VideoStrips(Counting(0), SPEC)("video_0")
