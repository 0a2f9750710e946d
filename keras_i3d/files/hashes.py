"""Hashes of files and bytes, as git, sha256sum and TensorFlow have them."""

import hashlib
import os

import google_crc32c

CHUNK = 1 << 20


def sha256(path: str | os.PathLike) -> str:
    """Return what `sha256sum` prints for a file."""
    return _of_file(path, hashlib.sha256())


def git_blob(path: str | os.PathLike) -> str:
    """Return what `git hash-object` prints for a file."""
    header = b"blob %d\0" % os.stat(path).st_size
    return _of_file(path, hashlib.sha1(header, usedforsecurity=False))


def masked_crc(content: bytes) -> int:
    """Return CRC32C, rotated and shifted as TensorFlow stores it (tsl/lib/hash/crc32c.h, Mask)."""
    crc = google_crc32c.value(content)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _of_file(path: str | os.PathLike, digest) -> str:
    with open(path, "rb") as content:
        while piece := content.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
