"""What a network sees of a video, frame by frame, with the time of each; in any process."""

import dataclasses
import functools
import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

import numpy as np

from keras_i3d.data.flow.frames_with_flow import frames_with_flow
from keras_i3d.data.flow.methods import decode, encode, fingerprint
from keras_i3d.data.pixels.cropping import CENTRE, Cropper
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input, Preprocessing
from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError
from keras_i3d.data.video.parts import ticks
from keras_i3d.features.crops import cut_crops
from keras_i3d.features.jobs import WHOLE, Part
from keras_i3d.features.stored_flow import METHOD, flow_path, frames_with_stored_flow
from keras_i3d.features.video_facts import VideoFacts, content_hash
from keras_i3d.prediction_inputs import open_video

NATIVE = "native"
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
        """Of how many frames the network sees the first."""
        return Pace(self.inputs).every

    def flow_made(self) -> dict | None:
        """Return how the flow is made, as a fingerprint's fields; None where none is seen."""
        if "flow" not in self.inputs:
            return None
        made = dataclasses.asdict(fingerprint(METHOD, self.spec))
        return made if self.flows else {**made, "fps": self.fps, "coding": UNCODED}

    def window_bytes(self, window: int) -> int:
        """Return the memory that a window's frames take: RGB in bytes, flow in float32."""
        sizes = {"rgb": 1, "flow": 4}
        pixel = sum(one.channels * sizes[stream] for stream, one in self.inputs.items())
        return window * self.crops * self.spec.crop**2 * pixel

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
        first, end, count = None, 0.0, 0
        for seen in _kept(_seen(video, sight, part, name), sight.every):
            first, end, count = seen.start if first is None else first, seen.end, count + 1
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
            begin=float(video.begin or 0),
            part=part,
            seen=count,
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


def _kept(frames: Iterator[Seen], every: int) -> Iterator[Seen]:
    """The first of every so many frames, shown until the last of them ends."""
    while together := list(islice(frames, every)):
        yield dataclasses.replace(together[0], end=together[-1].end)


def _seen(video, sight: Sight, part: Part, name: str | None) -> Iterator[Seen]:
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
        if not times:  # the frame after a part, which was read for the flow to it
            return
        yield Seen(frame, *times.popleft())


def _each(video, sight: Sight, part: Part, change, times: deque) -> Iterator[np.ndarray]:
    """Every frame of the file once, with its own times; for flow also the one after a part."""
    # 0.12 as it is written, so that a frame which ends there is not of the part.
    first, last = (one if one is None else Fraction(str(one)) for one in part)
    for frame, start, end in video.shown():
        begin = video.begin or 0
        if last is not None and start >= last:
            if "flow" in sight.inputs:
                yield change(video.image(frame))
            return
        if first is not None and end <= first:
            continue
        times.append((float(begin + start), float(begin + end)))
        yield change(video.image(frame))


def _at_ticks(video, sight: Sight, part: Part, change, times: deque) -> Iterator[np.ndarray]:
    """The frame that is shown at each tick of a clock which begins with the file's first frame.

    For flow also the one after a part, without times.
    """
    first, last = (one if one is None else round(one * sight.fps) for one in part)
    first = first or 0
    after = last if last is None else last + ("flow" in sight.inputs)
    for number, image in enumerate(ticks(video, sight.fps, change, first, after), first):
        if last is None or number < last:
            start, end = (
                Fraction(n) / sight.fps + (video.begin or 0) for n in (number, number + 1)
            )
            times.append((float(start), float(end)))
        yield image


def _by_stream(images: Iterator, sight: Sight, part: Part, name: str | None) -> Iterator[dict]:
    spec = sight.spec
    if "flow" not in sight.inputs:
        pairs = ((image, None) for image in images)
    elif sight.flows is None:
        pairs = frames_with_flow(images, METHOD, sight.threads)
    else:
        pairs = _with_coded_flow(images, sight, part, flow_path(sight.flows, name))
    for image, flow in pairs:
        both = {"rgb": image, "flow": flow}
        yield {stream: cut_crops(both[stream], spec.crop, sight.crops) for stream in sight.inputs}


def _with_coded_flow(images: Iterator, sight: Sight, part: Part, path: str) -> Iterator[tuple]:
    """Each frame with its flow out of compute_flow's file, or computed and coded alike."""
    spec = sight.spec
    if os.path.exists(path):
        first, to_end = round((part[0] or 0) * sight.fps), part[1] is None
        pairs = frames_with_stored_flow(images, path, spec, first, to_end)
    else:
        pairs = (
            (image, encode(flow, spec.bound))
            for image, flow in frames_with_flow(images, METHOD, sight.threads)
        )
    for image, coded in pairs:
        yield image, decode(coded, spec.bound)
