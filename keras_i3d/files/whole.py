"""Files and folders that appear whole or not at all: the one way to write what others read.

What is being written lies beside its place, as .NAME.HOST-PID-RANDOM.part, and takes its name at
the end. What a killed process leaves behind is known by that name; `remove_leftovers` removes it.
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import socket
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# Whether another machine is still at work nobody here can say; after so many seconds it is not.
FORGOTTEN = 7 * 24 * 3600
REPLACED = "replaced"
PART = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part")


@contextlib.contextmanager
def whole_file(path: str | os.PathLike, mode: str = "wb", **options) -> Iterator[IO]:
    """Open a file to write, which takes its name, and an older one's place, when the block ends.

    Args:
        path: its place; folders are made if need be.
        mode: "wb" or "w".
        options: as for `open`; text is UTF-8 unless they say otherwise.

    Raises:
        OSError: as `open` and writing do, always with the file's name.
    """
    path = Path(path)
    if "b" not in mode:
        options = {"encoding": "utf-8", **options}
    with _named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _part_of(path)
        try:
            # Made here, so that its permissions are the user's, which a temporary file's are not.
            with open(part, mode.replace("w", "x"), **options) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_whole(path: str | os.PathLike, content: bytes | str) -> None:
    """Write a file, whole or not at all; text in UTF-8, with what is no text in it escaped."""
    if isinstance(content, str):
        content = content.encode("utf-8", "backslashreplace")
    with whole_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def whole_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a free path of the same name, for a file or a folder, which moves to its place.

    For writers that want a path. An older file or folder at the place is replaced at the end, and
    stays where the block ends with an error.
    """
    path = Path(path)
    with _named_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = _part_of(path)
        scratch.mkdir()
        try:
            made = scratch / path.name
            yield made
            if made.is_file():
                with open(made, "rb") as file:
                    os.fsync(file.fileno())
                os.replace(made, path)
            else:
                _replace_folder(made, path, scratch / REPLACED)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _replace_folder(made: Path, path: Path, aside: Path) -> None:
    """Move a folder to its place; what was there is put back where that fails."""
    if not made.is_dir():
        raise FileNotFoundError(errno.ENOENT, "Nothing was written", str(path))
    if path.exists():  # a folder takes no other's name while that is there
        aside.mkdir()
        os.replace(path, aside / path.name)
    try:
        os.replace(made, path)
    except BaseException:
        _put_back(aside, path.parent)
        raise


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
    folder, count = Path(folder), 0
    for path in list(folder.rglob(".*.part") if below else folder.glob(".*.part")):
        found = PART.fullmatch(path.name)
        if found and not _in_use(path, found[1], int(found[2])):
            _put_back(path / REPLACED, path.parent)  # killed between two renames
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
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


def _part_of(path: Path) -> Path:
    # File names have at most 255 bytes.
    name = path.name.encode("utf-8", "surrogateescape")[:180].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}.part")


def _host() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


@contextlib.contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    """Within, an OSError that names no file, as of a full disk, names this one."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
