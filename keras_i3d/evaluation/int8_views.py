"""The clips that int8 is calibrated on, out of the data that is evaluated."""

from collections.abc import Iterator, Mapping

import numpy as np

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.batches.clip_sources import Source, read_crops
from keras_i3d.data.batches.sampling import evaluation_crops, view_numbers
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.engines.calibration import WINDOWS, SampledClips, sampled


def int8_views(network: LoadedNetwork, source: Source, seed: int = 0) -> SampledClips:
    """Return 24 views of a split's videos, as `engines.calibration_clips` takes them of files.

    Args:
        network: whose clips they are.
        source: the split, whether of video files, of shards or synthetic.
        seed: of the sample.

    Raises:
        EngineError: when the videos give too few.
    """
    draw, inputs = np.random.default_rng(seed), network.record.inputs
    order = draw.permutation(source.num_videos).tolist()
    seeds = draw.integers(2**32, size=len(order))
    return sampled(
        (_views(source, video, inputs, one) for video, one in zip(order, seeds, strict=True)),
        inputs,
    )


def _views(
    source: Source, video: int, inputs: Mapping[str, Input], seed: int
) -> Iterator[dict[str, np.ndarray]]:
    """The views of one video in a seeded order, no two alike; one of each part of it."""
    chosen: dict[str, np.ndarray] = {}
    given = set()
    draw = np.random.default_rng(seed)
    for place in (draw.permutation(WINDOWS) + draw.random(WINDOWS)) / WINDOWS:

        def choose(total: int, place: float = place) -> Mapping[str, np.ndarray]:
            chosen.update(view_numbers(place, total, inputs))
            return chosen

        try:
            clip = read_crops(source, video, choose, evaluation_crops(1), inputs)
        except (ValueError, OSError):  # the evaluation itself says what is wrong with it
            return
        numbers = tuple(int(one[0]) for one in chosen.values())
        if numbers not in given:
            yield {stream: crops[0] for stream, crops in clip.items()}
        given.add(numbers)
