"""Whether a file is, byte for byte, what its publisher has."""

import hashlib
from pathlib import Path

import numpy as np

from keras_i3d.files.hashes import git_blob, sha256
from keras_i3d.weights.records import PublishedFile


class DamagedFileError(ValueError):
    """A file that is not, byte for byte, what its publisher has."""


class UnavailableError(OSError):
    """A file that no source could give; the message has every source and its reason."""


def check(file: PublishedFile, path: Path) -> None:
    """Raise DamagedFileError unless the file at `path` is `file`, by size and hash."""
    came = path.stat().st_size
    if file.size is not None and came != file.size:
        raise DamagedFileError(
            f"{path} is damaged: it should have {file.size} bytes. Received: {came}. "
            f"Delete it and try again."
        )
    kind, wanted, hash_of = ("git blob", file.git_blob, git_blob)
    if file.git_blob is None:
        kind, wanted, hash_of = ("SHA-256", file.sha256, sha256)
    if wanted is None:  # nobody published one
        return
    if not (came := hash_of(path)).startswith(wanted):
        raise DamagedFileError(
            f"{path} is damaged: its {kind} should be {wanted}. Received: {came}. "
            f"Delete it and try again."
        )


def weights_hash(model) -> str:
    """Return SHA-256 over all arrays of a Keras model, in order, whatever file they came from."""
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
