"""What a network sees of a video, frame by frame, with the time of each; in any process."""

import dataclasses
import functools
import hashlib
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile, FlowFileError
from keras_i3d.data.flow.frames_with_flow import frames_with_flow
from keras_i3d.data.flow.methods import check_equal, decode, encode, fingerprint
from keras_i3d.data.pixels.cropping import CENTRE, Cropper
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input, Preprocessing
from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError
from keras_i3d.data.video.parts import ticks
from keras_i3d.features.crops import cut_crops
from keras_i3d.features.jobs import WHOLE, Part
from keras_i3d.files.hashes import sha256
from keras_i3d.prediction_inputs import open_video

NATIVE = "native"
METHOD = "tvl1"
# Flow that is computed on the way is not rounded to bytes.
UNCODED = "float32"
# Frames that travel together out of a process that decodes.
CHUNK = 16


@dataclass(frozen=True)
class Sight:
    """How frames reach the network, by stream; it travels to worker processes.

    inputs: what each stream sees.
    fps: frames a second that the video is resampled to; "native" takes each frame once.
    crops: 1, 3 or 10; see crops.CROPS.
    flows: the folder where compute_flow has stored flow; None to compute it on the way.
    frames_fps: pictures a second, of a folder of pictures or of frames.
    threads: pairs of frames whose flow is computed at once; None for one a core.
    """

    inputs: Mapping[str, Input]
    fps: int | str = 25
    crops: int = 1
    flows: str | None = None
    frames_fps: float = DEFAULT_FPS
    threads: int | None = None

    @property
    def every(self) -> int:
        """Of how many frames the network sees one."""
        return Pace(self.inputs).every

    def flow_made(self) -> dict | None:
        """Return how the flow is made, as a fingerprint's fields; None where none is seen."""
        if "flow" not in self.inputs:
            return None
        made = dataclasses.asdict(fingerprint(METHOD, self.spec))
        return made if self.flows else {**made, "fps": self.fps, "coding": UNCODED}

    @property
    def spec(self) -> Preprocessing:
        """The numbers of resizing, which are the same for all streams, at this rate."""
        specs = [one.preprocessing for one in self.inputs.values()]
        if len({(s.short_side, s.crop, s.keep_aspect) for s in specs}) > 1:
            raise ValueError(f"the streams should have one size. Received: {dict(self.inputs)}")
        spec = self.inputs["flow"].preprocessing if "flow" in self.inputs else specs[0]
        return spec if self.fps == NATIVE else dataclasses.replace(spec, fps=self.fps)


@dataclass(frozen=True)
class Seen:
    """One frame as each stream sees it: (crops, crop, crop, channels), uint8 or flow in pixels.

    start, end: when it is shown, in seconds of the file's own clock.
    """

    frame: dict[str, np.ndarray]
    start: float
    end: float


@dataclass(frozen=True)
class VideoFacts:
    """What is known of a video once all of it is read.

    path: as it was given. sha256, bytes: of the file; None of frames in memory.
    frames, width, height, fps: of the file itself, before resampling.
    seconds: from its first frame's time to its last frame's end.
    notes: what a careful reader should know of it.
    """

    path: str
    sha256: str | None
    bytes: int | None
    frames: int
    width: int
    height: int
    fps: float
    seconds: float
    notes: tuple[str, ...]


def watch(
    source, sight: Sight, part: Part = WHOLE, name: str | None = None
) -> Iterator[Seen | VideoFacts]:
    """Give a video's frames as they are decoded, and at the end what is known of it.

    Args:
        source: a path, or an open video of which nothing has been read.
        sight: what of it is wanted.
        part: its start and end in seconds from the first frame; None for the video's own.
        name: its name in the folder of stored flow, below which NAME.flow.zip lies.

    Raises:
        VideoError: it gives no frames.
        FlowFileError, FingerprintError: its stored flow is damaged, or made in another way.
        ImportError: TV-L1 needs a package that is not installed; says which.
    """
    is_path = isinstance(source, str | os.PathLike)
    with open_video(source, sight.frames_fps) if is_path else source as video:
        first, end = None, 0.0
        for seen in islice(_timed(video, sight, part, name), 0, None, sight.every):
            first, end = seen.start if first is None else first, seen.end
            yield seen
        if first is None:
            begin = part[0] or 0
            raise VideoError(video.path, f"it ends before {begin:g} s, where the part begins")
        digest, size = content_hash(video.path) if is_path else (None, None)
        yield VideoFacts(
            path=os.fspath(video.path),
            sha256=digest,
            bytes=size,
            frames=video.frames,
            width=video.width,
            height=video.height,
            fps=round(float(video.fps), 3),
            seconds=round(end - first, 6),
            notes=tuple(video.notes),
        )


