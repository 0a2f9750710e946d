"""Which videos a user asks about: files, folders, lists of them, and folders of pictures."""

import csv
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from keras_i3d.data.lists.file_index import VIDEO, suffix
from keras_i3d.data.lists.plain_csv import COLUMNS
from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError, VideoFile
from keras_i3d.data.video.picture_archive import ARCHIVES, PictureArchive, holds_pictures
from keras_i3d.data.video.picture_folder import PictureFolder, numbered_pictures


@dataclass(frozen=True)
class NamedVideo:
    """One video that was asked for: its path, and in `cause` why it cannot be read, if known."""

    path: str
    cause: str | None = None


def find_videos(paths: Iterable[str]) -> list[NamedVideo]:
    """Return the videos that paths name, in their order; nothing is decoded.

    A folder stands for all videos below it, in natural order (clip2 before clip10): files with a
    video's extension, folders of numbered pictures, and .tar and .zip archives of them. Hidden
    files, links to folders and archives of other things are skipped. Every path gives one at
    least.
    """
    return [found for path in paths for found in _named(path)]


def read_list(path: str) -> list[str]:
    """Return the paths that a list names; "-" is standard input.

    Of a .csv file the first column, without its head, else one path a line. Empty lines and those
    that begin with "#" are skipped. Paths start from the current folder.

    Raises:
        OSError: it cannot be read.
    """
    if path == "-":
        return list(_lines(sys.stdin))
    # File names need not be text: what is not, is kept as it is.
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline=None) as file:
        lines = list(_lines(file))
    if suffix(path) != ".csv":
        return lines
    first = [row[0].strip() for row in csv.reader(lines) if row]
    return first[1:] if first and first[0].lower() in COLUMNS["path"] else first


def open_video(
    path: str | os.PathLike, frames_fps: float = DEFAULT_FPS
) -> VideoFile | PictureFolder:
    """Open a video file, or numbered pictures as a video of `frames_fps` a second.

    Pictures lie in a folder, or in an archive whose name ends in .tar or .zip.

    Raises:
        VideoError: it cannot be read.
    """
    if os.path.isdir(path):
        return PictureFolder(path, frames_fps)
    if suffix(os.fspath(path)) in ARCHIVES and os.path.isfile(path):
        return PictureArchive(path, frames_fps)
    return VideoFile(path)


def _named(path: str) -> Iterator[NamedVideo]:
    if not os.path.lexists(path):
        yield NamedVideo(path, "no such file")
    elif not os.path.isdir(path):
        yield NamedVideo(path)
    else:
        causes: list[NamedVideo] = []
        found = sorted(_below(path, causes), key=natural)
        if not found and not causes:
            causes.append(NamedVideo(path, "a folder without videos or numbered pictures"))
        yield from (*map(NamedVideo, found), *causes)


def _below(folder: str, causes: list[NamedVideo]) -> Iterator[str]:
    """Paths of the videos in a folder and below; what cannot be read goes to `causes`."""

    def failed(error: OSError) -> None:
        causes.append(NamedVideo(error.filename, error.strerror))

    for where, folders, names in os.walk(folder, onerror=failed):
        folders[:] = [name for name in folders if not name.startswith(".")]
        videos = [n for n in names if suffix(n) in VIDEO and not n.startswith(".")]
        yield from (os.path.join(where, name) for name in videos)
        archives = [n for n in names if suffix(n) in ARCHIVES and not n.startswith(".")]
        for path in (os.path.join(where, name) for name in archives):
            try:
                if holds_pictures(path):
                    yield path
            except VideoError as error:
                causes.append(NamedVideo(path, error.cause))
        # One numbered picture among others is no video.
        if not videos and any(len(numbers) > 1 for numbers in numbered_pictures(where).values()):
            yield where


def natural(path: str) -> list:
    """Return a sorting key by which clip2 comes before clip10."""
    parts = re.split(r"(\d+)", path)
    return [int(part) if number % 2 else part.casefold() for number, part in enumerate(parts)]


def _lines(file: TextIO) -> Iterator[str]:
    for line in file:
        line = line.rstrip("\r\n")
        if line.strip() and not line.lstrip().startswith("#"):
            yield line
