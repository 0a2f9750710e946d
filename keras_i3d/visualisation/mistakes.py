"""A video as the network saw it, for a report's reader: a strip of its frames, and its flow's."""

from collections.abc import Mapping

import numpy as np
from PIL import Image

from keras_i3d.data.batches.clip_sources import Source, read_crops
from keras_i3d.data.pixels.cropping import CENTRE
from keras_i3d.data.pixels.preprocessing import DEEPMIND_INPUTS, Input
from keras_i3d.visualisation.filmstrips import GAP, filmstrip
from keras_i3d.visualisation.flow_colours import flow_legend, flow_picture, full_colour

PICTURES, HEIGHT = 8, 112


class VideoStrips:
    """Pictures of a source's videos by their ids: frames at equal distances, cut as at test.

    Args:
        source: where the videos are.
        inputs: what the network sees; the frames are drawn for every network, and the colours of
            flow below them, with their legend, where it takes flow.
    """

    def __init__(self, source: Source, inputs: Mapping[str, Input]):
        self.source = source
        sizes = next(iter(inputs.values()))
        size = {"short_side": sizes.short_side, "crop": sizes.crop}
        self.inputs = {"rgb": DEEPMIND_INPUTS["rgb"].changed(**size), **inputs}
        self._numbers: dict[str, int] | None = None

    def __call__(self, video: str) -> Image.Image:
        """The picture of the video with this id.

        Raises:
            ValueError, OSError: when there is no such video, or it cannot be read.
        """
        if self._numbers is None:
            self._numbers = {self.source.id(i): i for i in range(self.source.num_videos)}
        if video not in self._numbers:
            raise ValueError(f"{video} is not among these videos")
        crops = ((CENTRE, CENTRE),)
        seen = read_crops(self.source, self._numbers[video], self._spread, crops, self.inputs)
        if seen is None:
            raise ValueError(f"{video} has no frame")
        strip = filmstrip(seen["rgb"][0], PICTURES, HEIGHT)
        if "flow" not in self.inputs:
            return Image.fromarray(strip)
        flow = seen["flow"][0]
        largest = full_colour(flow)
        below = filmstrip(flow_picture(flow, largest), PICTURES, HEIGHT)
        legend = flow_legend(largest, HEIGHT)
        legend = np.pad(legend, ((HEIGHT, 0), (GAP, 0), (0, 0)), constant_values=255)
        return Image.fromarray(np.hstack([np.vstack([strip, below]), legend]))

    def _spread(self, total: int) -> dict[str, np.ndarray] | None:
        """Numbers of at most PICTURES frames of `total`, in the middles of equal parts."""
        count = min(PICTURES, total)
        if not count:
            return None
        numbers = ((np.arange(count) + 0.5) * total / count).astype(int)
        return dict.fromkeys(self.inputs, numbers)
