"""The flow of one video in one file: a zip of lossless pictures, any range of them readable.

    000000.png ...      two channels (Pillow's mode "LA"): x, y, coded as methods.py does;
                        picture i is the flow from frame i to frame i + 1
    info.json           {"video", "frames", "height", "width"}; frames = pictures + 1
    fingerprint.json    how it was made: FlowFingerprint

Nothing in the zip is compressed but the pictures themselves. Equal flow gives equal bytes. Files
are not trusted: sizes are checked before anything is decoded, and no name in them is a path.
"""

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from keras_i3d.data.flow.methods import FingerprintError, FlowFingerprint, encode
from keras_i3d.files.whole import whole_file

SUFFIX = ".flow.zip"
INFO, FINGERPRINT = "info.json", "fingerprint.json"
MAX_TEXT = 1 << 16  # bytes of info and of the fingerprint
MAX_PIXELS = 1 << 26  # of a picture
MAX_PICTURES = 999_999


class FlowFileError(ValueError):
    """A file that is not, or no longer, the flow of a video.

    Attributes:
        path: the file. cause: what is wrong with it.
    """

    def __init__(self, path: str | os.PathLike, cause: str):
        super().__init__(path, cause)
        self.path, self.cause = os.fspath(path), cause

    def __str__(self) -> str:
        return f"{self.path}: {self.cause}"


@dataclass(frozen=True)
class FlowInfo:
    """Whose flow a file holds: the video's id, its frames, and their size in pixels."""

    video: str
    frames: int
    height: int
    width: int


def write_flow_file(
    path: str | os.PathLike,
    flows: Iterable[np.ndarray],
    fingerprint: FlowFingerprint,
    video: str = "",
) -> int:
    """Write the flow of a video; the file appears whole or not at all. Returns its frames.

    Args:
        path: the file to write; its folder must be there.
        flows: (height, width, 2) float32 in pixels, all of one size, taken one at a time.
        fingerprint: how they were made; its bound is that of the coding.
        video: what the data set calls the video.

    Raises:
        FlowFileError: no flow at all.
        ValueError: flows of two sizes.
        OSError: the file cannot be written.
    """
    path = Path(path)
    with whole_file(path) as file:
        count = _write(file, path, flows, fingerprint, video)
    return count + 1


def encoded_picture(flow: np.ndarray, bound: float) -> bytes:
    """Return (height, width, 2) float32 in pixels as the lossless picture that is stored."""
    return _png(encode(flow, bound))


def _write(file, path: Path, flows: Iterable, fingerprint: FlowFingerprint, video: str) -> int:
    size, count = None, 0
    with zipfile.ZipFile(file, "w") as archive:
        for flow in flows:
            size = size or flow.shape
            if flow.shape != size or len(size) != 3 or size[2] != 2:
                raise ValueError(f"{path}: flow {count} should be {size}. Received: {flow.shape}")
            if count == MAX_PICTURES:
                raise ValueError(
                    f"{path}: more than {MAX_PICTURES} pictures do not fit into a flow file"
                )
            archive.writestr(_entry(_name(count)), encoded_picture(flow, fingerprint.bound))
            count += 1
        if size is None:
            raise FlowFileError(path, "a video of one frame has no flow")
        info = {"video": video, "frames": count + 1, "height": size[0], "width": size[1]}
        archive.writestr(_entry(INFO), json.dumps(info, sort_keys=True))
        archive.writestr(_entry(FINGERPRINT), fingerprint.to_json())
    return count


