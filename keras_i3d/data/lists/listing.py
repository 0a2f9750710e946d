"""What the readers of official lists share: lines, cells, numbers, class names, duplicates."""

import csv
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from keras_i3d.classes import SHIPPED
from keras_i3d.classes import class_names as shipped_names
from keras_i3d.data.lists.annotations import Annotations, Video
from keras_i3d.data.lists.file_index import FileIndex, plain
from keras_i3d.data.lists.problems import DUPLICATE, MISSING, SEVERAL_FILES, Problem, Problems

# A class number beyond this is taken for a mistake.
MOST_CLASSES = 100_000
# A quoted cell that csv takes for text, since a blank is before it.
BLANK_QUOTE = re.compile(r'\s+"')
# Marks that nobody sees: of the byte order, where lists were joined, and blanks of no width.
UNSEEN = dict.fromkeys(map(ord, "\ufeff\u200b\u2060"))
# A torn line may be a megabyte long; a report shows so many characters of it.
MOST_TEXT = 300


class Line:
    """One listed video while it is read; becomes a Video or a Problem of its listing.

    where: "train.csv:17"; name, labels: as far as they were read.
    """

    def __init__(self, listing: "Listing", where: str, split: str | None):
        self._listing, self.where, self.split = listing, where, split
        self.name, self.labels = "", ()

    def problem(self, kind: str, what: str) -> None:
        """Record that it gives no video, and why."""
        self._listing.problems.add(
            Problem(kind, self.where, what[:MOST_TEXT], self.split, self.name, self.labels)
        )

    def file(self, index: FileIndex, stem: str, folders: tuple[str, ...]) -> str | None:
        """Return the full path of the one file of this name; None, and a problem, where none is."""
        found = index.find(stem, folders)
        if len(found) == 1:
            return index.full(found[0])
        if found:
            self.problem(SEVERAL_FILES, ", ".join(found))
        else:
            self.problem(MISSING, f"no {stem}.* below {index.root}")
        return None

    def video(self, path: str, **times) -> None:
        """Record that it is this file; `times` as in Video. A second one is a problem."""
        self._listing.add(self, Video(path, self.labels, self.name, **times))


class Listing:
    """Videos and problems as they are read; a video that comes twice is a problem."""

    def __init__(self):
        self.problems = Problems()
        self._splits: dict[str, list[Video]] = {}
        self._places: dict[tuple, str] = {}

    def line(self, where: str, split: str | None) -> Line:
        """Return one more line of the list."""
        return Line(self, where, split)

    def add(self, line: Line, video: Video) -> None:
        """Record a video; a second one of its id, or of its file and times, is a problem."""
        keys = (line.split, video.id), (line.split, video.path, video.start, video.end)
        for key in keys:
            if before := self._places.get(key):
                return line.problem(DUPLICATE, f"{video.id} is already at {before}")
        self._places.update(dict.fromkeys(keys, line.where))
        self._splits.setdefault(line.split, []).append(video)

    def annotations(self, classes: Iterable[str], notes: Iterable[str] = ()) -> Annotations:
        """Return what was taken down."""
        return Annotations(tuple(classes), self._splits, self.problems, tuple(notes))


class ClassNumbers:
    """The number of a class by its name, however its spaces and letters are written."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(names)
        self._exact = {name: number for number, name in enumerate(self.names)}
        self._plain = {plain(name): number for number, name in enumerate(self.names)}
        if len(self._exact) < len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"class names should all differ. Received more than once: {twice[:3]}")
        if len(self._plain) < len(self.names):  # names that differ in capitals alone
            self._plain = {}

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> int | None:
        """Return the number; None for an unknown name."""
        return self._exact.get(name, self._plain.get(plain(name)))


def class_names(source: str | os.PathLike | Sequence[str]) -> tuple[str, ...]:
    """Return the names of one of SHIPPED, in a file, a line each, or as they are given.

    Blank lines of a file are left out.

    Raises:
        OSError, ValueError: when the file cannot be read, holds no name or one twice.
    """
    if not isinstance(source, str | os.PathLike):
        return tuple(source)
    if source in SHIPPED:
        return shipped_names(source)
    names = tuple(text for _, text in lines(source))
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"{source} should have class names, one per line, each once. Received: {len(names)} "
            f"names, {len(set(names))} different"
        )
    return names


def lines(path: str | os.PathLike) -> Iterator[tuple[int, str]]:
    """Give (number from 1, text) of the lines that are not blank, without spaces at their ends.

    Raises:
        OSError, ValueError: when the file cannot be read, or is not text in UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if text := line.translate(UNSEEN).strip():
                    yield number, text
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} should be text in UTF-8. Received: {error.reason}") from error


