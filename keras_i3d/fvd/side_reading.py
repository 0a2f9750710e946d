"""From one side's videos to its features: processes decode, the network computes, little is held.

What was computed once is kept by content, in the cache folder: an interrupted run is continued
where it was, and a video's features are never computed twice.
"""

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from keras_i3d.files.cache import home
from keras_i3d.files.whole import whole_file
from keras_i3d.files.workers import Outcome, run_all
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.protocol_clips import ReadClip, clip_of_array, clip_of_file, kept_path
from keras_i3d.fvd.protocols import FVDProtocol, digest
from keras_i3d.fvd.side_inputs import SideInputs
from keras_i3d.fvd.sides import FVDError, LeftOut, Side, with_counts

# Called with (videos done, videos in all or None).
Seen = Callable[[int, int | None], object]
# How many unusable videos an error names.
NAMED = 3


def read_side(
    inputs: SideInputs,
    network: FVDNetwork,
    *,
    keep: bool = True,
    processes: int | None = None,
    seen: Seen = lambda done, total: None,
) -> Side:
    """Return the features of one side's videos.

    Args:
        inputs: the videos.
        network: the network, with its protocol.
        keep: whether features are kept in the cache folder, and taken from there.
        processes: how many decode at once; by default one for each core.
        seen: called as videos are done.

    Raises:
        FVDError: no video can be used; names the first few with their causes.
    """
    kept = home() / "fvd" / digest(network.made)[:16] if keep else None
    gathered = _Gathered(inputs, network.protocol)
    clips = gathered.clips(kept, processes, seen)
    for (place, key), vector in network.features(clips):
        if kept is not None:
            with contextlib.suppress(OSError), whole_file(kept_path(kept, key)) as file:
                np.save(file, vector)
        gathered.features[place] = vector
        seen(*gathered.progress)
    return gathered.side(network.made)


class _Gathered:
    """The outcomes of a side's videos so far, by their places in it."""

    def __init__(self, inputs: SideInputs, protocol: FVDProtocol):
        self._inputs, self._protocol = inputs, protocol
        self.features: dict[int, np.ndarray] = {}
        self._read: dict[int, tuple[str, ReadClip]] = {}
        self._left_out: dict[int, LeftOut] = {}

    @property
    def progress(self) -> tuple[int, int | None]:
        found = len(self._inputs.files) + (self._inputs.count or 0)
        if self._inputs.arrays is not None and self._inputs.count is None:
            found = None
        return len(self.features) + len(self._left_out), found and self._wanted(found)

    def clips(self, kept: Path | None, processes: int | None, seen: Seen) -> Iterator[tuple]:
        """Give ((place, key), clip) of the videos that the network has yet to see."""
        for place, name, outcome in self._outcomes(kept, processes):
            read: ReadClip | None = outcome.result
            if outcome.error is not None:
                self._left_out[place] = LeftOut(name, outcome.error)
            elif read.is_short:
                frames = f"{read.frames} frame" + "s" * (read.frames != 1)
                cause = f"too short: {frames} of the {self._protocol.span} that are wanted"
                self._left_out[place] = LeftOut(name, cause)
            else:
                self._read[place] = name, replace(read, clip=None, features=None)
                if read.features is not None:
                    self.features[place] = read.features
                else:
                    yield (place, read.key), read.clip
                    continue
            seen(*self.progress)

    def _outcomes(self, kept: Path | None, processes: int | None) -> Iterator[tuple]:
        """(place, name, outcome) of each video; others take the place of those left out."""
        files, count = list(enumerate(self._inputs.files)), len(self._inputs.files)
        left = deque(files[place] for place in self._drawn(count))
        while left and (missing := self._wanted(count) - len(self._read)) > 0:
            these = [left.popleft() for _ in range(min(missing, len(left)))]
            yield from self._of_files(these, kept, processes)
        total = self._inputs.count
        chosen = None if total is None else set(self._drawn(total)[: self._wanted(total)].tolist())
        for place, (name, video) in enumerate(self._inputs.arrays or ()):
            if chosen is None and place == self._protocol.videos:
                return
            if chosen is None or place in chosen:
                read = clip_of_array(video, self._protocol, kept)
                yield count + place, name, Outcome(name, read)

    def _of_files(self, files: list, kept: Path | None, processes: int | None) -> Iterator[tuple]:
        readable = []
        for place, video in files:
            if video.cause is None:
                readable.append((place, video.path))
            else:
                yield place, video.path, Outcome(video.path, error=video.cause)
        task = partial(clip_of_file, protocol=self._protocol, kept=kept)
        if readable:
            for outcome in run_all(task, readable, processes):
                yield *outcome.item, outcome

    def _wanted(self, count: int) -> int:
        return min(count, self._protocol.videos or count)

    def _drawn(self, count: int) -> np.ndarray:
        """The order in which videos are taken: drawn where not all are wanted."""
        if self._wanted(count) == count:
            return np.arange(count)
        return np.random.default_rng(self._protocol.seed).permutation(count)

    def side(self, made: dict) -> Side:
        """Return all that came of it."""
        left_out = tuple(self._left_out[place] for place in sorted(self._left_out))
        if not self.features:
            named = "; ".join(f"{one.name}: {one.cause}" for one in left_out[:NAMED])
            raise FVDError(
                f"none of its videos can be used ({len(left_out)}): {named}" if left_out else
                "it has no videos"
            )  # fmt: skip
        places = sorted(self.features)
        read = [self._read[place] for place in places]
        shape = None
        if self._inputs.arrays is not None and not self._inputs.files:
            shape = (read[0][1].frames, *read[0][1].size)
        return Side(
            np.stack([self.features[place] for place in places]),
            tuple(name for name, _ in read),
            tuple(one.content for _, one in read),
            made,
            left_out,
            tuple(self._notes(read)),
            shape,
        )

    def _notes(self, read: list[tuple[str, ReadClip]]) -> Iterator[str]:
        sizes = Counter(f"{one.size[1]} x {one.size[0]}" for _, one in read if one.size)
        if len(sizes) > 1:
            yield with_counts(sizes, "frames of several sizes, all resized alike")
        for name, one in read:
            yield from (f"{name}: {note}" for note in one.notes if "damaged" in note)
