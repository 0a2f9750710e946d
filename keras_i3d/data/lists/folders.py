"""Videos in folders, without a list.

    ROOT/CLASS/FILE            one split, "all"
    ROOT/SPLIT/CLASS/FILE      where every folder in ROOT is named like a split
    ROOT/FILE, ROOT/A/B/FILE   without labels: the format "files"

Files of any extension, but for those that are certainly no videos; class folders in alphabetical
order. An empty folder is a class without videos.
"""

import os

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import FileIndex
from keras_i3d.data.lists.listing import ClassNumbers, Listing, class_names
from keras_i3d.data.lists.problems import MISSING, UNKNOWN_CLASS

SPLITS = frozenset(
    ("train", "training", "val", "valid", "validate", "validation", "test", "testing")
)
ALL = "all"


def read(root: str, lists: list[str], *, classes=None, labelled: bool = True, **_) -> Annotations:
    """List every file below `root`, in order of its path."""
    if lists:
        raise ValueError("folders and files have no list: leave annotations out")
    index, listing = FileIndex(root), Listing()
    paths = sorted([*index.paths, *index.dangling])
    parts = [path.split(os.sep) for path in paths]
    with_splits = labelled and parts and all(_is_split(p[0]) for p in parts)
    depth = 1 if with_splits else 0
    names: tuple[str, ...] = ()
    if labelled:
        empty = (path.split(os.sep) for path in index.empty)
        empty = [p[depth] for p in empty if len(p) == depth + 1 and (not depth or _is_split(p[0]))]
        folders = sorted({p[depth] for p in parts if len(p) > depth + 1})
        folders = sorted({*folders, *empty}) if folders else []
        names = class_names(classes) if classes is not None else tuple(folders)
        if not names:
            raise ValueError(
                f"{root} should have a folder for each class. Received: none with videos. "
                "The format 'files' takes videos without labels"
            )
    numbers = ClassNumbers(names)
    for path, part in zip(paths, parts, strict=True):
        line = listing.line(path, part[0] if with_splits else ALL)
        line.name = os.sep.join(part[depth:])
        label = numbers.get(part[depth]) if len(part) > depth + 1 else None
        line.labels = () if label is None else (label,)
        if path in index.dangling:
            line.problem(MISSING, "a link to a file that is not there")
        elif labelled and label is None:
            inside = len(part) > depth + 1
            line.problem(UNKNOWN_CLASS, repr(part[depth]) if inside else "in no class's folder")
        else:
            line.video(index.full(path))
    return listing.annotations(names, index.notes())


def _is_split(folder: str) -> bool:
    return folder.casefold() in SPLITS
