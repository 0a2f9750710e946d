"""A folder of numbered pictures, read as a video."""

import os
import re
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path, PurePath
from typing import IO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from keras_i3d.data.video.decoding import DEFAULT_FPS, MAX_PIXELS, VideoError
from keras_i3d.data.video.frame_sequence import FrameSequence
from keras_i3d.data.video.orientation import AS_STORED, EXIF, oriented

# What Pillow raises for EXIF data that are none.
NO_EXIF = (OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, struct.error)
SUFFIXES = (".jpeg", ".jpg", ".png")
# The last number in a picture's name: its place in the video.
NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)", re.DOTALL)


class PictureFolder(FrameSequence):
    """Numbered JPEG or PNG files of one folder, in the order of their numbers; as VideoFile is.

        img_0001.jpg img_0002.jpg ... img_0010.jpg    a video of ten frames

    Pictures are turned upright as their EXIF orientation says. One is held at a time.

    Attributes: as FrameSequence's; `notes` say which pictures are damaged, and numbers left out.

    Args:
        path: the folder.
        fps: pictures a second.

    Raises:
        VideoError: there are no numbered pictures, or those of several videos; while reading, when
            none can be read.
    """

    kind = "a folder"

    def __init__(self, path: str | os.PathLike, fps: float = DEFAULT_FPS):
        super().__init__((), fps)
        self.path = os.fspath(path)
        self._untold = 0
        self._pictures = self._listed()
        self.duration = len(self._pictures) * self.frame_duration

    def unconverted(self) -> Iterator[tuple[np.ndarray, Fraction, Fraction]]:
        """Give (picture, time stamp, duration); the picture before stands in for a damaged one."""
        damaged, picture = 0, None
        for place, path in enumerate(self._pictures):
            try:
                picture = self._read(path)
            except (OSError, UnidentifiedImageError, SyntaxError):  # PIL's, for damaged PNG files
                damaged += 1
                if picture is None:
                    continue
            if self.frames == 0:
                self.height, self.width = picture.shape[:2]
            self.frames += 1
            yield picture, place * self.frame_duration, self.frame_duration
        if self.frames == 0:
            raise VideoError(self.path, "none of its pictures can be read")
        if self._untold:
            self.notes.append(f"damaged: EXIF data of {self._untold} pictures; they are not turned")
        if damaged:
            self.notes.append(f"damaged: {damaged} of its pictures cannot be read")

    def _listed(self) -> list[PurePath]:
        found = self._numbered()
        if not found:
            raise VideoError(self.path, f"{self.kind} without numbered pictures, JPEG or PNG")
        if len(found) > 1:
            names = ", ".join(sorted(f"{before}*{after}" for before, after in found))
            raise VideoError(
                self.path,
                f"pictures of {len(found)} videos in one {self.kind.split()[-1]}: {names}",
            )
        ((_, numbers),) = found.items()
        missing = max(numbers) - min(numbers) + 1 - len(numbers)
        if missing:
            self.notes.append(f"{missing} numbers are missing between its pictures")
        return [numbers[number] for number in sorted(numbers)]

    def _numbered(self) -> dict[tuple[str, str], dict[int, PurePath]]:
        try:
            return numbered_pictures(self.path)
        except OSError as error:
            raise VideoError(self.path, error.strerror or str(error)) from error

    def _opened(self, path: PurePath) -> IO[bytes]:
        return open(path, "rb")

    def _read(self, path: PurePath) -> np.ndarray:
        with self._opened(path) as file, Image.open(file) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise VideoError(
                    self.path,
                    f"{path.name} has {picture.width} x {picture.height} pixels; at most "
                    f"{MAX_PIXELS} are decoded",
                )
            # Read apart from the pixels, which may be whole where it is not.
            image = _pixels(picture)
            try:
                number = picture.getexif().get(ExifTags.Base.Orientation)
            except NO_EXIF:
                self._untold += 1
                return image
        wanted = EXIF.get(number, AS_STORED)
        return image if wanted == AS_STORED else oriented(image, *wanted)


def _pixels(picture: Image.Image) -> np.ndarray:
    """(height, width, 3) uint8."""
    if picture.mode.startswith("I"):  # grey of sixteen bits, which Pillow cuts off at 255
        grey = (np.asarray(picture, np.uint32) + 128) // 257
        return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=-1)
    return np.asarray(picture.convert("RGB"))


def numbered_pictures(folder: str | os.PathLike) -> dict[tuple[str, str], dict[int, Path]]:
    """Return {(name before the number, after it): {number: path}} of a folder's pictures."""
    return by_number((path, path.name) for path in Path(folder).iterdir())


def by_number(named: Iterable[tuple[Path, str]]) -> dict[tuple[str, str], dict[int, Path]]:
    """Return {(name before the number, after it): {number: thing}} of things with their names.

    Those whose name is hidden, has no number, or is not that of a JPEG or PNG file are left out.
    """
    found: dict[tuple[str, str], dict[int, Path]] = {}
    for thing, name in named:
        stem, suffix = os.path.splitext(name)
        parts = NUMBERED.fullmatch(stem)
        if parts and suffix.lower() in SUFFIXES and not os.path.basename(name).startswith("."):
            found.setdefault((parts["before"], parts["after"] + suffix), {})[
                int(parts["number"])
            ] = thing
    return found
