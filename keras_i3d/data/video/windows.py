"""How a video is cut into the network's clips: arithmetic of frames. Opens nothing.

A clip shows the network `frames`, and stands for the stretch from frame `start` to frame `end` of
the video: these are the frames whose class it tells.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np

from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.video.timing import looped

# A video this short goes through the network in one piece, as the paper's test does: 10 s.
ONE_PIECE = 250
WINDOW = 64


@dataclass(frozen=True)
class Window:
    """A clip of a video, and the stretch that it stands for.

    frames: what the network sees, one after the other.
    start, end: numbers of the video's frames, counted from 0; `end` is not part of the stretch.
    """

    frames: list
    start: int
    end: int


def cut(
    frames: Iterable,
    least: int,
    length: int | None = None,
    stride: int | None = None,
    one_piece: int | None = None,
) -> Iterator[Window]:
    """Cut a video into one piece where it is short, else into windows.

    Args:
        frames: of the video, taken one at a time.
        least: a piece of fewer frames is looped to this many.
        length, stride: frames of a window and from one to the next; when either is given, any video
            is cut into windows. By default 64 every 32, or `least` every half of it where that is
            less: of a network that sees every eighth frame 64 would be twenty seconds.
        one_piece: the longest that is one piece; by default 250 frames, or as much less.
    """
    usual = min(least, WINDOW)
    if one_piece is None:
        one_piece = ONE_PIECE * usual // WINDOW
    frames = iter(frames)
    head = list(islice(frames, one_piece + 1)) if length is stride is None else []
    if head and len(head) <= one_piece:
        yield Window([head[i] for i in looped(len(head), least)], 0, len(head))
    else:
        yield from windows(chain(head, frames), length or usual, stride or max(1, usual // 2))


def network_windows(
    frames: Iterable,
    pace: Pace,
    window: int | None = None,
    stride: int | None = None,
    *,
    in_clips: bool = False,
    one_piece: int | None = None,
) -> Iterator[Window]:
    """Cut a video as a network sees it: `cut` with the network's own numbers.

    Args:
        frames: one for each `pace.every` of the video.
        pace: of the network's streams; `pace.places` says which frames of a window each sees.
        window, stride: frames of a window and between two; when either is given, any video is cut
            into windows: by default as many as the network's clips have, half of them on.
        in_clips: whether the network takes the video in its own clips, one after the other.
        one_piece: the longest that is one piece; by default ten seconds.
    """
    if in_clips:
        window, stride = pace.window, stride or pace.window
    if window or stride:
        window, stride = window or pace.window, stride or max(1, pace.window // 2)
    if one_piece is None:
        one_piece = max(ONE_PIECE * min(pace.least, WINDOW) // WINDOW, ONE_PIECE // pace.every)
    return cut(frames, pace.least, window, stride, one_piece)


def windows(frames: Iterable, length: int, stride: int) -> Iterator[Window]:
    """Give `length` frames every `stride` frames, and at the end what is left.

    A window stands for all of its frames, but the last one, which is moved back so that it ends
    with the video, only for those that no window before it has shown. So where stride >= length no
    frame comes twice, and where stride <= length every frame comes. A video of fewer than
    `length` frames is looped, and comes once. At most `length` frames are held.

    The frames x that a window stands for, and those that it only sees (-):

    10 frames, length=4, stride=3    xxxx......   ...xxxx...   ......xxxx
     9 frames, length=4, stride=3    xxxx.....    ...xxxx..    .....--xx
     9 frames, length=4, stride=4    xxxx.....    ....xxxx.    .....---x
     9 frames, length=3, stride=5    xxx......    .....xxx.    ......--x
     3 frames, length=4              xxx-         it sees frames 0 1 2 0
    """
    seen: deque = deque(maxlen=length)
    count = end = 0
    for count, frame in enumerate(frames, start=1):
        seen.append(frame)
        if count >= length and (count - length) % stride == 0:
            yield Window(list(seen), count - length, count)
            end = count
    if 0 < count < length:
        yield Window([seen[i] for i in looped(count, length)], 0, count)
    elif count > end:
        yield Window(list(seen), max(end, count - length), count)


def mean_scores(scores: Iterable[np.ndarray], stretches: Iterable[float]) -> np.ndarray:
    """Average the scores of a video's windows, each by the length of the stretch it stands for."""
    scores = list(scores)
    if len(scores) == 1:  # to the bit
        return scores[0]
    return np.average(scores, axis=0, weights=list(stretches))
