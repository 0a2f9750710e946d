"""One side of a comparison, real or fake: its videos' features, and what they rest on."""

import json
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_i3d.files.whole import whole_file

FORMAT = "keras_i3d.fvd 1"
# A file of features that claims more than this is not believed: a million videos have 1.6 GB.
MOST_BYTES = 4 << 30


class FVDError(ValueError):
    """Videos, features or a network that FVD cannot be computed of; says what to do."""


class LeftOut(NamedTuple):
    """A video that could not be used, and why."""

    name: str
    cause: str


@dataclass(frozen=True)
class Side:
    """The features of one side's videos.

    features: (videos, dimensions) float32, in the order of the names.
    names: of the videos.
    contents: SHA-256 of each.
    made: how the features were made; see FVDNetwork.made.
    left_out: the videos that could not be used.
    notes: what a careful reader should know.
    shape: (time, height, width) of videos in memory; None of files.
    """

    features: np.ndarray
    names: tuple[str, ...]
    contents: tuple[str, ...]
    made: dict = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    shape: tuple[int, int, int] | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def distinct(self) -> int:
        """How many different videos there are."""
        return len(set(self.contents))

    def save(self, path: str | os.PathLike) -> None:
        """Write it as one small .npz file: four bytes for each number, and the names."""
        about = {
            "format": FORMAT,
            "names": self.names,
            "contents": self.contents,
            "made": self.made,
            "left_out": self.left_out,
            "notes": self.notes,
            "shape": self.shape,
        }
        with whole_file(path) as file:
            np.savez_compressed(file, features=self.features, about=json.dumps(about))


def joined(sides: Sequence[Side]) -> Side:
    """Return the videos of several sides as those of one.

    Raises:
        FVDError: videos in memory of two lengths or sizes.
    """
    shapes = {one.shape for one in sides if one.shape}
    if len(shapes) > 1:
        raise FVDError(f"videos in memory should have one length and size. Received: {shapes}")
    return Side(
        np.concatenate([one.features for one in sides]),
        sum((one.names for one in sides), ()),
        sum((one.contents for one in sides), ()),
        sides[0].made,
        sum((one.left_out for one in sides), ()),
        tuple(dict.fromkeys(note for one in sides for note in one.notes)),
        next(iter(shapes), None),
    )


def is_side_file(path: str | os.PathLike) -> bool:
    """Return whether a file is one that `Side.save` wrote, by the names in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {"features.npy", "about.npy"} <= set(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def load_side(path: str | os.PathLike) -> Side:
    """Return what `Side.save` wrote.

    Raises:
        FVDError: the file is damaged.
    """
    try:
        return _loaded(path)
    except Exception as error:  # NumPy, zipfile and json raise whatever they like for damaged files
        raise FVDError(f"{os.fspath(path)} is damaged, or no statistics of FVD: {error}") from error


def _loaded(path: str | os.PathLike) -> Side:
    with zipfile.ZipFile(path) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
            raise ValueError(f"it claims more than {MOST_BYTES} bytes")
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        features, about = file["features"], json.loads(str(file["about"]))
    if about["format"] != FORMAT or features.ndim != 2 or features.dtype.kind != "f":
        raise ValueError(f"it should have {FORMAT!r} and features of floats")
    with np.errstate(over="ignore"):
        features = np.asarray(features, np.float32)
    if not np.isfinite(features).all():
        raise ValueError("it should have finite features")
    names, contents = (tuple(map(str, about[key])) for key in ("names", "contents"))
    if not 0 < len(features) == len(names) == len(contents):
        raise ValueError("its names are not as many as its features, or it has none")
    made = about["made"]
    if not all(
        isinstance(one, dict) for one in (made, made.get("clip", {}), made.get("engine", {}))
    ):
        raise ValueError("it should say how its features were made")
    return Side(
        features,
        names,
        contents,
        made,
        tuple(LeftOut(str(name), str(cause)) for name, cause in about["left_out"]),
        tuple(map(str, about["notes"])),
        about["shape"] and tuple(map(int, about["shape"])),
    )


def with_counts(counted: Counter, what: str) -> str:
    """Return "240 x 320 (12), 64 x 64 (3)" of a counter of sizes, the commonest first."""
    parts = [f"{key} ({count})" for key, count in counted.most_common(4)]
    more = f" and {len(counted) - 4} others" if len(counted) > 4 else ""
    return f"{what}: {', '.join(parts)}{more}"


def find_arrays(folder: str | os.PathLike) -> list[str]:
    """Return the .npy and .npz files below a folder, sorted; hidden ones are passed over."""
    found = (p for p in Path(folder).rglob("*") if p.suffix.lower() in (".npy", ".npz"))
    return sorted(str(p) for p in found if p.is_file() and not p.name.startswith("."))
