"""Files from strangers: what they claim is bounded by what they store, before any of it is read."""

import os
import zipfile

import h5py

# Kernels hardly shrink when they are packed; a table of zeros or a model's JSON does.
MOST_UNPACKED, SPARE_BYTES = 4, 16 << 20
# The largest of keras.applications, inflated.
MOST_BYTES = 4 << 30
# ImageNet-21k has 21,843.
MOST_CLASSES = 1 << 16


def stored_bytes(path: str | os.PathLike) -> int:
    """Return what a file takes on disk; the holes of a sparse file are not counted."""
    found = os.stat(path)
    # Some network file systems say nothing of blocks.
    blocks = getattr(found, "st_blocks", 0)
    return min(found.st_size, 512 * blocks) if blocks else found.st_size


def check_hdf5(file: h5py.File, stored: int) -> dict[str, h5py.Dataset]:
    """Return {name: dataset} of a file whose content lies in it, and is stored whole.

    Args:
        stored: the file's bytes.

    Raises:
        ValueError: links to a name or out of the file, data in another file, or more claimed than
            is stored.
    """
    links: list[tuple[str, object]] = []
    # Gathered first: h5py has no way out of its walk by an exception.
    file.visititems_links(lambda name, link: links.append((name, link)))
    for name, link in links:
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{name:.100} is a link; a weights file should have none")
    items = {name: file[name] for name, _ in links}
    found = {name: item for name, item in items.items() if isinstance(item, h5py.Dataset)}
    for name, item in found.items():
        _check_dataset(name, item)
    check_claim(sum(item.nbytes for item in found.values()), stored)
    return found


def _check_dataset(name: str, item: h5py.Dataset) -> None:
    if item.external or item.is_virtual:
        raise ValueError(f"{name:.100} is in another file; copy its values into this one")
    if item.dtype.kind not in "fiubV" or item.dtype.itemsize > 16:
        raise ValueError(f"{name:.100} should be numbers. Received: {item.dtype!s:.100}")
    there = item.id.get_storage_size()
    if item.nbytes > MOST_UNPACKED * there + SPARE_BYTES or (item.nbytes and not there):
        raise ValueError(f"{name:.100} claims {item.nbytes} bytes, of which {there} are stored")


def check_zip(path: str | os.PathLike) -> None:
    """Raise ValueError where an archive (.keras) unpacks to much more than it has."""
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    check_claim(unpacked, stored_bytes(path))


def check_size(path: str | os.PathLike) -> None:
    """Raise ValueError where a file is mostly a hole: it would be read whole."""
    check_claim(os.path.getsize(path), stored_bytes(path))


def check_claim(claimed: int, stored: int) -> None:
    """Raise ValueError where more bytes are claimed than a file of `stored` bytes can stand for."""
    most = min(MOST_UNPACKED * stored + SPARE_BYTES, MOST_BYTES)
    if claimed > most:
        raise ValueError(f"it claims {claimed} bytes and stores {stored}; at most {most} are read")
