"""What a user may give as one side: folders, files, arrays, and any iterable of videos."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from keras_i3d.data.lists.file_index import suffix
from keras_i3d.fvd.array_files import ARRAYS, stored_arrays
from keras_i3d.fvd.protocols import FVDProtocol
from keras_i3d.fvd.sides import FVDError, find_arrays, with_counts
from keras_i3d.prediction_inputs import NamedVideo, find_videos

# How far outside its range a float may lie.
SLACK = 1e-3
WANTED = "videos should be (videos, time, height, width, 3)"


@dataclass
class SideInputs:
    """One side's videos: files, which processes read, and arrays, which are at hand.

    files: video files and folders of pictures, with the cause of those that cannot be read.
    arrays: (name, video) one after the other, uint8 or float32 in [0, 255]; None without arrays.
    count: how many arrays there are; None where it is not known.
    """

    files: list[NamedVideo] = field(default_factory=list)
    arrays: Iterator[tuple[str, np.ndarray]] | None = None
    count: int | None = None


def side_inputs(
    given, protocol: FVDProtocol, value_range: tuple[float, float] | None = None
) -> SideInputs:
    """Return the videos of what was given.

    Args:
        given: a folder of videos, of folders of pictures, or of .npy and .npz files, nested; a
            video; an array file; an array or tensor (videos, time, height, width, 3); or an
            iterable of paths, or of arrays (time, height, width, 3).
        protocol: for what errors say it wants.
        value_range: (black, white) of float arrays.

    Raises:
        FVDError: there are none, or they are not what the protocol wants.
    """
    value_range = _checked_range(value_range)
    if _is_path(given):
        return _of_paths([os.fspath(given)], protocol, value_range)
    if hasattr(given, "shape") and len(given.shape) != 1:
        return _of_array(given, protocol, value_range)
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise FVDError(
            f"a side should be a folder, a file, an array or an iterable of videos. "
            f"Received: {type(given).__name__}"
        )
    count, videos = _count(given), iter(given)
    first = list(islice(videos, 1))
    if first and _is_path(first[0]):
        return _of_paths(_paths([*first, *videos]), protocol, value_range)
    named = ((f"video {place}", video) for place, video in enumerate(chain(first, videos)))
    return SideInputs(arrays=_checked(named, protocol, value_range), count=count)


def _paths(given: list) -> list[str]:
    for one in given:
        if not _is_path(one):
            raise FVDError(
                f"a side should be paths or arrays, not both. Received: {type(one).__name__} "
                f"among paths"
            )
    return [os.fspath(one) for one in given]


def _is_path(one) -> bool:
    return isinstance(one, str | os.PathLike)


def _count(given: Iterable) -> int | None:
    try:
        return len(given)
    except TypeError:  # it has no length, or one that it does not know
        return None


def _checked_range(value_range) -> tuple[float, float] | None:
    if value_range is None:
        return None
    try:
        black, white = map(float, value_range)
        if -np.inf < black < white < np.inf:
            return black, white
    except (TypeError, ValueError):
        pass
    raise FVDError(
        f"value_range should be (black, white), such as (0, 1) or (-1, 1). Received: {value_range}"
    )


def _of_paths(paths: list[str], protocol, value_range) -> SideInputs:
    named = [path for path in paths if suffix(path) in ARRAYS and os.path.isfile(path)]
    others = [path for path in paths if path not in named]
    stored = [one for path in named for one in stored_arrays(path)]
    files = find_videos(others)
    below = [found for path in others if os.path.isdir(path) for found in find_arrays(path)]
    for path in below:
        try:  # what is no video, such as a table of numbers, is another file of the folder
            stored += [one for one in stored_arrays(path) if len(one.shape) in (4, 5)]
        except FVDError as error:
            files.append(NamedVideo(path, str(error).removeprefix(f"{path} is ")))
    if not stored:
        return SideInputs(files)
    # A folder that has only arrays has no videos, which is not an error.
    files = [one for one in files if not (one.cause and one.path in others)]
    videos = (pair for one in stored for pair in one.videos())
    count = sum(one.count for one in stored)
    return SideInputs(files, _checked(videos, protocol, value_range), count)


def _of_array(given, protocol, value_range) -> SideInputs:
    if len(given.shape) != 5:
        kind = getattr(given, "dtype", type(given).__name__)
        raise FVDError(f"{_wanted(protocol)}. Received: {kind} {tuple(given.shape)}")
    # Videos are taken one after the other: of an array on disk, such as h5py's, not all are held.
    named = ((f"video {place}", video) for place, video in enumerate(given))
    return SideInputs(arrays=_checked(named, protocol, value_range), count=len(given))


def _checked(
    named: Iterable[tuple[str, np.ndarray]], protocol: FVDProtocol, value_range
) -> Iterator[tuple[str, np.ndarray]]:
    """Arrays as uint8, or as float32 in [0, 255]; all of one shape."""
    first = None
    for name, video in named:
        video = _channels(name, np.asarray(video), protocol)
        if first is not None and video.shape != first:
            sizes = Counter({str(first): 1, str(video.shape): 1})
            raise FVDError(
                f"{_wanted(protocol)}, all of one length and size: cut and resize them alike. "
                f"Received: {with_counts(sizes, 'shapes')}; the second is {name}"
            )
        first = video.shape
        yield name, _values(name, video, protocol, value_range)


def _channels(name: str, video: np.ndarray, protocol: FVDProtocol) -> np.ndarray:
    if video.ndim != 4 or video.shape[-1] not in (1, 3) or 0 in video.shape[1:]:
        raise FVDError(
            f"{_wanted(protocol)}, colours last. Received: {name} of {video.dtype} {video.shape}"
        )
    return np.repeat(video, 3, axis=-1) if video.shape[-1] == 1 else video


def _values(name: str, video: np.ndarray, protocol: FVDProtocol, value_range) -> np.ndarray:
    if video.dtype == np.uint8 or not video.size:
        return np.asarray(video, np.uint8)
    if np.issubdtype(video.dtype, np.integer) and video.min() >= 0 and video.max() <= 255:
        return video.astype(np.uint8)
    kind = video.dtype
    if not np.issubdtype(kind, np.floating):
        raise FVDError(f"{_wanted(protocol)}, uint8 or float. Received: {name} of {kind}")
    low, high = float(video.min()), float(video.max())
    if value_range is None:
        raise FVDError(
            f"{_wanted(protocol)} of uint8 in 0..255, or of floats with a value_range, such as "
            f"0,1 or -1,1 or 0,255. Received: {name} of {kind} in [{low:g}, {high:g}]"
        )
    black, white = value_range
    slack = SLACK * (white - black)
    if not (black - slack <= low and high <= white + slack):
        raise FVDError(
            f"{name} should lie in [{black:g}, {white:g}], as value_range says. Received: values "
            f"in [{low:g}, {high:g}]"
        )
    return (video.astype(np.float32) - np.float32(black)) * np.float32(255 / (white - black))


def _wanted(protocol: FVDProtocol) -> str:
    return f"{WANTED} of at least {protocol.span} frames for the protocol {protocol.label}"
