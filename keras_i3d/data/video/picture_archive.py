"""A tar or zip archive of numbered pictures, as WebDataset keeps them, read as a video."""

import io
import os
import tarfile
import zipfile
import zlib
from typing import IO

from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError
from keras_i3d.data.video.picture_folder import PictureFolder, by_number

ARCHIVES = frozenset((".tar", ".zip"))
# More members, or more bytes of one, are taken for an attack.
MOST_MEMBERS, MOST_BYTES = 1_000_000, 64 << 20


class PictureArchive(PictureFolder):
    """Numbered JPEG or PNG members of one archive, in the order of their numbers.

    Members are read into memory one by one and their names open nothing, so that none leads out of
    the archive; links and all else that is no plain file are passed over.

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
        try:
            if zipfile.is_zipfile(self.path):
                self._archive = zipfile.ZipFile(self.path)
                members = [(one, one.filename) for one in self._archive.infolist()]
                members = [(one, name) for one, name in members if not one.is_dir()]
            else:
                self._archive = tarfile.open(self.path, "r:")  # noqa: SIM115  stays open
                members = [(one, one.name) for one in self._members() if one.isreg()]
        except (OSError, EOFError, ValueError, NotImplementedError, zlib.error, tarfile.TarError,
                zipfile.BadZipFile) as error:  # fmt: skip
            if isinstance(error, VideoError):
                raise
            cause = f"no archive that can be read, neither .zip nor plain .tar ({error})"
            raise VideoError(self.path, cause) from error
        self._check_count(len(members))
        return by_number(members)

    def _members(self):
        """The members of a tar archive, which are counted as they are read."""
        for count, member in enumerate(self._archive, start=1):
            self._check_count(count)
            yield member

    def _check_count(self, count: int) -> None:
        if count > MOST_MEMBERS:
            raise VideoError(self.path, f"more than {MOST_MEMBERS} files in one archive")

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
