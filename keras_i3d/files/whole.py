"""Files and folders that appear whole or not at all: the one way to write what others read.

What is being written lies beside its place, as .NAME.HOST-PID-RANDOM.part, and takes its name at
the end. What a killed process leaves behind is known by that name: the next one that writes to the
place removes it, and `remove_leftovers` that of a whole folder.
"""

import contextlib
import errno
import glob
import os
import re
import secrets
import shutil
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

# Nothing here shows whether another machine is still at work; after so many seconds it is not.
FORGOTTEN = 7 * 24 * 3600
REPLACED = "replaced"
PART = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part")


@contextlib.contextmanager
def whole_file(path: str | os.PathLike, mode: str = "wb", **options) -> Iterator[IO]:
    """Open a file to write, which takes its name, and an older one's place, when the block ends.

    Args:
        path: its place; folders are made if needed.
        mode: "wb" or "w".
        options: as for `open`; text is UTF-8 unless they say otherwise.

    Raises:
        OSError: as `open` and writing do, always with the file's name.
    """
    path = Path(path)
    if "b" not in mode:
        options = {"encoding": "utf-8", **options}
    with _named_errors(path):
        part = _new_part(path)
        try:
            # Made here, so that its permissions are the user's, which a temporary file's are not.
            with open(part, mode.replace("w", "x"), **options) as file:
                yield file
            move_whole(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_whole(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file, whole or not at all; text in UTF-8, with what is no text in it escaped."""
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    with whole_file(path) as file:
        file.write(content)


def write_unless_there(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file, whole or not at all, unless there is one; of several writers one wins."""
    path = Path(path)
    with scratch_folder(path) as scratch:
        made = scratch / path.name
        write_whole(made, content)
        try:
            os.link(made, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            if not path.exists():
                move_whole(made, path)


@contextlib.contextmanager
def whole_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a free path of the same name, for a file or a folder, which moves to its place.

    For writers that want a path. An older file or folder at the place is replaced at the end, and
    stays where the block ends with an error.
    """
    path = Path(path)
    with scratch_folder(path) as scratch:
        made = scratch / path.name
        yield made
        if made.is_dir():
            _replace_folder(made, path, scratch / REPLACED)
        else:
            move_whole(made, path)


@contextlib.contextmanager
def scratch_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Give an empty folder on the file system of `path`, removed when the block ends.

    Raises:
        OSError: as making and writing do, always with a file's name.
    """
    path = Path(path)
    with _named_errors(path):
        scratch = _new_part(path)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def move_whole(made: str | os.PathLike, path: str | os.PathLike) -> None:
    """Give a finished file its place on the same file system, over an older one.

    Its bytes reach the disk before its name does, so that a crash of the machine leaves the old
    file or the new one.
    """
    made, path = Path(made), Path(path)
    if not made.is_file():
        raise FileNotFoundError(errno.ENOENT, "Nothing was written", str(path))
    _to_disk(made)
    os.replace(made, path)
    _to_disk(path.parent)


def _replace_folder(made: Path, path: Path, aside: Path) -> None:
    """Move a folder to its place; what was there is put back where that fails."""
    for below in made.rglob("*"):
        _to_disk(below)
    _to_disk(made)
    if path.exists():  # a folder takes no other's name while that is there
        aside.mkdir()
        os.replace(path, aside / path.name)
    try:
        os.replace(made, path)
    except BaseException:
        _put_back(aside, path.parent)
        raise
    _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would survive a crash of the machine."""
    folder = path.is_dir()
    if folder and os.name != "posix":  # elsewhere folders cannot be opened
        return
    opened = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(opened)
    except OSError as error:
        # Some network file systems sync no folders.
        if not folder or error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(opened)


def _put_back(aside: Path, folder: Path) -> None:
    for old in aside.glob("*"):
        if not (folder / old.name).exists():
            os.replace(old, folder / old.name)


def remove_leftovers(folder: str | os.PathLike, *, below: bool = False) -> int:
    """Remove what killed processes have left in a folder, not what is being written; how many.

    Args:
        folder: where; nothing is removed of a folder that is not there.
        below: whether folders below it are looked through too.
    """
    folder = Path(folder)
    return _remove_unused(folder.rglob(".*.part") if below else folder.glob(".*.part"))


def _remove_unused(parts: Iterable[Path]) -> int:
    count = 0
    for path in list(parts):
        found = PART.fullmatch(path.name)
        if found and not _in_use(path, found[1], int(found[2])):
            _put_back(path / REPLACED, path.parent)  # killed between two renames
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):  # it was a folder, or is another user's
                path.unlink()
            count += 1
    return count


def _in_use(path: Path, host: str, process: int) -> bool:
    if host != _host() or os.name != "posix":
        with contextlib.suppress(OSError):
            return time.time() - path.stat().st_mtime < FORGOTTEN
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True


def _new_part(path: Path) -> Path:
    """A free name beside `path`, in a folder that is there; what is left of older ones goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # File names have at most 255 bytes.
    name = path.name.encode("utf-8", "surrogateescape")[:180].decode("utf-8", "ignore")
    _remove_unused(path.parent.glob(f".{glob.escape(name)}.*.part"))
    return path.with_name(f".{name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.part")


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Within, an OSError of a full disk, which names no file, or of the part names this file."""
    try:
        yield
    except OSError as error:
        named = error.filename
        if error.errno is None or (named is not None and not _is_part(named)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _is_part(named: str | bytes | os.PathLike | int) -> bool:
    return isinstance(named, (str, os.PathLike)) and any(map(PART.fullmatch, Path(named).parts))
