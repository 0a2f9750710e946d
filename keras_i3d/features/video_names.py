"""What the features of each video are called: its stem, and its folders where two have one."""

import os
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from pathlib import PurePath

Place = tuple[str, float | None, float | None]


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


def part_names(ids: Mapping[Place, str]) -> dict[Place, str]:
    """Return {(path, start, end): name}, no two alike, of files and of their parts.

    A whole file is called as `video_names` has it, a part by its id, and where several parts have
    one id, by the file and its seconds: a/run_0_10, a/run_10_end.

    Args:
        ids: {(path, start, end): what a list calls it}; start and end are None for the file's own.
    """
    files = video_names(path for path, *_ in ids)
    names = {p: files[p[0]] if p[1:] == (None, None) else name for p, name in ids.items()}
    for path, start, end in _twins(names):
        if (start, end) != (None, None):
            seconds = f"{start or 0:.12g}_{'end' if end is None else f'{end:.12g}'}"
            names[path, start, end] = f"{files[path]}_{seconds}"
    return names


def is_inside(name: str) -> bool:
    """Return whether a name is that of a place below the folder it is put into."""
    parts = name.split("/")
    return not {"", ".", ".."} & set(parts) and parts[0] != ".features" and "\0" not in name


def _twins(names: Mapping[Hashable, str]) -> list:
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
