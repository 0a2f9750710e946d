"""Which frames each window of a video has, and the stretch it stands for: arithmetic, streaming.

Positions are counted in frames: frame 0 lies between the positions 0 and 1, so a window of the
first 64 frames starts at 0, ends at 64 and has its centre at 32.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from keras_i3d.data.video.timing import looped

TAILS = ("loop", "repeat_last", "drop", "partial")
WINDOWS = ("from_start", "centred")


@dataclass(frozen=True)
class Cutting:
    """How a video is cut into windows.

    window, stride: frames of a window, and from the start of one to the start of the next.
    tail: what becomes of the frames that fill no whole window at the end of the video:
        "loop" shows them from their first again until the window is full, "repeat_last" repeats the
        last frame, "partial" gives them as they are, "drop" leaves them out.
    windows: "from_start", or "centred" for a window around each step, which has no tail.
    """

    window: int = 64
    stride: int = 64
    tail: str = "loop"
    windows: str = "from_start"

    def __post_init__(self):
        for name, known in (("tail", TAILS), ("windows", WINDOWS)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} should be one of {', '.join(known)}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        for name in ("window", "stride"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise ValueError(
                    f"{name} should be a whole number of frames, at least 1. "
                    f"Received: {name}={getattr(self, name)!r}"
                )


@dataclass(frozen=True)
class Stretch:
    """One window of a video.

    frames: what the network sees, in order.
    start, centre, end: positions in the video of what the window stands for; frames that a tail or
        an edge repeats are not counted twice.
    """

    frames: list
    start: int
    centre: float
    end: int


def stretches(frames: Iterable, how: Cutting) -> Iterator[Stretch]:
    """Cut a video into windows as its frames come; at most one window's frames are held.

    See `from_start` and `centred` for the drawings.
    """
    return (centred if how.windows == "centred" else from_start)(frames, how)


def from_start(frames: Iterable, how: Cutting) -> Iterator[Stretch]:
    """Give `window` frames every `stride` frames, and the tail where frames are left unseen.

    The tail's window starts where the next one would have started. x is a frame seen:

    10 frames, window=4, stride=3    xxxx......   ...xxxx...   ......xxxx     no tail
     9 frames, window=4, stride=3    xxxx.....    ...xxxx..    ......xxx      the tail has 6 7 8
     9 frames, window=4, stride=4    xxxx.....    ....xxxx.    ........x      the tail has 8
     9 frames, window=3, stride=5    xxx......    .....xxx.                   no window begins at 8

    The tail 6 7 8 of the second line is shown as 6 7 8 6 by "loop", 6 7 8 8 by "repeat_last",
    6 7 8 by "partial", and not at all by "drop".
    """
    held: deque = deque(maxlen=how.window)
    count = end = begin = 0
    for count, frame in enumerate(frames, start=1):
        held.append(frame)
        if count - begin == how.window:
            yield Stretch(list(held), begin, (begin + count) / 2, count)
            end, begin = count, begin + how.stride
    if max(begin, end) < count and how.tail != "drop":
        left = list(held)[begin - count :]
        yield Stretch(_filled(left, how), begin, (begin + count) / 2, count)


def _filled(left: list, how: Cutting) -> list:
    if how.tail == "loop":
        return [left[i] for i in looped(len(left), how.window)]
    if how.tail == "repeat_last":
        return left + left[-1:] * (how.window - len(left))
    return left


def centred(frames: Iterable, how: Cutting) -> Iterator[Stretch]:
    """Give a window around the middle of every step of `stride` frames, the edges repeated.

    A video of n frames gives ceil(n / stride) windows: window i belongs to the frames from
    i * stride on, and with stride=1 to frame i. It starts (stride - window) // 2 frames after its
    step: window=15, stride=1 shows the frames i - 7 to i + 7. The centre is the middle of the step,
    or the end of a video that ends before it.

    5 frames, window=3, stride=1    001 012 123 234 344
    6 frames, window=4, stride=2    0012 1234 3455
    """
    shift = (how.stride - how.window) // 2
    held: deque = deque(maxlen=how.window)
    count = number = 0
    for count, frame in enumerate(frames, start=1):
        held.append(frame)
        while number * how.stride + shift + how.window == count:
            yield _around(held, number, count, how)
            number += 1
    for left in range(number, -(-count // how.stride)):
        yield _around(held, left, count, how)


def _around(held: deque, number: int, count: int, how: Cutting) -> Stretch:
    step = number * how.stride
    first = step + (how.stride - how.window) // 2
    wanted = np.clip(np.arange(first, first + how.window), 0, count - 1)
    oldest = count - len(held)
    return Stretch(
        [held[i - oldest] for i in wanted],
        int(wanted[0]),
        min(step + how.stride / 2, count),
        int(wanted[-1]) + 1,
    )