def frames_of(task: tuple[str, Sight, Part, str | None]) -> Iterator[list[Seen | VideoFacts]]:
    """Give what `watch` gives for these arguments, a few at a time, for a files.producers.Producer.

    Here, so that processes that decode load neither Keras nor TensorFlow.
    """
    waiting = watch(*task)
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def content_hash(path: str) -> tuple[str, int]:
    """Return the SHA-256 and the bytes of a video; of a folder, over its files in their order."""
    if not os.path.isdir(path):
        return sha256(path), os.path.getsize(path)
    files = sorted(one for one in Path(path).iterdir() if one.is_file())
    lines = "".join(f"{sha256(one)}  {one.name}\n" for one in files)
    digest = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    return digest, sum(one.stat().st_size for one in files)


def _timed(video, sight: Sight, part: Part, name: str | None) -> Iterator[Seen]:
    spec = sight.spec
    size: list[tuple[int, int]] = []

    @functools.cache
    def cropper(rows: int, columns: int) -> Cropper:
        crops = [(CENTRE, CENTRE)]
        return Cropper(rows, columns, spec.short_side, spec.crop, crops, spec.keep_aspect)

    def change(image):
        if sight.inputs.keys() == {"rgb"} and sight.crops == 1:
            return cropper(*image.shape[:2])(image)[0]  # only the crop's pixels are computed
        if not size:
            size.append(resized(*image.shape[:2], spec.short_side, spec.keep_aspect))
        return resize(image, *size[0])

    # Flow lags a frame or more behind the reading: times wait here until their frame comes.
    times: deque[tuple[float, float]] = deque()
    images = (_each if sight.fps == NATIVE else _at_ticks)(video, sight, part, change, times)
    for frame in _by_stream(images, sight, part, name):
        yield Seen(frame, *times.popleft())


def _each(video, sight: Sight, part: Part, change, times: deque) -> Iterator[np.ndarray]:
    """Every frame of the file once, with its own times."""
    # 0.12 as it is written, so that a frame which ends there is not of the part.
    first, last = (one if one is None else Fraction(str(one)) for one in part)
    for frame, start, end in video.shown():
        begin = video.begin or 0
        if last is not None and start >= last:
            return
        if first is not None and end <= first:
            continue
        times.append((float(begin + start), float(begin + end)))
        yield change(video.image(frame))


def _at_ticks(video, sight: Sight, part: Part, change, times: deque) -> Iterator[np.ndarray]:
    """The frame that is shown at each tick of a clock which begins with the file's first frame."""
    every, first = sight.every, round((part[0] or 0) * sight.fps)
    last = None if part[1] is None else round(part[1] * sight.fps)
    for number, image in enumerate(ticks(video, sight.fps, change, first, last), first):
        start = (video.begin or 0) + Fraction(number) / sight.fps
        times.append((float(start), float(start + Fraction(every) / sight.fps)))
        yield image


def _by_stream(images: Iterator, sight: Sight, part: Part, name: str | None) -> Iterator[dict]:
    spec = sight.spec
    if "flow" not in sight.inputs:
        pairs = ((image, None) for image in images)
    elif sight.flows is None:
        pairs = frames_with_flow(images, METHOD, sight.threads)
    else:
        path = os.path.join(sight.flows, f"{name}{SUFFIX}")
        pairs = _with_coded_flow(images, sight, path, round((part[0] or 0) * sight.fps))
    for image, flow in pairs:
        both = {"rgb": image, "flow": flow}
        yield {stream: cut_crops(both[stream], spec.crop, sight.crops) for stream in sight.inputs}


def _with_coded_flow(images: Iterator, sight: Sight, path: str, first: int) -> Iterator[tuple]:
    """Each frame with its flow out of compute_flow's file; without one, computed and coded alike.

    The last frame has the flow of the one before it, as `frames_with_flow` gives it.
    """
    spec = sight.spec
    if not os.path.exists(path):
        for image, flow in frames_with_flow(images, METHOD, sight.threads):
            yield image, decode(encode(flow, spec.bound), spec.bound)
        return
    with FlowFile(path) as stored:
        check_equal(fingerprint(METHOD, spec), stored.fingerprint, path)
        size = stored.info.height, stored.info.width
        for number, image in enumerate(images, first):
            if number >= stored.info.frames or image.shape[:2] != size:
                raise FlowFileError(
                    path,
                    f"the flow of another video: it has {stored.info.frames} frames of {size}; "
                    f"frame {number} of the video has {image.shape[:2]}",
                )
            flow = stored[min(number, len(stored) - 1)]
            yield image, decode(flow, stored.fingerprint.bound)
