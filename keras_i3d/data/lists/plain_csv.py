"""A list of one's own: path,label[,start,end] a line.

With a header the columns may stand in any order and be path, label, start, end, split, id, or have
one of the other names in COLUMNS; without one they are the first four. Paths start in the root
folder. Labels are names; if most of them are whole numbers, they are the numbers of the classes,
from 0, and the others are problems.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import VIDEO, suffix
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
from keras_i3d.data.lists.problems import (
    BAD_NUMBER,
    MISSING,
    OUTSIDE,
    TORN_LINE,
    UNKNOWN_CLASS,
    UNKNOWN_HEADER,
)

# Each column's names in a header; blanks and dashes are as good as underscores.
COLUMNS = {
    "path": ("path", "video_path", "file_path", "filepath", "file", "filename", "file_name")
    + ("video", "video_name", "video_file"),
    "label": ("label", "class", "label_name", "class_name", "category", "action"),
    "start": ("start", "time_start", "start_time"),
    "end": ("end", "time_end", "end_time"),
    "split": ("split", "subset"),
    "id": ("id", "video_id"),
}
WITHOUT_HEADER = ("path", "label", "start", "end")
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?", re.ASCII)


def read(root: str, lists: list[str], *, classes=None, **_) -> Annotations:
    """Read the CSV files, or those of a folder; one that names no split is one by its name."""
    listing = Listing()
    rows = [row for path in files_of(lists, "*.csv") for row in _rows(path, root, listing)]
    labels = dict.fromkeys(row["label"] for row in rows if row["label"])
    given = classes is not None
    names, numbered = (class_names(classes), _numbered(labels)) if given else _classes(labels)
    numbers = ClassNumbers(names)
    for row in rows:
        label = numbers.get(row["label"])
        number = natural(row["label"])
        if label is None and numbered and number is not None and number < len(names):
            label = number
        _add(row, label, numbered, root, listing)
    alone = "the given" if given else "alphabetical"
    order = "the order of their numbers" if numbered else f"{alone} order"
    return listing.annotations(names, (f"classes: {len(names)}, in {order}",))


def _numbered(labels: Iterable[str]) -> bool:
    """Whether labels are numbers: all look like one, or most are whole ones from 0 on."""
    labels = list(labels)
    numbers = [label for label in labels if natural(label) is not None]
    return bool(numbers) and (2 * len(numbers) > len(labels) or all(map(NUMBER.fullmatch, labels)))


def _classes(labels: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The names of the classes, and whether they are numbers."""
    if not _numbered(labels):
        return tuple(sorted(labels)), False
    numbers = (natural(label) for label in labels)
    largest = max((n for n in numbers if n is not None and n < MOST_CLASSES), default=-1)
    return tuple(map(str, range(largest + 1))), True


def _rows(path: Path, root: str, listing: Listing) -> list[dict]:
    lines = list(cells(path))
    first = next(((number, row) for number, row in lines if row and len(row) > 1), (0, []))
    columns, heading = _header(first[1], f"{path}:{first[0]}"), _without_empty_end(first[1])
    is_unknown = columns is None and _is_unknown_header(heading, root)
    columns, is_known = columns or list(WITHOUT_HEADER), columns is not None
    rows: list[dict] = []
    for number, row in lines:
        where, row = f"{path.name}:{number}", row and _without_empty_end(row, len(columns))
        if row == heading and is_known:  # once more where lists were joined
            continue
        if row == heading and is_unknown:
            what = "should be one such as path,label,start,end,split,id. "
            what += f"Received: {','.join(row)[:100]!r}"
            listing.line(where, path.stem).problem(UNKNOWN_HEADER, what)
            continue
        if row is None or not 2 <= len(row) <= len(columns) or not row[0]:
            came = "an open quote" if row is None else f"{','.join(row)[:100]!r}"
            line = listing.line(where, None if "split" in columns else path.stem)
            line.problem(TORN_LINE, f"should be {','.join(columns)}. Received: {came}")
            continue
        found = dict(zip(columns, row, strict=False))
        rows.append({"start": "", "end": "", "id": "", "label": "", **found, "where": where})
        rows[-1]["split"] = found.get("split") or path.stem
    return rows


def _without_empty_end(row: list[str], width: int = 0) -> list[str]:
    """A line without the empty cells beyond `width` that spreadsheets leave at its end."""
    while len(row) > width and not row[-1]:
        row = row[:-1]
    return row


def _header(row: list[str], where: str) -> list[str] | None:
    """The columns that a first line names; None if it is not a header."""
    written = [re.sub(r"[\s-]+", "_", cell.casefold()) for cell in _without_empty_end(row)]
    columns = [next((c for c, names in COLUMNS.items() if cell in names), None) for cell in written]
    if not {"path", "label"} <= set(columns):
        return None
    if unknown := sorted(cell for cell, known in zip(written, columns, strict=True) if not known):
        raise ValueError(f"{where}: unknown columns {unknown}")
    if len(set(columns)) < len(columns):
        raise ValueError(f"{where}: columns that come twice: {','.join(row)[:100]!r}")
    return columns


def _is_unknown_header(row: list[str], root: str) -> bool:
    """Whether a first line is rather names of columns than a video: words, and no such file."""
    if not row or suffix(row[0]) in VIDEO or _exists(os.path.join(root, row[0])):
        return False
    named = {name for names in COLUMNS.values() for name in names} & set(map(str.casefold, row))
    return bool(named) or (not suffix(row[0]) and os.sep not in row[0])


def _exists(path: str) -> bool:
    try:
        return os.path.exists(path)
    except ValueError:  # a zero byte
        return False


def _add(row: dict, label: int | None, numbered: bool, root: str, listing: Listing) -> None:
    line = listing.line(row["where"], row["split"])
    line.name, line.labels = row["id"] or row["path"], () if label is None else (label,)
    if label is None:
        hint = ": the others are numbers, from 0" if numbered and row["label"] else ""
        return line.problem(UNKNOWN_CLASS, repr(row["label"]) + hint)
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