class FlowFile:
    """Reads such a file; to be used with `with`.

        with FlowFile("v.flow.zip") as stored:
            flow = decode(stored[10:74], stored.fingerprint.bound)

    Attributes:
        fingerprint: how the flow was made: FlowFingerprint.
        info: whose it is: FlowInfo.

    len() is the number of pictures, one less than the video's frames.

    Raises:
        FlowFileError: on opening or while reading, when it is damaged or no such file.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = os.fspath(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise FlowFileError(path, "no such file") from error
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise FlowFileError(path, f"not a flow file, or cut off ({error})") from error
        try:
            self.fingerprint = self._read_fingerprint()
            self.info = self._read_info()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._archive.close()

    def __len__(self) -> int:
        return self.info.frames - 1

    def __getitem__(self, wanted: int | slice) -> np.ndarray:
        """uint8 (height, width, 2) of one picture, or (n, height, width, 2) of a slice."""
        if not isinstance(wanted, slice):
            return self._picture(range(len(self))[wanted])
        numbers = range(len(self))[wanted]
        result = np.empty((len(numbers), self.info.height, self.info.width, 2), np.uint8)
        for place, number in enumerate(numbers):
            result[place] = self._picture(number)
        return result

    def check_made_with(self, **wanted: int) -> None:
        """Refuse flow of other frames than it is to be read with.

        Args:
            wanted: fps, short_side or both, of the frames.

        Raises:
            FingerprintError: it says how to compute it again.
        """
        found = {name: getattr(self.fingerprint, name) for name in wanted}
        if found != wanted:
            ours, theirs = (
                " ".join(f"--{name}={n}" for name, n in of.items()) for of in (wanted, found)
            )
            raise FingerprintError(
                f"{self.path}: flow should be made with {ours}. Received: {theirs}; compute it "
                f"again with {ours}, into another folder"
            )

    def encoded(self, number: int) -> bytes:
        """Return one picture as it is stored: a PNG file."""
        return self._bytes(_name(range(len(self))[number]), 4 * MAX_PIXELS)

    def _picture(self, number: int) -> np.ndarray:
        name = _name(number)
        data = self._bytes(name, 4 * MAX_PIXELS)
        wanted = ("LA", (self.info.width, self.info.height))
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as picture:
                if (picture.mode, picture.size) == wanted:
                    return np.asarray(picture)
                came = picture.mode, picture.size
        except (OSError, ValueError, SyntaxError, struct.error, zlib.error,
                Image.DecompressionBombError) as error:  # fmt: skip
            raise FlowFileError(self.path, f"{name} is damaged ({error})") from error
        raise FlowFileError(self.path, f"{name} should be {wanted}. Received: {came}")

    def _bytes(self, name: str, most: int) -> bytes:
        try:
            entry = self._archive.getinfo(name)
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > most:
                raise FlowFileError(self.path, f"{name} is compressed, or larger than {most} bytes")
            return self._archive.read(entry)
        except KeyError as error:
            raise FlowFileError(self.path, f"not a flow file: it has no {name}") from error
        except (OSError, ValueError, NotImplementedError, RuntimeError, EOFError,
                zipfile.BadZipFile, struct.error) as error:  # fmt: skip
            if isinstance(error, FlowFileError):
                raise
            raise FlowFileError(self.path, f"{name} is damaged ({error})") from error

    def _read_fingerprint(self) -> FlowFingerprint:
        try:
            return FlowFingerprint.from_json(self._bytes(FINGERPRINT, MAX_TEXT))
        except FlowFileError:
            raise
        except ValueError as error:
            raise FlowFileError(self.path, str(error)) from error

    def _read_info(self) -> FlowInfo:
        try:
            values = json.loads(self._bytes(INFO, MAX_TEXT))
            info = FlowInfo(**values)
        except FlowFileError:
            raise
        except (ValueError, TypeError, RecursionError) as error:
            raise FlowFileError(self.path, f"{INFO} is damaged ({error})") from error
        numbers = (info.frames, info.height, info.width)
        fits = isinstance(info.video, str) and all(type(number) is int for number in numbers)
        if not fits or min(info.height, info.width) < 1 or info.height * info.width > MAX_PIXELS:
            raise FlowFileError(self.path, f"{INFO} has invalid values: {values}")
        if info.frames < 2 or len(self._archive.namelist()) != info.frames + 1:
            raise FlowFileError(
                self.path,
                f"it should have one picture less than its {info.frames} frames. "
                f"Received: {len(self._archive.namelist()) - 2} pictures",
            )
        return info


def _name(number: int) -> str:
    return f"{number:06}.png"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)  # of 1980, so that equal flow gives equal bytes
    entry.external_attr = 0o644 << 16
    return entry


def _png(coded: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(coded), "LA").save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()
