"""What the features of each video are called: its stem, and its folders where two have one."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath


def video_names(paths: Iterable[str]) -> dict[str, str]:
    """Return {path: name}, no two alike; a name with "/" lies in folders.

        a/run.mp4 b/jump.mp4          run, jump
        a/run.mp4 b/run.mp4           a/run, b/run
        a/run.mp4 a/run.avi           run.mp4, run.avi

    Folders are added one by one, the nearest first, until the names differ.

    Args:
        paths: of videos; a folder of pictures keeps its name as it is.
    """
    places = {path: os.path.abspath(path) for path in paths}
    leaves = _leaves(set(places.values()))
    names = dict(leaves)
    depth = 0
    while twins := _twins(names):
        depth += 1
        for place in twins:
            folders = PurePath(place).parent.parts[1:]
            names[place] = "/".join([*folders[-depth:], leaves[place]])
    return {path: names[place] for path, place in places.items()}


def _twins(names: dict[str, str]) -> list[str]:
    count = Counter(names.values())
    return [place for place, name in names.items() if count[name] > 1]


def _leaves(places: set[str]) -> dict[str, str]:
    """{path: its stem, or its whole name where another of its folder has that stem or name}."""
    stems = {one: _stem(one) for one in places}
    taken = Counter((os.path.dirname(one), stem) for one, stem in stems.items())
    taken.update(
        (os.path.dirname(one), os.path.basename(one))
        for one, stem in stems.items()
        if os.path.basename(one) != stem
    )
    return {
        one: stem if taken[os.path.dirname(one), stem] == 1 else os.path.basename(one)
        for one, stem in stems.items()
    }


def _stem(path: str) -> str:
    return os.path.basename(path) if os.path.isdir(path) else PurePath(path).stem
