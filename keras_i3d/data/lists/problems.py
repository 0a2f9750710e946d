"""What is wrong with a list of videos: collected, counted, shown in one report."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keras_i3d.files import storage

# The kinds, as they stand in reports.
MISSING = "missing file"
DUPLICATE = "duplicate"
UNKNOWN_CLASS = "unknown class"
UNKNOWN_HEADER = "unknown header"
WRONG_CLASS = "contradicting class"
BAD_NUMBER = "bad number"
TORN_LINE = "torn line"
OUTSIDE = "path that leaves its folder"
SEVERAL_FILES = "several files for one video"
# How many of each kind a report shows.
SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """One listed line, or file, that gives no Video.

    kind: one of this module's.
    where: where it stands: "train.csv:17", or the file.
    what: what was found, in a line.
    split: of which split; None if that cannot be known.
    name, labels: what the list calls the video, and its classes, as far as they were read.
    """

    kind: str
    where: str
    what: str
    split: str | None = None
    name: str = ""
    labels: tuple[int, ...] = ()

    def __str__(self):
        return f"{self.kind}: {self.where}: {self.what}"


class Problems:
    """Problems in the order in which they were met."""

    def __init__(self, problems: Iterable[Problem] = ()):
        self._problems = list(problems)

    def add(self, problem: Problem) -> None:
        """Record one more."""
        self._problems.append(problem)

    def __len__(self) -> int:
        return len(self._problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def of_splits(self, names: Iterable[str]) -> "Problems":
        """Return those of these splits, and those of which no split is known."""
        names = {*names, None}
        return Problems(problem for problem in self if problem.split in names)

    def counts(self) -> dict[str, int]:
        """Return {kind: number}, the most frequent first."""
        counts: dict[str, int] = {}
        for problem in self:
            counts[problem.kind] = counts.get(problem.kind, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: -item[1]))

    def report(self, shown: int | None = SHOWN) -> str:
        """Return counts and the first `shown` of each kind, all with None; lines of text."""
        lines = []
        for kind, count in self.counts().items():
            lines.append(f"{kind}: {count}")
            found = [problem for problem in self if problem.kind == kind]
            lines += [f"  {problem.where}: {problem.what}" for problem in found[:shown]]
            if shown is not None and count > shown:
                lines.append(f"  ... and {count - shown} more")
        return "\n".join(map(printable, lines))

    def write(self, path: str | os.PathLike) -> None:
        """Write the whole report as a text file, whole or not at all; also to gs:// or s3://."""
        report = self.report(shown=None) + "\n"
        storage.write(os.fspath(path), report.encode("utf-8", "backslashreplace"))


def printable(text: str) -> str:
    """Return the text in one line; what a terminal would obey, not show, becomes escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
