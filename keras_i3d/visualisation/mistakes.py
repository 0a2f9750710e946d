"""A video as the network saw it, for a report's reader: a strip of its frames, and its flow's."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from keras_i3d.data.batches.clip_sources import Source, read_crops
from keras_i3d.data.batches.sampling import CENTRE, ClipSpec
from keras_i3d.visualisation.filmstrips import filmstrip
from keras_i3d.visualisation.flow_colours import flow_picture

PICTURES, HEIGHT = 8, 112


class VideoStrips:
    """Pictures of a source's videos by their ids: frames at equal distances, cut as at test.

    Args:
        source: where the videos are.
        spec: its short_side and crop are taken.
        streams: what the network takes; for "flow" its colours are drawn below the frames.
    """

    def __init__(self, source: Source, spec: ClipSpec, streams: Sequence[str] = ("rgb",)):
        self.source, self.spec = source, spec
        self.streams = tuple(dict.fromkeys(("rgb", *streams)))
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
        seen = read_crops(
            self.source, self._numbers[video], _spread, crops, self.spec, self.streams
        )
        if seen is None:
            raise ValueError(f"{video} has no frame")
        rows = [filmstrip(seen["rgb"][0], PICTURES, HEIGHT)]
        if "flow" in self.streams:
            rows.append(filmstrip(flow_picture(seen["flow"][0]), PICTURES, HEIGHT))
        return Image.fromarray(np.concatenate(rows))


def _spread(total: int) -> np.ndarray | None:
    """Numbers of at most PICTURES frames of `total`, in the middles of equal parts."""
    count = min(PICTURES, total)
    return ((np.arange(count) + 0.5) * total / count).astype(int) if count else None
