"""Whether an output can be written where it should go, asked before the work begins."""

import errno
import os
import shutil
from pathlib import Path

# The disk is at fault, not the file that was being written: others would fail alike.
FULL = (errno.ENOSPC, errno.EDQUOT)


def check_file_place(path: str | os.PathLike) -> None:
    """Check that a file of this name can be written, or replaced; nothing is made.

    Raises:
        OSError: names what is in the way: a folder of this name, or what `check_folder_place` says
            of the folder that the file will be in.
    """
    if os.path.isdir(path):
        raise _in_the_way(errno.EISDIR, path)
    check_folder_place(Path(path).absolute().parent)


def check_folder_place(path: str | os.PathLike) -> None:
    """Check that a folder is there and can be written into, or can be made; nothing is made.

    Raises:
        OSError: names what is in the way: a file, or a folder that cannot be written.
    """
    path = Path(path).absolute()
    nearest = next(place for place in (path, *path.parents) if os.path.lexists(place))
    if not nearest.is_dir():
        raise _in_the_way(errno.ENOTDIR, nearest)
    if not os.access(nearest, os.W_OK | os.X_OK):
        read_only = hasattr(os, "statvfs") and os.statvfs(nearest).f_flag & os.ST_RDONLY
        raise _in_the_way(errno.EROFS if read_only else errno.EACCES, nearest)


def check_room(path: str | os.PathLike, size: int) -> None:
    """Check that the disk has room for `size` bytes of a file that will be written.

    For writers that do not end well where it has not: HDF5 takes the process with it.

    Raises:
        OSError: it has not.
    """
    if shutil.disk_usage(Path(path).absolute().parent).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))


def _in_the_way(number: int, path: str | os.PathLike) -> OSError:
    return OSError(number, f"{os.strerror(number)}; choose another place", os.fspath(path))


def error_line(error: OSError) -> str:
    """Return what is wrong with which file, and what to do where the disk is full."""
    if error.errno is None:
        return " ".join(str(error).split())
    named = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    reason = error.strerror or os.strerror(error.errno)
    if error.errno in FULL:  # HDF5 has a paragraph of its own on it
        reason = f"{os.strerror(error.errno)}; make room, and run the same command again"
    return f"{named}{reason}"
