"""Kinetics-400, -600 and -700: CSV files, and videos under their YouTube ids.

The two forms of a list, each with a header; the test sets' have no label:

    label,youtube_id,time_start,time_end,split       testifying,---QUuC4vJs,84,94,validate
    label_name,video,start,end,split

The ten seconds are cut out as ---QUuC4vJs_000084_000094.mp4, in a folder of the class, whose name
has spaces or underscores, or in any other. A file named ---QUuC4vJs.mp4 is taken for the whole.
"""

import os
from pathlib import Path

from keras_i3d.classes import SHIPPED
from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import VIDEO, FileIndex, suffix
from keras_i3d.data.lists.listing import (
    ClassNumbers,
    Listing,
    cells,
    class_names,
    files_of,
    leaves,
    seconds,
)
from keras_i3d.data.lists.problems import BAD_NUMBER, OUTSIDE, TORN_LINE, UNKNOWN_CLASS

COLUMNS = {
    "label": ("label", "label_name"),
    "id": ("youtube_id", "video", "video_id"),
    "start": ("time_start", "start"),
    "end": ("time_end", "end"),
    "split": ("split",),
}
# A shipped list of classes is a data set's own if it has so many of its labels; of Kinetics-700's
# the 600 have six in seven.
MOST = 0.9


def read(root: str, lists: list[str], *, classes=None, **_) -> Annotations:
    """Read the CSV files, or those of a folder, with the videos below `root`.

    Classes are in alphabetical order, as DeepMind's label maps are: the shipped 400 or 600 where
    nine labels in ten are among them, else those of all the files given.
    """
    listing = Listing()
    rows = [row for path in files_of(lists, "*.csv") for row in _rows(path, listing)]
    labels = sorted({row["label"] for row in rows if row["label"]})
    names, note = _classes(labels, classes)
    numbers, index = ClassNumbers(names), FileIndex(root)
    for row in rows:
        _add(row, numbers, index, listing)
    return listing.annotations(names, (note, *index.notes()))


def _rows(path: Path, listing: Listing) -> list[dict]:
    """The lines of one file: the cells by the names of COLUMNS; torn ones become problems."""
    lines = cells(path)
    _, header = next(lines, (0, None))
    header = [cell.casefold() for cell in header or []]
    places = {
        name: header.index(alias)
        for name, aliases in COLUMNS.items()
        for alias in aliases
        if alias in header
    }
    if not {"id", "start", "end"} <= places.keys():
        raise ValueError(
            f"{path}:1 should be a header such as label,youtube_id,time_start,time_end,split. "
            f"Received: {','.join(header)[:100]!r}"
        )
    rows = []
    for number, row in lines:
        where = f"{path.name}:{number}"
        if row is None or len(row) != len(header):
            count = "an open quote" if row is None else f"{len(row)} cells"
            # A torn line's split is unknown where a column says it; else the file's name does.
            split = None if "split" in places else _split({}, path)
            what = f"should have {len(header)} cells. Received: {count}"
            listing.line(where, split).problem(TORN_LINE, what)
            continue
        found = {name: row[place] for name, place in places.items()}
        found["split"] = _split(found, path)
        rows.append({"label": "", **found, "where": where})
    unlabelled = not any(row["label"] for row in rows)
    return [{**row, "unlabelled": unlabelled} for row in rows]


def _split(row: dict, path: Path) -> str:
    """The column's word, else the file's: train for train.csv and kinetics-400_train.csv."""
    return row.get("split") or path.stem.replace("-", "_").rpartition("_")[2]


def _classes(labels: list[str], source) -> tuple[tuple[str, ...], str]:
    if source is not None:
        given = source if isinstance(source, str) else "as given"
        return class_names(source), f"classes: {given}"
    for shipped in SHIPPED:
        names = class_names(shipped)
        known = ClassNumbers(names)
        if labels and sum(label in known for label in labels) >= MOST * len(labels):
            return names, f"classes: {shipped}, in the order of the published networks"
    return tuple(labels), f"classes: the {len(labels)} labels of the list, in alphabetical order"


def _add(row: dict, numbers: ClassNumbers, index: FileIndex, listing: Listing) -> None:
    line = listing.line(row["where"], row["split"])
    line.name = name = row["id"]
    label = numbers.get(row["label"])
    if label is None and not row["unlabelled"]:
        return line.problem(UNKNOWN_CLASS, repr(row["label"]))
    line.labels = () if label is None else (label,)
    start, end = seconds(row["start"]), seconds(row["end"])
    if start is None or end is None or end <= start:
        return line.problem(BAD_NUMBER, f"from {row['start']!r} to {row['end']!r} seconds")
    if leaves(name) or not name:
        return line.problem(OUTSIDE, repr(name))
    folders = row["label"], row["split"]
    if suffix(name) in VIDEO or os.sep in name:  # a file, not an id
        folders = (os.path.dirname(name), *folders)
        name = os.path.basename(os.path.splitext(name)[0])
    line.name = f"{name}_{int(start):06d}_{int(end):06d}"
    whole = not index.find(line.name) and index.find(name)
    path = line.file(index, name if whole else line.name, folders)
    if path:
        line.video(path, **({"start": start, "end": end} if whole else {}))
