"""Charades: Charades_v1_train.csv, Charades_v1_test.csv and Charades_v1_classes.txt.

    classes    c000 Holding some clothes
    a video    its id, and actions: c092 11.90 21.20;c147 0.00 12.60

A video shows several classes, each from one second to another, and may show none.
"""

from pathlib import Path

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import FileIndex
from keras_i3d.data.lists.listing import Listing, cells, folder_with, leaves, lines, seconds
from keras_i3d.data.lists.problems import BAD_NUMBER, OUTSIDE, TORN_LINE, UNKNOWN_CLASS

CLASSES = "Charades_v1_classes.txt"
SPLITS = {"train": "Charades_v1_train.csv", "test": "Charades_v1_test.csv"}


def read(root: str, lists: list[str], **_) -> Annotations:
    """Read the splits "train" and "test", those whose file is there."""
    folder = folder_with(lists, root, CLASSES)
    codes = _class_codes(folder / CLASSES)
    index, listing = FileIndex(root), Listing()
    paths = {split: folder / name for split, name in SPLITS.items() if (folder / name).exists()}
    if not paths:
        raise ValueError(
            f"{folder} should have {' and '.join(SPLITS.values())}. Received: neither of them"
        )
    for split, path in paths.items():
        _read_split(path, split, codes, index, listing)
    return listing.annotations((name for _, name in codes.values()), index.notes())


def _class_codes(path: Path) -> dict[str, tuple[int, str]]:
    """Code to (number, name): 'c000 Holding some clothes'."""
    codes: dict[str, tuple[int, str]] = {}
    for number, text in lines(path):
        code, _, name = text.replace("\t", " ").partition(" ")
        if code != f"c{len(codes):03d}" or not name.strip():
            raise ValueError(
                f"{path}:{number} should be 'c{len(codes):03d} name of the class'. "
                f"Received: {text[:100]!r}"
            )
        codes[code] = len(codes), name.strip()
    return codes


def _read_split(path: Path, split: str, codes: dict, index: FileIndex, listing: Listing) -> None:
    rows = cells(path)
    _, header = next(rows, (0, None))
    if header is None or not {"id", "actions"} <= set(header):
        raise ValueError(f"{path}:1 should be a header with id and actions. Received: {header}")
    for number, row in rows:
        where = f"{path.name}:{number}"
        if row is None or len(row) != len(header):
            count = "an open quote" if row is None else f"{len(row)} cells"
            what = f"should have {len(header)} cells. Received: {count}"
            listing.line(where, split).problem(TORN_LINE, what)
            continue
        found = dict(zip(header, row, strict=True))
        _add(found["id"], found["actions"], where, split, codes, index, listing)


def _add(name, text, where, split, codes, index: FileIndex, listing: Listing) -> None:
    line = listing.line(where, split)
    line.name = name
    actions = []
    for action in filter(None, map(str.strip, text.split(";"))):
        code, *times = action.split()
        if code not in codes:
            return line.problem(UNKNOWN_CLASS, f"{code!r} of {name}")
        start, end = map(seconds, times) if len(times) == 2 else (None, None)
        if start is None or end is None or end < start:
            what = f"{name} should have '{code} START END'. Received: {action!r}"
            return line.problem(BAD_NUMBER, what)
        actions.append((codes[code][0], start, end))
    line.labels = tuple(sorted({label for label, _, _ in actions}))
    if leaves(name) or not name:
        return line.problem(OUTSIDE, repr(name))
    if path := line.file(index, name, (split,)):
        line.video(path, actions=tuple(actions))
