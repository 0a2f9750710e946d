"""One file over HTTP: with a progress bar, resumed where it broke off, renamed once it is right."""

import logging
from pathlib import Path

import requests
from tqdm import tqdm

from keras_i3d.files.whole import move_whole
from keras_i3d.weights.integrity import DamagedFileError, UnavailableError, check
from keras_i3d.weights.records import PublishedFile

TIMEOUTS = (10, 60)  # seconds to connect, seconds between two pieces
ATTEMPTS = 5
CHUNK = 1 << 16  # what is lost at most where a transfer breaks off
MAX_BYTES = 1 << 30  # for files whose size nobody published

log = logging.getLogger(__name__)


def download(file: PublishedFile, url: str, target: Path) -> None:
    """Fetch `url` to `target`, which appears only when it is `file`.

    What an interrupted transfer left, in `target`.part, is continued.

    Raises:
        DamagedFileError: when the server has other bytes.
        UnavailableError: when it cannot be reached, has no such file, or breaks off too often.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    for attempt in range(1, ATTEMPTS + 1):
        begun = part.stat().st_size if part.exists() else 0
        try:
            _append(url, part, begun, file.size)
            check(file, part)
        except requests.RequestException as error:
            # An interrupted transfer is resumed; a host that sends nothing is given up.
            moved = part.exists() and part.stat().st_size > begun
            if attempt == ATTEMPTS or not moved:
                raise UnavailableError(f"{url}: {_reason(error)}") from error
            log.warning("%s: %s; resuming", url, _reason(error))
        except DamagedFileError as error:
            part.unlink(missing_ok=True)
            if not begun:  # the part of an earlier try may be bad: once more, from the start
                cause = (
                    str(error).removeprefix(f"{part} ").removesuffix(" Delete it and try again.")
                )
                raise DamagedFileError(f"{url} {cause}") from error
        else:
            return move_whole(part, target)
    raise UnavailableError(f"{url}: the connection was lost {ATTEMPTS} times")


def _append(url: str, part: Path, begun: int, size: int | None) -> None:
    """Add to `part` what `url` has from byte `begun` on; anew where the server cannot go on."""
    headers = {"Accept-Encoding": "identity"}
    if size is not None and begun >= size:
        begun = 0
    if begun:
        headers["Range"] = f"bytes={begun}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUTS) as answer:
        if answer.status_code == 416:  # there is no byte `begun`
            raise DamagedFileError("is shorter than the part downloaded earlier")
        answer.raise_for_status()
        if answer.status_code != 206:
            begun = 0
        there = begun + int(answer.headers.get("Content-Length", -1))
        if size is not None and there >= begun and there != size:
            raise DamagedFileError(f"is damaged: it should have {size} bytes. Received: {there}")
        limit = MAX_BYTES if size is None else size
        name = part.name.removesuffix(".part")
        bar = tqdm(desc=name, total=size, initial=begun, unit="B", unit_scale=True, delay=1)
        with bar, open(part, "ab" if begun else "wb") as file:
            for piece in answer.iter_content(CHUNK):
                begun += len(piece)
                if begun > limit:
                    raise DamagedFileError(
                        f"is damaged: it should have at most {limit} bytes. Received: more"
                    )
                file.write(piece)
                bar.update(len(piece))
    if size is not None and begun < size:
        raise requests.ConnectionError(f"ended after {begun} of {size} bytes")


def _reason(error: requests.RequestException) -> str:
    """One line: requests' own messages for an unreachable host run over several."""
    if isinstance(error, requests.HTTPError):
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUTS[1]} seconds"
    if isinstance(error, requests.ConnectionError):
        text = str(error)
        return text if text.startswith("ended after") else "no connection"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    return str(error)
