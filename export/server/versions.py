"""Which versions of a model lie in its folder: numbers of folders, each with a whole SavedModel.

MODEL/1/saved_model.pb, variables/…      a version
MODEL/.1.….part                          an export that is being written: not looked at
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

NUMBER = re.compile(r"[0-9]{1,18}")
# A SavedModel has some ten files, with assets perhaps a hundred.
MOST_FILES = 10_000


@dataclass(frozen=True)
class Found:
    """A version on disk; two are the same where names, sizes and times of all files are."""

    number: int
    folder: Path
    files: tuple[tuple[str, int, int], ...]


def find_versions(folder: Path) -> tuple[dict[int, Found], list[str]]:
    """Return {number: version}, and what lies there that is refused, a line each.

    Refused are files and links that lead out of the version's folder, and whatever is neither a
    file nor a folder; a folder without saved_model.pb may be one that is still being copied.
    """
    versions, refused = {}, []
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        return {}, [f"{folder}: {error.strerror}"]
    for name in names:
        path = folder / name
        if name.startswith("."):
            continue
        if not NUMBER.fullmatch(name):
            refused.append(f"{path}: not a version, whose name is a number")
            continue
        try:
            version = Found(int(name), path, _files(path, folder))
        except (OSError, ValueError) as error:
            refused.append(f"{path}: {getattr(error, 'strerror', None) or error}")
            continue
        if version.number in versions:
            refused.append(f"{path}: version {version.number} is there twice")
        else:
            versions[version.number] = version
    return versions, refused


def _files(version: Path, folder: Path) -> tuple[tuple[str, int, int], ...]:
    home = Path(os.path.realpath(version, strict=True))
    if not home.is_dir():
        raise ValueError("not a folder")
    if Path(os.path.realpath(folder)) not in home.parents:
        raise ValueError(f"it is outside the model's folder, to {home}")
    found = []
    for place, folders, names in os.walk(home):
        for name in [*folders, *names]:
            path = Path(place, name)
            if home not in Path(os.path.realpath(path)).parents:
                raise ValueError(f"{path.relative_to(home)} is outside the version's folder")
            seen = path.stat()
            if stat.S_ISREG(seen.st_mode):
                found.append((str(path.relative_to(home)), seen.st_size, seen.st_mtime_ns))
            elif not stat.S_ISDIR(seen.st_mode):
                raise ValueError(f"{path.relative_to(home)} is neither a file nor a folder")
            if len(found) > MOST_FILES:
                raise ValueError(f"more than {MOST_FILES} files")
    if "saved_model.pb" not in {name for name, _, _ in found}:
        raise ValueError("no saved_model.pb in it (yet)")
    return tuple(sorted(found))
