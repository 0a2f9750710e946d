"""HMDB-51: one file a class and division, CLASS_test_split1.txt to 3.

    brush_hair_test_split1.txt    April_09_brush_hair_u_nm_np1_ba_goo_0.avi 1

1 is for training, 2 for testing, 0 for neither; such videos are in the split "unused". Classes are
in alphabetical order.
"""

from pathlib import PurePath

from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.lists.file_index import FileIndex
from keras_i3d.data.lists.listing import Listing, folder_with, last_word, leaves, lines
from keras_i3d.data.lists.problems import BAD_NUMBER, OUTSIDE, TORN_LINE

SPLITS = {"1": "train", "2": "test", "0": "unused"}


def read(root: str, lists: list[str], *, split_number: int = 1, **_) -> Annotations:
    """Read one of the three divisions into "train", "test" and "unused"."""
    ending = f"_test_split{split_number}.txt"
    folder = folder_with(lists, root, f"*{ending}")
    files = {path.name.removesuffix(ending): path for path in folder.glob(f"*{ending}")}
    names = sorted(files)
    index, listing = FileIndex(root), Listing()
    for label, name in enumerate(names):
        for number, text in lines(files[name]):
            _add(text, f"{files[name].name}:{number}", label, name, index, listing)
    return listing.annotations(names, index.notes())


def _add(text, where, label, class_name, index: FileIndex, listing: Listing) -> None:
    name, number = last_word(text)
    line, stem = listing.line(where, SPLITS.get(number)), PurePath(name).stem
    line.name, line.labels = f"{class_name}/{stem}", (label,)
    if not number:
        return line.problem(TORN_LINE, f"should be 'FILE.avi 1'. Received: {text!r}")
    if line.split is None:
        return line.problem(BAD_NUMBER, f"{name} should be 0, 1 or 2. Received: {number!r}")
    if leaves(name):
        return line.problem(OUTSIDE, repr(name))
    if path := line.file(index, stem, (class_name,)):
        line.video(path)
