"""A data set without splits divided into two: what is learnt from, and what is tested on."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# UCF-101's v_ApplyEyeMakeup_g08_c01: all that was cut from one film is of one group.
GROUP = re.compile(r"(?:^|.*[_\W])(?:g|group[_\W]?)\d+(?=[_\W]|$)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class AutoSplit:
    """How a list without splits is divided.

    share: what is learnt from, of the videos of each class; between 0 and 1.
    seed: of the draw. A video's side depends on seed and name, not on what else is listed, but for
        the few at the border.
    names: of the two splits.
    """

    share: float
    seed: int = 0
    names: tuple[str, str] = ("train", "test")

    def __post_init__(self):
        if not 0 < self.share < 1:
            raise ValueError(
                f"auto_split should be above 0 and below 1, such as 0.8. Received: {self.share}"
            )


def divided(videos: Sequence, root: str, how: AutoSplit) -> dict[str, list]:
    """Return the videos by split, class by class; a group, or a film in parts, stays whole.

    Of a class with two groups or more, each side has one at least.

    Args:
        videos: Video records.
        root: the folder of the videos, from which names are taken.
        how: the share, the seed, the names.
    """
    group_of = {video: _group(os.path.relpath(video.path, root)) for video in videos}
    sizes = Counter(group_of.values())
    classes: dict[tuple[int, ...], set[str]] = {}
    placed: set[str] = set()
    for video, group in group_of.items():
        if group not in placed:  # of several classes it counts for its first video's
            classes.setdefault(video.labels, set()).add(group)
            placed.add(group)
    learnt: set[str] = set()
    for names in classes.values():
        learnt.update(_drawn({name: sizes[name] for name in names}, how))
    train, test = how.names
    sides: dict[str, list] = {train: [], test: []}
    for video, group in group_of.items():
        sides[train if group in learnt else test].append(video)
    return sides


def _group(path: str) -> str:
    """A video's group: its name as far as g08, else its file."""
    folder, name = os.path.split(os.path.splitext(path)[0])
    group = GROUP.match(name)
    return os.path.join(folder, group[0]) if group else path


def _drawn(sizes: dict[str, int], how: AutoSplit) -> list[str]:
    """Names of the groups to learn from: by a draw, until they have their share of the videos."""
    drawn: list[str] = []
    wanted, taken = how.share * sum(sizes.values()), 0
    for name in sorted(sizes, key=lambda name: _draw(name, how.seed)):
        if drawn and (len(drawn) == len(sizes) - 1 or taken + sizes[name] / 2 > wanted):
            break
        drawn.append(name)
        taken += sizes[name]
    return drawn


def _draw(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogateescape")).digest()