def cells(path: str | os.PathLike) -> Iterator[tuple[int, list[str] | None]]:
    """Give (line number, cells) of a CSV file; None for a line whose quotes do not end.

    Line by line, so that one open quote cannot swallow the lines after it. Blanks around a cell or
    its quotes are no part of it. Where the first line has no comma, tabs separate, or semicolons.
    """
    separator = ","
    for place, (number, text) in enumerate(lines(path)):
        if place == 0 and separator not in text:
            separator = next((one for one in "\t;" if one in text), separator)
        row = _row(text, separator)
        if row is None or any(BLANK_QUOTE.match(cell) for cell in row):
            row = _row(_without_blanks_at_quotes(text, separator), separator)
        yield number, row and [cell.strip() for cell in row]


def _without_blanks_at_quotes(text: str, separator: str) -> str:
    blanks = r"\s+" if separator != "\t" else r"[^\S\t]+"
    text = re.sub(rf'(^|{separator}){blanks}"', r'\1"', text)
    return re.sub(rf'"{blanks}({separator}|$)', r'"\1', text)


def _row(text: str, separator: str) -> list[str] | None:
    try:
        (row,) = csv.reader([text], strict=True, delimiter=separator, skipinitialspace=True)
    except (csv.Error, ValueError):
        return None
    return row


def last_word(text: str) -> tuple[str, str]:
    """Split a line into (the text before its last word, that word), without blanks between."""
    before, *word = text.rsplit(None, 1) if " " in text or "\t" in text else (text,)
    return before.strip(), "".join(word)


def natural(text: str) -> int | None:
    """Return a whole number from 0, in the digits 0 to 9; None if the text is none."""
    digits = text.lstrip("0")[:10] or "0"  # more cannot be a class number
    return int(digits) if text.isascii() and text.isdigit() else None


def seconds(text: str) -> float | None:
    """Return a number of seconds, at least 0; None if the text is no such number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def files_of(lists: list[str], pattern: str) -> list[Path]:
    """Return the files given and the folders' files that match, sorted within a folder.

    Raises:
        ValueError: when there are none.
    """
    found: list[Path] = []
    for path in map(Path, lists):
        found += sorted(path.glob(pattern)) if path.is_dir() else [path]
    if not found:
        raise ValueError(f"no list: there is no {pattern} in {', '.join(lists) or 'annotations'}")
    return found


def folder_with(lists: list[str], root: str, pattern: str) -> Path:
    """Return the folder with files of this pattern: the one given, else ROOT or one in it.

    Raises:
        ValueError: when there is none.
    """
    given = [Path(path) for path in lists]
    folders = [path if path.is_dir() else path.parent for path in given]
    if not given:
        folders = [Path(root), *sorted(path for path in Path(root).iterdir() if path.is_dir())]
    for folder in folders:
        if any(folder.glob(pattern)):
            return folder
    raise ValueError(f"no list: there is no {pattern} in {', '.join(lists) or root}")


def leaves(path: str) -> bool:
    """Return whether a relative path would lead out of the folder that it starts in."""
    whole = os.path.normpath(path)
    return os.path.isabs(path) or whole == ".." or whole.startswith(".." + os.sep)
