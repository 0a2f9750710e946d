"""The clips that int8 is calibrated on: a seeded sample of the windows of videos."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice

import numpy as np

from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.data.flow.frames_with_flow import cropped_streams
from keras_i3d.data.pixels.preprocessing import Input, scale
from keras_i3d.data.video.decoding import VideoError
from keras_i3d.data.video.parts import expected
from keras_i3d.engines.interface import EngineError
from keras_i3d.engines.quantisation import CHECKED_EVERY
from keras_i3d.prediction_inputs import open_video

# 16 to take the ranges from, 8 to check them.
WINDOWS = 24
# Of a file that does not say how long it is: its first ten seconds.
UNKNOWN_LENGTH = 250


class SampledClips(Sequence):
    """Clips that are scaled when they are asked for: {stream: (1, time, crop, crop, channels)}.

    Args:
        frames: each {stream: (time, crop, crop, channels)}, pixels.
        inputs: what each stream of the network sees.
    """

    def __init__(self, frames: list[dict[str, np.ndarray]], inputs: Mapping[str, Input]):
        self._frames, self._inputs = frames, inputs

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        frames = self._frames[number]
        return {s: scale(frames[s], one.preprocessing)[None] for s, one in self._inputs.items()}


def calibration_clips(
    network: LoadedNetwork, videos: Iterable[str | os.PathLike], seed: int = 0
) -> SampledClips:
    """Return 24 windows of videos, of as many videos as can be, for `open(calibration=...)`.

    Args:
        network: whose clips they are.
        videos: files, or folders of numbered pictures; those that cannot be read are skipped, and
            one that is named twice counts once. Of three or more, int8 is checked on videos that it
            is not calibrated on.
        seed: of the sample.

    Raises:
        EngineError: when the videos give too few.
    """
    draw, inputs = np.random.default_rng(seed), network.record.inputs
    videos = list(dict.fromkeys(map(os.path.abspath, videos)))
    order = [videos[number] for number in draw.permutation(len(videos))]
    seeds = draw.integers(2**32, size=len(order))
    each = [_windows(video, inputs, one) for video, one in zip(order, seeds, strict=True)]
    return sampled(each, inputs)


def sampled(
    windows: Iterable[Iterator[dict[str, np.ndarray]]], inputs: Mapping[str, Input]
) -> SampledClips:
    """Return the first 24 windows that videos give in turn: one of each, then the next of each.

    Every third window is of other videos than the rest, if three or more give any.

    Args:
        windows: of each video, as `SampledClips` takes them.
        inputs: what each stream of the network sees.

    Raises:
        EngineError: when they are too few.
    """
    able = list(islice(_that_give_any(windows), WINDOWS))
    # As int8 is checked on every third clip, the last of these groups is kept for the check.
    groups = [_in_turn(able[place::CHECKED_EVERY]) for place in range(CHECKED_EVERY)]
    found = list(islice(_in_turn(groups), WINDOWS))
    if len(found) < WINDOWS:
        raise EngineError(
            f"int8 should be calibrated on {WINDOWS} windows of videos (16, and 8 to check). "
            f"Received: videos that give {len(found)}; name a folder with more by --calibrate"
        )
    return SampledClips(found, inputs)


def _that_give_any(iterators: Iterable[Iterator]) -> Iterator[Iterator]:
    for iterator in iterators:
        for first in islice(iterator, 1):
            yield chain([first], iterator)


def _in_turn(iterators: list[Iterator]) -> Iterator:
    """One of each, then the next of each, until all have ended."""
    while iterators:
        left = []
        for iterator in iterators:
            for one in islice(iterator, 1):
                yield one
                left.append(iterator)
        iterators = left


def _windows(video, inputs: Mapping[str, Input], seed: int) -> Iterator[dict[str, np.ndarray]]:
    """Windows of one video in a seeded order, no two alike; of one too short it is looped."""
    one = next(iter(inputs.values()))
    try:
        with open_video(video) as opened:
            count = expected(opened, one.preprocessing.fps) or UNKNOWN_LENGTH
    except VideoError:
        return
    starts = count - one.span + 1
    draw = np.random.default_rng(seed)
    if starts < WINDOWS:
        yield from _looped_windows(video, inputs, draw)
        return
    for start in draw.choice(starts, WINDOWS, replace=False).tolist():
        # The header may promise more than the file has.
        if len(frames := _frames(video, inputs, start, start + one.span)) == one.span:
            yield _clip(frames, range(0, one.span, one.every))


def _looped_windows(video, inputs: Mapping[str, Input], draw) -> Iterator[dict[str, np.ndarray]]:
    one = next(iter(inputs.values()))
    frames = _frames(video, inputs, 0, one.span + WINDOWS)
    for start in draw.permutation(len(frames))[:WINDOWS].tolist():
        numbers = range(start, start + one.span, one.every)
        yield _clip(frames, [number % len(frames) for number in numbers])


def _frames(video, inputs: Mapping[str, Input], start: int, end: int) -> list:
    specs = {stream: one.preprocessing for stream, one in inputs.items()}
    with suppress(VideoError), open_video(video) as opened:
        return list(cropped_streams(opened, specs, start, end))
    return []


def _clip(frames: list, numbers: Iterable[int]) -> dict[str, np.ndarray]:
    chosen = [frames[number] for number in numbers]
    return {stream: np.stack([frame[stream] for frame in chosen]) for stream in chosen[0]}
