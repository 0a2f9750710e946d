"""A list of one's own: path,label[,start,end] a line.

With a header the columns may stand in any order and be path, label, start, end, split, id; without
one they are the first four. Paths start in the root folder. Labels are names; if all of them are
whole numbers, they are the numbers of the classes, from 0.
"""

import os
from pathlib import Path

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.listing import (
    MOST_CLASSES,
    ClassNumbers,
    Listing,
    cells,
    class_names,
    files_of,
    leaves,
    natural,
    seconds,
)
from keras_i3d.data.lists.problems import BAD_NUMBER, MISSING, OUTSIDE, TORN_LINE, UNKNOWN_CLASS

COLUMNS = ("path", "label", "start", "end")
MORE_COLUMNS = ("split", "id")


def read(root: str, lists: list[str], *, classes=None, **_) -> Annotations:
    """The CSV files, or those of a folder; each is a split, named after it, if it names none."""
    listing = Listing()
    rows = [row for path in files_of(lists, "*.csv") for row in _rows(path, listing)]
    labels = {row["label"]: natural(row["label"]) for row in rows}
    numbered = None not in labels.values()
    if classes is not None:
        names = class_names(classes)
    elif numbered:
        largest = max((n for n in labels.values() if n < MOST_CLASSES), default=-1)
        names = tuple(map(str, range(largest + 1)))
    else:
        names = tuple(sorted(label for label in labels if label))
    numbers = ClassNumbers(names)
    for row in rows:
        label = numbers.get(row["label"])
        if label is None and numbered and labels[row["label"]] < len(names):
            label = labels[row["label"]]
        _add(row, label, root, listing)
    alone = "the given" if classes else "alphabetical"
    order = "the order of their numbers" if numbered else f"{alone} order"
    return listing.annotations(names, (f"classes: {len(names)}, in {order}",))


def _rows(path: Path, listing: Listing) -> list[dict]:
    rows: list[dict] = []
    header: list[str] | None = None
    for number, row in cells(path):
        where = f"{path.name}:{number}"
        if header is None:
            header = [cell.casefold() for cell in row or []]
            if {"path", "label"} <= set(header):
                if unknown := sorted(set(header) - {*COLUMNS, *MORE_COLUMNS}):
                    raise ValueError(f"{path}:{number}: unknown columns {unknown}")
                continue
            header = list(COLUMNS)
        if row is None or not 2 <= len(row) <= len(header) or not row[0]:
            what = "an open quote" if row is None else f"{','.join(row)[:100]!r}"
            line = listing.line(where, None if "split" in header else path.stem)
            line.problem(TORN_LINE, f"{what}, wanted {','.join(header)}")
            continue
        found = dict(zip(header, row, strict=False))
        rows.append({"start": "", "end": "", "id": "", "label": "", **found, "where": where})
        rows[-1]["split"] = found.get("split") or path.stem
    return rows


def _add(row: dict, label: int | None, root: str, listing: Listing) -> None:
    line = listing.line(row["where"], row["split"])
    line.name, line.labels = row["id"] or row["path"], () if label is None else (label,)
    if label is None:
        return line.problem(UNKNOWN_CLASS, repr(row["label"]))
    start, end = (seconds(row[name]) if row[name] else None for name in ("start", "end"))
    wrong = any(row[name] and time is None for name, time in (("start", start), ("end", end)))
    if wrong or (end is not None and end <= (start or 0)):
        return line.problem(BAD_NUMBER, f"from {row['start']!r} to {row['end']!r} seconds")
    path = os.path.normpath(os.path.join(root, row["path"]))
    inside = os.path.relpath(path, root)
    if leaves(inside):
        return line.problem(OUTSIDE, f"{row['path']!r} is not below {root}")
    if not os.path.exists(path):
        return line.problem(MISSING, path)
    line.name = row["id"] or os.path.splitext(inside)[0] + _times(row)
    line.video(path, start=start, end=end)


def _times(row: dict) -> str:
    """What tells two parts of one file apart."""
    return f"_{row['start']}_{row['end']}" if row["start"] or row["end"] else ""
