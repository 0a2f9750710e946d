"""Whether a file is, byte for byte, what its publisher has."""

import hashlib
from pathlib import Path

from keras_i3d.weights.records import PublishedFile

CHUNK = 1 << 20


class DamagedFileError(ValueError):
    """A file that is not, byte for byte, what its publisher has."""


class UnavailableError(OSError):
    """A file that no source could give; the message has every source and its reason."""


def check(file: PublishedFile, path: Path) -> None:
    """Raise DamagedFileError unless the file at `path` is `file`, by size and git blob hash."""
    came = path.stat().st_size
    if file.size is not None and came != file.size:
        raise DamagedFileError(
            f"{path} is damaged: wanted {file.size} bytes, came {came}. Delete it and try again."
        )
    if (blob := git_blob(path)) != file.git_blob:
        raise DamagedFileError(
            f"{path} is damaged: wanted git blob {file.git_blob}, came {blob}. "
            f"Delete it and try again."
        )


def git_blob(path: Path) -> str:
    """What `git hash-object` prints for the file."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with open(path, "rb") as content:
        while piece := content.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
