"""The files below a folder, found by name, wherever they lie and whatever their extension."""

import os
from collections import Counter
from pathlib import PurePath

# What extensions mean. Files with others, or with none, are tried as videos too.
_VIDEO = (
    ".3g2 .3gp .asf .avi .divx .f4v .flv .gif .h264 .h265 .hevc .ivf .m2ts .m2v .m4v .mjpeg .mjpg "
    ".mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogm .ogv .qt .rm .rmvb .ts .vob .webm .webp .wmv "
    ".y4m"
)
_NO_VIDEO = (
    ".7z .ass .bmp .bz2 .csv .db .doc .docx .gz .h5 .htm .html .ini .jpeg .jpg .json .jsonl .lmdb "
    ".log .lst .lock .mat .md .md5 .nfo .npy .npz .part .parquet .pdf .pickle .pkl .png .pt .pth "
    ".py .rar .rst .sh .sha256 .srt .sub .tar .temp .tfrecord .tgz .tmp .torrent .tsv .txt .url "
    ".vtt .xls .xlsx .xml .xz .yaml .yml .ytdl .zip .zst"
)
VIDEO, NO_VIDEO = frozenset(_VIDEO.split()), frozenset(_NO_VIDEO.split())


def plain(name: str) -> str:
    """Return a class's or folder's name without what people write differently.

    "Playing_Guitar" and '"playing guitar"' are the same.
    """
    return " ".join(name.replace("_", " ").replace('"', " ").casefold().split())


def suffix(name: str) -> str:
    """Return a file name's extension with its dot, in small letters; "" without."""
    return PurePath(name).suffix.casefold()


class FileIndex:
    """Every file below a folder; links are followed, hidden files are not looked at.

    A link to a folder above, such as /, is not followed: all else lies below it.

    Args:
        root: the folder.
        any_case: whether a name is also found in other capitals, where none is exact.

    Attributes:
        root: the folder.
        paths: relative to it, sorted: those that may be videos, by their extension.
        empty: folders in which nothing lies, relative paths.
        dangling: links that lead to nothing, relative paths.
        ignored: extension to number of files that are none.
        above: links that lead to a folder above, relative paths.

    Raises:
        OSError: when a folder below cannot be read.
    """

    def __init__(self, root: str, any_case: bool = False):
        self.root, self.any_case = root, any_case
        self.paths: list[str] = []
        self.empty: list[str] = []
        self.dangling: set[str] = set()
        self.ignored: Counter[str] = Counter()
        self.above: list[str] = []
        self._real_root = os.path.realpath(root)
        self._seen_folders: set[tuple[int, int]] = set()
        self._scan("")
        self.paths.sort()
        self._present = set(self.paths)
        self._by_stem: dict[str, list[str]] = {}
        for path in self.paths:
            self._by_stem.setdefault(PurePath(path).stem, []).append(path)
        self._by_small_stem: dict[str, list[str]] | None = None

    def __contains__(self, path: str) -> bool:
        return path in self._present

    def full(self, path: str) -> str:
        """Return a relative path with the folder before it."""
        return os.path.join(self.root, path)

    def find(self, stem: str, folders: tuple[str, ...] = ()) -> list[str]:
        """Return relative paths of the files of this name, without extension.

        Of several the ones that lie below most of `folders`, such as their class and split, and
        among those the ones with a video's extension.
        """
        found = self._by_stem.get(stem, [])
        if not found and self.any_case:
            found = self._in_any_case(stem)
        if len(found) > 1:
            wanted = {plain(folder) for folder in folders}
            found = _best(found, lambda p: len(wanted & {plain(f) for f in p.split(os.sep)[:-1]}))
            found = _best(found, lambda p: suffix(p) in VIDEO)
        return found

    def notes(self) -> tuple[str, ...]:
        """Return what was left aside, in sentences."""
        notes = []
        if self.ignored:
            kinds = ", ".join(f"{count} {kind}" for kind, count in self.ignored.most_common())
            notes.append(f"left out, because they are not videos: {kinds}")
        if self.above:
            links = ", ".join(self.above)
            notes.append(f"not followed, since they lead to a folder above: {links}")
        return tuple(notes)

    def _in_any_case(self, stem: str) -> list[str]:
        if self._by_small_stem is None:
            self._by_small_stem = {}
            for name, paths in self._by_stem.items():
                self._by_small_stem.setdefault(name.casefold(), []).extend(paths)
        return self._by_small_stem.get(stem.casefold(), [])

    def _scan(self, folder: str) -> None:
        full = self.full(folder)
        status = os.stat(full)
        if (status.st_dev, status.st_ino) in self._seen_folders:  # a link that leads back
            return
        self._seen_folders.add((status.st_dev, status.st_ino))
        with os.scandir(full) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = os.path.join(folder, entry.name)
                if entry.name.startswith("."):
                    continue
                if entry.is_symlink() and not os.path.exists(entry.path):
                    self.dangling.add(path)
                elif entry.is_symlink() and entry.is_dir() and self._is_above(entry.path):
                    self.above.append(path)
                # An empty folder named like a video is a video that went wrong.
                elif entry.is_dir() and (suffix(path) not in VIDEO or _visible(entry.path)):
                    if not _visible(entry.path):
                        self.empty.append(path)
                    self._scan(path)
                elif suffix(path) in NO_VIDEO:
                    self.ignored[suffix(path)] += 1
                else:
                    self.paths.append(path)

    def _is_above(self, link: str) -> bool:
        real = os.path.realpath(link)
        return real != self._real_root and os.path.commonpath([real, self._real_root]) == real


def _visible(folder: str) -> bool:
    return any(not name.startswith(".") for name in os.listdir(folder))


def _best(paths: list[str], score) -> list[str]:
    best = max(map(score, paths))
    return [path for path in paths if score(path) == best]
