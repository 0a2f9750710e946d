"""Which frames: arithmetic of time and indices. Opens nothing."""

import itertools
import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

import numpy as np

# A frame is shown for at most this many seconds; a larger gap is a jump of the clock, unless the
# file's header has room for it.
LONGEST_HOLD = 60
# Seconds: what a header promises beyond this is not believed.
LONGEST_VIDEO = 24 * 3600
# The last frame is shown as long as the one before it, but no longer than this many seconds: what
# files say of it is mostly a guess.
LONGEST_LAST_HOLD = 1


def spans(
    frames: Iterable[tuple],
    nominal: Fraction,
    longest_hold: Fraction = Fraction(LONGEST_HOLD),
    promised: Fraction = Fraction(0),
    jumped: Callable[[], object] = lambda: None,
) -> Iterator[tuple]:
    """Turn (frame, time stamp, duration) into (frame, start, end) of showing, from 0 on.

    Args:
        frames: time stamp and duration in seconds, None if the file has none; in display order.
        nominal: seconds of one frame where the file says nothing.
        longest_hold: seconds for which a frame may be shown; what is longer is a jump of the clock.
        promised: seconds of the file by its header; a longer hold within them is no jump.
        jumped: called at each jump.

    A frame is shown until the next one comes. A time stamp that is missing, or jumps back, or too
    far ahead, is taken to follow the frame before it by that frame's duration. One that stays, or
    falls back by no more than a frame, takes the place of the frame before it. The last frame is
    shown for its duration, or as long as the two before it if that is longer.

    stamps 5.00 5.04 5.12 0.00, duration 0.04    starts 0.00 0.04 0.12 0.16, end 0.20
    stamps 0.00 0.08 0.08 0.12, duration 0.04    starts 0.00 0.08 0.08 0.12, end 0.16
    """
    held, start, shift = None, Fraction(0), None
    steps: deque[Fraction] = deque(maxlen=2)
    promised = min(promised, Fraction(LONGEST_VIDEO))
    for frame, stamp, duration in frames:
        duration = duration or nominal
        if held is None:
            shift = -stamp if stamp is not None else None
        else:
            item, length = held
            follows = start + length
            if stamp is None:
                shift = None
            elif shift is None:
                shift = follows - stamp
            elif not start - length <= stamp + shift <= max(start + longest_hold, promised):
                shift = follows - stamp
                jumped()
            after = follows if stamp is None else max(start, stamp + shift)
            yield item, start, after
            steps.append(after - start)
            start = after
        held = frame, duration
    if held is not None:
        item, length = held
        last_hold = min(min(steps, default=Fraction(0)), Fraction(LONGEST_LAST_HOLD))
        yield item, start, start + max(length, last_hold)


def resample(shown: Iterable[tuple], fps: int) -> Iterator:
    """Give the frames of a regular clock: at each tick the frame that is shown in its middle.

    Args:
        shown: (frame, start, end) in seconds, one after the other, from 0 on.
        fps: ticks per second.

    At least one frame comes out. They are those of FFmpeg's fps filter, rounding to the nearest.

    50 fps to 25    abcdef       b d f
    10 fps to 25    ab           a a b b b     (ticks' middles 0.02 0.06 0.10 0.14 0.18)
    """
    ticks, frame = 0, None
    for frame, _, end in shown:
        until = ticks_before(end, fps)
        yield from itertools.repeat(frame, until - ticks)
        ticks = until
    if ticks == 0 and frame is not None:
        yield frame


def ticks_before(time: Fraction, fps: int) -> int:
    """Count the ticks whose middle, (tick + 1/2) / fps, comes before `time` in seconds."""
    return max(0, math.ceil(time * fps - Fraction(1, 2)))


def looped(num_frames: int, length: int) -> np.ndarray:
    """Return frame numbers of a clip of at least `length` frames, looped from frame 0 at the end.

    num_frames=3, length=5    [0 1 2 0 1]
    num_frames=3, length=2    [0 1 2]
    """
    return np.arange(max(num_frames, length)) % num_frames


class Clock:
    """Length and regularity of the time stamps seen.

    length: seconds.
    """

    def __init__(self):
        self.length = Fraction(0)
        self._last: Fraction | None = None
        self._steps: Counter[int] = Counter()  # in milliseconds

    def see(self, stamp: Fraction | None, duration: Fraction) -> None:
        """Take the next frame's time stamp, None if it has none, and duration, in seconds."""
        step = duration  # a frame without a usable time stamp follows the one before it
        if stamp is not None and self._last is not None and stamp > self._last:
            step = stamp - self._last
            self._steps[round(1000 * step)] += 1
        self.length += step
        self._last = stamp

    @property
    def irregular(self) -> bool:
        """Whether one step in twenty is half as long or short again as the usual one."""
        if not self._steps:
            return False
        usual = self._steps.most_common(1)[0][0]
        odd = sum(n for step, n in self._steps.items() if abs(step - usual) > usual / 2)
        return 20 * odd > self._steps.total()
