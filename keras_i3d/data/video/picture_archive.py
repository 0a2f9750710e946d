"""A tar or zip archive of numbered pictures, as WebDataset keeps them, read as a video."""

import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError
from keras_i3d.data.video.picture_folder import PictureFolder, by_number

ARCHIVES = frozenset((".tar", ".zip"))
# More members, or more bytes of one, are taken for an attack.
MOST_MEMBERS, MOST_BYTES = 1_000_000, 64 << 20
# What damaged archives raise while their members are listed.
UNREADABLE = (
    OSError, EOFError, ValueError, NotImplementedError, zlib.error, tarfile.TarError,
    zipfile.BadZipFile,
)  # fmt: skip


class PictureArchive(PictureFolder):
    """Numbered JPEG or PNG members of one archive, in the order of their numbers.

    Members are read into memory one by one and their names open nothing, so that none leads out of
    the archive; links and all else that is not a plain file is skipped.

    Args:
        path: a .zip file, or a .tar file that is not compressed.
        fps: pictures a second.

    Raises:
        VideoError: as PictureFolder; and when it is damaged or too large.
    """

    kind = "an archive"

    def __init__(self, path: str | os.PathLike, fps: float = DEFAULT_FPS):
        self._archive: tarfile.TarFile | zipfile.ZipFile | None = None
        try:
            super().__init__(path, fps)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the archive; a second call does nothing."""
        if self._archive is not None:
            self._archive.close()

    def _numbered(self) -> dict:
        self._archive, numbered = _opened_archive(self.path)
        return numbered

    def _opened(self, member) -> IO[bytes]:
        is_zip = isinstance(member, zipfile.ZipInfo)
        name, size = (member.filename, member.file_size) if is_zip else (member.name, member.size)
        if size > MOST_BYTES:
            raise VideoError(self.path, f"{name} has {size} bytes; at most {MOST_BYTES} are read")
        try:
            opened = self._archive.open(member) if is_zip else self._archive.extractfile(member)
            with opened as file:
                return io.BytesIO(file.read(MOST_BYTES))
        except (EOFError, RuntimeError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
            raise OSError(str(error)) from error  # counted as a damaged picture


def holds_pictures(path: str) -> bool:
    """Return whether an archive has more than one numbered picture, and so stands for a video.

    Raises:
        VideoError: it is damaged or too large.
    """
    archive, numbered = _opened_archive(path)
    archive.close()
    return any(len(numbers) > 1 for numbers in numbered.values())


def _opened_archive(path: str) -> tuple[tarfile.TarFile | zipfile.ZipFile, dict]:
    """The archive, and its numbered pictures."""
    archive = None
    try:
        if zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            _check_count(path, len(archive.infolist()))
            members = [(one, one.filename) for one in archive.infolist() if not one.is_dir()]
        else:
            archive = tarfile.open(path, "r:")  # noqa: SIM115  stays open
            members = [(one, one.name) for one in _members(path, archive) if one.isreg()]
        return archive, by_number(members)
    except BaseException as error:
        if archive is not None:
            archive.close()
        if not isinstance(error, UNREADABLE) or isinstance(error, VideoError):
            raise
        cause = f"not a readable archive, neither .zip nor plain .tar ({error})"
        raise VideoError(path, cause) from error


def _members(path: str, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The members of a tar archive, which are counted as they are read."""
    for count, member in enumerate(archive, start=1):
        _check_count(path, count)
        yield member


def _check_count(path: str, count: int) -> None:
    if count > MOST_MEMBERS:
        raise VideoError(path, f"more than {MOST_MEMBERS} files in one archive")
