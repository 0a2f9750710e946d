"""Files here and elsewhere: plain paths through the system, gs:// and s3:// through TensorFlow.

TensorFlow is imported for a remote path only. s3:// needs the extra [io].
"""

import contextlib
import errno
import os
import re
import secrets
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import BinaryIO

REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://")


def is_remote(path: str | os.PathLike) -> bool:
    """Whether a path names a scheme such as gs:// or s3://."""
    return bool(REMOTE.match(os.fspath(path)))


def join(folder: str | os.PathLike, name: str) -> str:
    """A name in a folder; remote ones are joined by "/" on every system."""
    folder = os.fspath(folder)
    return f"{folder.rstrip('/')}/{name}" if is_remote(folder) else os.path.join(folder, name)


def exists(path: str) -> bool:
    """Whether there is a file or a folder of this name."""
    if is_remote(path):
        with _plain_errors(path):
            return _gfile(path).exists(path)
    return os.path.exists(path)


def size(path: str) -> int:
    """Bytes of a file."""
    if is_remote(path):
        with _plain_errors(path):
            return _gfile(path).stat(path).length
    return os.path.getsize(path)


def names(folder: str) -> list[str]:
    """Names in a folder, in no order."""
    if is_remote(folder):
        with _plain_errors(folder):
            return [name.rstrip("/") for name in _gfile(folder).listdir(folder)]
    return os.listdir(folder)


def read(path: str) -> bytes:
    """A whole file."""
    with reading(path) as file:
        return file.read()


@contextlib.contextmanager
def reading(path: str) -> Iterator[BinaryIO]:
    """A file opened to be read."""
    if not is_remote(path):
        with open(path, "rb") as file:
            yield file
        return
    with _plain_errors(path), _gfile(path).GFile(path, "rb") as file:
        yield file


def write(path: str, *parts: bytes) -> None:
    """A whole file at once: under another name first, then renamed over what was there.

    What a killed process leaves behind ends in .partial.
    """
    partial = _partial(path)
    try:
        if is_remote(path):
            with _plain_errors(path):
                with _gfile(path).GFile(partial, "wb") as file:
                    for part in parts:
                        file.write(part)
                _gfile(path).rename(partial, path, overwrite=True)
            return
        with open(partial, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(partial)
        raise


@contextlib.contextmanager
def building(path: str, scratch: str) -> Iterator[BinaryIO]:
    """A file to be written that appears at its path, whole, when the block ends well.

    Args:
        path: its place.
        scratch: a folder to build it in, best of the same file system; one for temporary files is
            taken where it is remote.
    """
    with contextlib.ExitStack() as stack:
        if is_remote(scratch):
            scratch = stack.enter_context(tempfile.TemporaryDirectory())
        partial = _partial(os.path.join(scratch, os.path.basename(path)))
        stack.callback(remove, partial)
        with open(partial, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(partial, path)


def _put(source: str, path: str) -> None:
    """Move or copy a local file to its place, where it appears whole."""
    try:
        if not is_remote(path):
            return os.replace(source, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = _partial(path)
    try:
        if is_remote(path):
            with _plain_errors(path):
                gfile = _gfile(path)
                gfile.copy(source, partial)
                if (arrived := gfile.stat(partial).length) != os.path.getsize(source):
                    raise OSError(f"{path}: {arrived} of {os.path.getsize(source)} bytes arrived")
                gfile.rename(partial, path, overwrite=True)
        else:
            shutil.copyfile(source, partial)
            os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(partial)
        raise


def _partial(path: str) -> str:
    return f"{path}.{secrets.token_hex(4)}.partial"


def make_folder(path: str) -> None:
    """Make a folder and those above it, unless they are there."""
    if is_remote(path):
        with _plain_errors(path):
            _gfile(path).makedirs(path)
    else:
        os.makedirs(path, exist_ok=True)


def remove(path: str) -> None:
    """Remove a file or a folder with all that is in it; nothing where there is none."""
    if is_remote(path):
        with _plain_errors(path):
            gfile = _gfile(path)
            if gfile.exists(path):
                (gfile.rmtree if gfile.isdir(path) else gfile.remove)(path)
    elif os.path.isdir(path):
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


@contextlib.contextmanager
def _plain_errors(path: str) -> Iterator[None]:
    """TensorFlow's errors of files become OSError, in one line, as for local ones."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("tensorflow"):
            raise
        raise OSError(f"{path}: {' '.join(str(error).split())}") from error


def leave_at_once(status: int) -> int:
    """End the process here, where it would abort after its end; gives `status` back elsewhere.

    With s3:// in use TensorFlow-IO aborts in its own clean-up when everything is safely written
    (tensorflow/io#2039), which would make any exit status 134.
    """
    if "tensorflow_io" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _gfile(path: str) -> ModuleType:
    """tf.io.gfile, when it knows the path's scheme; ImportError with the cure where it does not."""
    import tensorflow as tf

    scheme = path.split("://", 1)[0]
    if scheme not in tf.io.gfile.get_registered_schemes():
        with contextlib.suppress(ImportError), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it only warns where its libraries do not load
            import tensorflow_io  # noqa: F401  registers s3://, az://, hdfs://
    if scheme not in tf.io.gfile.get_registered_schemes():
        raise ImportError(
            f"{path}: TensorFlow {tf.__version__} here cannot open {scheme}://; "
            "pip install 'keras-i3d[io]' (Python 3.10 to 3.12) adds s3://, az:// and hdfs://"
        )
    return tf.io.gfile
