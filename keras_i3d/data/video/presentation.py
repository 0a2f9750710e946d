"""When each frame is shown, of the two times that files keep of it: arithmetic. Opens nothing."""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from heapq import heappop, heappush

# Frames that wait, at most, until it is known which of their times hold.
MOST_WAITING = 32
# H.264 may hold so many frames back for their turn.
MOST_REORDERED = 16
# Seconds: a time that falls back by less waits for the others to catch up.
CATCHING_UP = 1


class Presentation:
    """Chooses between the times at which frames should be shown and those at which they came out.

    Some containers keep only the times of decoding (AVI, ASF), and so do files that were made of
    such. What FFmpeg then gives as the time at which a frame is shown is that of decoding it, which
    steps back wherever frames are stored in another order. Frames come out of the decoder in the
    right order, so that the time at which each did is right but for a constant.

    to be shown at    1 2 5 3 4 6     came out at    3 4 5 6 7 8     shown at    1 2 3 4 5 6

    Which times are believed is FFmpeg's rule: those that step back less often (libavcodec/decode.c,
    guess_correct_pts). Where both do so again and again, the times to be shown at are sorted.

    Attributes:
        broken: whether the times at which frames should be shown were found to be wrong.
        untimed: how many frames have none of them.
    """

    def __init__(self):
        self.broken, self.untimed = False, 0
        self._faults, self._latest = [0, 0], [None, None]
        self._shift = self._given = self._step = None

    def timed(
        self, frames: Iterable[tuple], undecided: Callable[[], bool], most_waiting: int
    ) -> Iterator[tuple]:
        """Turn (frame, shown, decoded, duration) into (frame, time, duration).

        Args:
            frames: their times and durations in seconds, None if the file has none.
            undecided: whether nothing yet tells what the times to be shown at are worth.
            most_waiting: frames that may wait for it, at the beginning; MOST_WAITING at most.
        """
        waiting, begun, window = [], False, None
        for frame in frames:
            self._see(*frame[1:3])
            waiting.append(frame)
            if window is not None:
                heappush(window, self._latest[0] if frame[1] is None else frame[1])
            elif not self.broken and min(self._faults) > 1 and not self.untimed and undecided():
                self.broken, window = True, sorted(shown for _, shown, *_ in waiting)
            if window is not None:
                yield from _sorted(waiting, window, min(most_waiting, MOST_REORDERED))
                continue
            enough = self.broken or len(waiting) >= min(most_waiting, MOST_WAITING)
            if not (begun or enough) and undecided():
                continue
            begun = True
            yield from self._all_timed(waiting)
            waiting = []
        yield from self._all_timed(waiting) if window is None else _sorted(waiting, window, 0)

    def _all_timed(self, frames: list[tuple]) -> Iterator[tuple]:
        for frame, shown, decoded, duration in frames:
            yield frame, self._time(shown, decoded, duration), duration

    def _see(self, *times: Fraction | None) -> None:
        self.untimed += times[0] is None
        for place, time in enumerate(times):
            if time is not None:
                latest = self._latest[place]
                self._faults[place] += latest is not None and time <= latest
                self._latest[place] = time
        self.broken |= self._faults[0] > self._faults[1] and self._latest[1] is not None

    def _time(self, shown, decoded, duration) -> Fraction | None:
        if self._shift is None and shown is not None and decoded is not None:
            self._shift = shown - decoded
        if not self.broken:
            time = shown
        elif decoded is not None and self._shift is not None:
            time = decoded + self._shift
        elif self._given is not None and (step := self._step or duration):
            time = self._given + step  # the last ones, which no packet pushed out
        else:
            time = None
        if time is not None and self._given is not None:
            if self.broken and 0 < self._given - time < CATCHING_UP:
                time = self._given
            if time > self._given:
                self._step = time - self._given
        self._given = time if time is not None else self._given
        return time


def _sorted(waiting: list[tuple], times: list, keep: int) -> Iterator[tuple]:
    """Give the frames that wait, but for the last few, in their order, and the times in theirs."""
    while len(waiting) > keep:
        frame, _, _, duration = waiting.pop(0)
        yield frame, heappop(times), duration
