"""UCF-101: classInd.txt, trainlist01.txt to 03 and testlist01.txt to 03.

    classInd.txt       1 ApplyEyeMakeup
    trainlist01.txt    ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1
    testlist01.txt     ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi

Labels count from 1. The class folder of one file need not be written as in classInd.txt:
HandstandPushups/v_HandStandPushups_g01_c01.avi.
"""

import os
from pathlib import Path, PurePath

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import FileIndex
from keras_i3d.data.lists.listing import (
    ClassNumbers,
    Listing,
    folder_with,
    last_word,
    leaves,
    lines,
    natural,
)
from keras_i3d.data.lists.problems import BAD_NUMBER, OUTSIDE, UNKNOWN_CLASS, WRONG_CLASS


def read(root: str, lists: list[str], *, split_number: int = 1, **_) -> Annotations:
    """Read one of the three divisions into "train" and "test"."""
    folder = folder_with(lists, root, "classInd.txt")
    names = _class_index(folder / "classInd.txt")
    numbers, index, listing = ClassNumbers(names), FileIndex(root, any_case=True), Listing()
    for split in ("train", "test"):
        path = folder / f"{split}list{split_number:02d}.txt"
        for number, text in lines(path):
            _add(text, f"{path.name}:{number}", split, numbers, index, listing)
    return listing.annotations(names, index.notes())


def _class_index(path: Path) -> tuple[str, ...]:
    names = []
    for number, text in lines(path):
        index, _, name = text.replace("\t", " ").partition(" ")
        if index != str(len(names) + 1) or not name.strip():
            raise ValueError(
                f"{path}:{number} should be '{len(names) + 1} ClassName'. Received: {text[:100]!r}"
            )
        names.append(name.strip())
    return tuple(names)


def _add(text, where, split, numbers: ClassNumbers, index: FileIndex, listing: Listing) -> None:
    line = listing.line(where, split)
    name, number = last_word(text)
    line.name = stem = PurePath(name).stem
    given = natural(number)
    if (split == "train" or number) and not 1 <= (given or 0) <= len(numbers.names):
        what = f"label of {name} should be 1 to {len(numbers.names)}. Received: {number!r}"
        return line.problem(BAD_NUMBER, what)
    if leaves(name):
        return line.problem(OUTSIDE, repr(name))
    folder = os.path.basename(os.path.dirname(name))
    label = numbers.get(folder)
    if label is None:
        return line.problem(UNKNOWN_CLASS, f"{folder!r} of {name}")
    if given and given != label + 1:
        return line.problem(WRONG_CLASS, f"label {given}, but {folder} is {label + 1}")
    line.labels = (label,)
    path = index.full(name) if name in index else line.file(index, stem, (folder,))
    if path:
        line.video(path)
