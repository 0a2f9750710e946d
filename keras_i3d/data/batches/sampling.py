"""Which video, which frames, which part of them: arithmetic of clips and views. Opens nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from keras_i3d.data.pixels.cropping import CENTRE, END, START, placed
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input

# Rounds of a shuffle: with four a permutation is as good as random, and two more cost nothing.
ROUNDS = 6


@dataclass(frozen=True)
class View:
    """Where a clip and its crops are cut from a video.

    place: in [0, 1), the clip's first frame among all after which the clip fits.
    crops: (along the shorter side, along the longer side), each in [0, 1): where the crop begins
        among all places where it fits.
    """

    place: float
    crops: tuple[tuple[float, float], ...]


def clip_indices(start: int, total: int, num_frames: int, stride: int = 1) -> np.ndarray:
    """Return frame numbers of one clip; a clip that runs past the end goes on from frame 0.

    start=2, total=10, num_frames=4, stride=2   ..x.x.x.x.   [2 4 6 8]
    start=2, total=5,  num_frames=4, stride=2   .xxxx        [2 4 1 3]
    """
    return (start + stride * np.arange(num_frames)) % total


def view_numbers(place: float, total: int, inputs: Mapping[str, Input]) -> dict[str, np.ndarray]:
    """Return frame numbers of one view's clip for each stream, in a video of `total` frames.

    The streams begin at the same frame, and each goes on by its own offset and steps, so that they
    show the same moment; `place`, in [0, 1), is where they begin among all beginnings at which all
    of them fit.

    total=12, place=0.0    rgb, frames=1, offset=5    .....x......
                           flow, frames=10            xxxxxxxxxx..
    """
    first = placed(place, total, max(one.reach for one in inputs.values()))
    return _numbers(first, total, inputs, {s: one.frames for s, one in inputs.items()})


def part_numbers(
    part: int, total: int, inputs: Mapping[str, Input], longest: int | None
) -> dict[str, np.ndarray] | None:
    """Return frame numbers of one part of a whole video; None if it has no such part.

    The parts follow one another, as long as each other to one step and no longer than `longest`
    frames of any stream. They hold every whole step of the video once, see Pace; a part that is
    shorter than the inputs' `frames` goes on from the video's frame 0.

    total=5, longest=3    part 0: 0 1    part 1: 2 3 4
    total=25    rgb, frames=1, every=10, offset=5    .....x.........x.........
                flow, frames=10                      xxxxxxxxxxxxxxxxxxxx.....

    Args:
        longest: None for clips of exactly the inputs' `frames`, as many as fit: what networks want
            that take no others. 250 frames are 15 clips of 16.

    Raises:
        ValueError: when the streams do not show the same stretch of a video.
    """
    pace = Pace(inputs)
    whole, parts, unit = _parts(total, pace, longest)
    if part >= parts:
        return None
    first, end = (unit * (whole * number // parts) for number in (part, part + 1))
    frames = pace.frames(max(end - first, pace.clip))
    return _numbers(first * pace.step, total, inputs, frames)


def part_count(total: int, inputs: Mapping[str, Input], longest: int | None) -> int:
    """Return how many parts `part_numbers` gives of a video of `total` frames."""
    return _parts(total, Pace(inputs), longest)[1]


def _parts(total: int, pace: Pace, longest: int | None) -> tuple[int, int, int]:
    """(stretches of the video that go undivided, in how many parts, steps of each stretch)."""
    if longest is None:
        whole = pace.whole(total, pace.clip)
        return whole, whole, pace.clip
    whole, most = pace.whole(total), max(1, longest // max(pace.frames(1).values()))
    return whole, -(-whole // most), 1


def _numbers(
    first: int, total: int, inputs: Mapping[str, Input], frames: Mapping[str, int]
) -> dict[str, np.ndarray]:
    return {
        stream: clip_indices(first + one.offset, total, frames[stream], one.every)
        for stream, one in inputs.items()
    }


def evaluation_views(num_clips: int, num_crops: int) -> list[View]:
    """Return `num_clips` views, in the middles of equal parts of the video, with the same crops.

    num_clips=1    place 1/2        num_clips=2    places 1/4, 3/4
    """
    if num_clips < 1:
        raise ValueError(f"num_clips should be at least 1. Received: num_clips={num_clips}")
    crops = evaluation_crops(num_crops)
    return [View((number + 0.5) / num_clips, crops) for number in range(num_clips)]


def evaluation_crops(num_crops: int) -> tuple[tuple[float, float], ...]:
    """Return one crop, the centre, or three along the longer side: left, centre and right.

    Source of the three: Wang et al., "Non-local Neural Networks", 2018, section 4.
    """
    if num_crops not in (1, 3):
        raise ValueError(f"num_crops should be 1 or 3. Received: num_crops={num_crops}")
    alongs = (CENTRE,) if num_crops == 1 else (START, CENTRE, END)
    return tuple((CENTRE, along) for along in alongs)


def part_of(batch_size: int, worker: tuple[int, int]) -> tuple[int, int]:
    """Return (first, count) of a worker's part of each global batch; parts differ by one.

    batch_size=5, worker=(0, 2)    (0, 2)
    batch_size=5, worker=(1, 2)    (2, 3)
    """
    index, workers = worker
    if not 0 <= index < workers or batch_size < workers:
        raise ValueError(
            f"a worker's number should be below the number of workers, and batch_size at least "
            f"that number. Received: worker={worker}, batch_size={batch_size}"
        )
    first = batch_size * index // workers
    return first, batch_size * (index + 1) // workers - first


def shuffled(place: int, count: int, seed: int, epoch: int) -> int:
    """Return which of `count` videos stands at a place of an epoch's order; every one stands once.

    A pure function that holds no list, so that an endless data set can be shuffled too: a Feistel
    cipher on the smallest domain of 4**k that has `count` numbers, followed until it is inside.
    Source: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002.
    """
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    mask, key = (1 << half) - 1, _mixed(_mixed(seed) ^ epoch)
    while True:
        left, right = place >> half, place & mask
        for number in range(ROUNDS):
            left, right = right, left ^ (_mixed(key ^ (number << 56) ^ right) & mask)
        place = left << half | right
        if place < count:
            return place


def _mixed(value: int) -> int:
    """64 bits, each of which depends on all of `value` (splitmix64's finaliser)."""
    value = (value + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return value ^ value >> 31
