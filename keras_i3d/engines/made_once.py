"""What is made of a network once and kept in the cache folder; never believed unseen.

CACHE/engines/KEY/entry.json       what it was made of, what was found, SHA-256 of each file
CACHE/engines/KEY/network.xml ...  what was made
CACHE/engines/KEY.lock             held by the process that makes it
"""

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

from keras_i3d.files.hashes import sha256
from keras_i3d.files.locks import held
from keras_i3d.files.whole import remove_leftovers, whole_path
from keras_i3d.weights.download import HOME, home

ENTRY = "entry.json"

log = logging.getLogger(__name__)


def made_once(made_of: dict, make: Callable[[Path], dict]) -> tuple[Path, dict]:
    """Return the folder that holds what `make` wrote, and what it found; made now if need be.

    Args:
        made_of: all that what is made depends on; goes into JSON. Its hash is the entry's name.
        make: writes files into the empty folder it is given; returns what is worth keeping with
            them, which goes into JSON.

    An entry that is damaged, or was made of something else, is made anew. Of two processes one
    makes it, and the other waits.

    Raises:
        OSError: when the cache folder cannot be written.
    """
    text = json.dumps(made_of, sort_keys=True)
    folder = home() / "engines" / hashlib.sha256(text.encode()).hexdigest()[:32]
    if (found := _sound(folder, made_of)) is not None:
        return folder, found
    lock = folder.with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with held(lock, f"another process is making {folder}; waiting for it", wait=True):
            if (found := _sound(folder, made_of)) is not None:
                return folder, found
            if folder.exists():
                log.warning(
                    "%s is damaged, or was made from something else; it is made again", folder
                )
            remove_leftovers(folder.parent)
            with whole_path(folder) as made:
                made.mkdir()
                found = make(made)
                files = {path.name: sha256(path) for path in made.iterdir()}
                entry = {"made_of": made_of, "found": found, "files": files}
                (made / ENTRY).write_text(json.dumps(entry, indent=1), "utf-8")
    except PermissionError as error:
        raise OSError(
            f"the cache folder {home()} cannot be written ({error.strerror}): set {HOME} to a "
            f"folder that can be"
        ) from error
    return folder, found


def _sound(folder: Path, made_of: dict) -> dict | None:
    """What was found when the entry was made; None where it is not, byte for byte, what it was."""
    try:
        entry = json.loads((folder / ENTRY).read_bytes())
        same = entry["made_of"] == json.loads(json.dumps(made_of))
        names = {path.name for path in folder.iterdir()} - {ENTRY}
        if same and names == set(entry["files"]):
            whole = all(sha256(folder / name) == wanted for name, wanted in entry["files"].items())
            return entry["found"] if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return None
