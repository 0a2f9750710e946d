"""Files here and elsewhere: plain paths through the system, gs://, s3:// and others through fsspec.

gs:// and s3:// need the extras [gs] and [s3]: gcsfs and s3fs know servers and credentials.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from typing import BinaryIO

import fsspec

from keras_i3d.files.whole import whole_file

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://")
# Their errors are not all OSErrors.
CLIENTS = ("aiobotocore", "aiohttp", "botocore", "gcsfs", "google")


def is_remote(path: str | os.PathLike) -> bool:
    """Return whether a path names a scheme such as gs:// or s3://."""
    return bool(REMOTE.match(os.fspath(path)))


def join(folder: str | os.PathLike, name: str) -> str:
    """Return the path of a name in a folder; remote ones are joined by "/" on every system."""
    folder = os.fspath(folder)
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(folder, name)


def exists(path: str) -> bool:
    """Return whether there is a file or a folder of this name."""
    if not is_remote(path):
        return os.path.exists(path)
    with _remote(path) as (system, name):
        return system.exists(name)


def size(path: str) -> int:
    """Return the bytes of a file."""
    if not is_remote(path):
        return os.path.getsize(path)
    with _remote(path) as (system, name):
        return system.size(name)


def names(folder: str) -> list[str]:
    """Return the names in a folder, in no order."""
    if not is_remote(folder):
        return os.listdir(folder)
    with _remote(folder) as (system, name):
        return [path.rstrip("/").rpartition("/")[2] for path in system.ls(name, detail=False)]


def read(path: str, start: int = 0, end: int | None = None) -> bytes:
    """Return the bytes of a file from `start` to `end`; no others are fetched."""
    if is_remote(path):
        with _remote(path) as (system, name):
            return system.cat_file(name, start=start or None, end=end)
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(-1 if end is None else end - start)


@contextlib.contextmanager
def reading(path: str) -> Iterator[BinaryIO]:
    """Open a file to read."""
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with _remote(path) as (system, name), system.open(name, "rb") as file:
        yield file


@contextlib.contextmanager
def writing(path: str) -> Iterator[BinaryIO]:
    """Open a file to write, which appears at its path, whole, when the block ends well."""
    if not is_remote(path):
        with whole_file(path) as file:
            yield file
        return
    # Nothing is uploaded under its name before the transaction ends well.
    with _remote(path) as (system, name), system.transaction, system.open(name, "wb") as file:
        yield file


def write(path: str, *parts: bytes) -> None:
    """Write a whole file, over what was there."""
    with writing(path) as file:
        file.writelines(parts)


def make_folder(path: str) -> None:
    """Make a folder and those above it, unless they are there; an object store needs none."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)


def remove(path: str) -> None:
    """Remove a file or a folder with all that is in it; nothing if there is none."""
    if is_remote(path):
        with _remote(path) as (system, name):
            if system.exists(name):
                system.rm(name, recursive=True)
    elif os.path.isdir(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


@contextlib.contextmanager
def _remote(path: str) -> Iterator[tuple[fsspec.AbstractFileSystem, str]]:
    """The file system of a remote path and the name in it; its errors are OSErrors of one line."""
    scheme = path.split("://", 1)[0]
    try:
        # Other processes write too: what is there is asked each time.
        system, name = fsspec.url_to_fs(path, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        extra = {"gs": "keras-i3d[gs]", "gcs": "keras-i3d[gs]", "s3": "keras-i3d[s3]"}.get(scheme)
        cure = f"pip install '{extra}'" if extra else str(error)
        raise ImportError(f"{path}: {scheme}:// cannot be opened here; {cure}") from error
    try:
        yield system, name
    except FileNotFoundError as error:
        raise FileNotFoundError(f"{path}: no such file") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in CLIENTS:
            raise
        raise OSError(f"{path}: {' '.join(str(error).split())}") from error
