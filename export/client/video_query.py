"""A video, asked about on a server: which frames are sent, and how. Needs no TensorFlow.

The frames are those of `keras-i3d predict`, as the model's record says: for I3D 25 a second by time
stamp, a short video in one piece, a longer one in windows. They are sent with the short side
already 256 and only the 256 x 256 in the middle: the model's own resizing then changes nothing, and
its crop is the very crop, pixel by pixel, that `predict` takes. A clip of 64 is 12.6 MB raw.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from PIL import Image

from keras_i3d.data import VideoError, VideoFile, cropped_frames
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input, Preprocessing, scale
from keras_i3d.data.video.parts import expected
from keras_i3d.data.video.windows import network_windows
from keras_i3d.export.client.answer import Answer, ModelMetadata
from keras_i3d.export.client.client import Client
from keras_i3d.export.served_record import CLIP_INPUTS, RAW_INPUTS

FILES = ("jpeg", "png")


@dataclass(frozen=True)
class WindowAnswer:
    """The server's answer for one stretch of a video: [start, end) in seconds."""

    start: float
    end: float
    answer: Answer


@dataclass(frozen=True)
class Sending:
    """How frames go to a signature.

    signature: its name. form: "frames", "files", "clip" (preprocessed) or "examples".
    sees: what the model sees of a video. length: frames of a clip where the model has them fixed.
    in_clips: whether it takes a video in clips of its own frames.
    """

    signature: str
    form: str
    sees: Input
    length: int | None = None
    in_clips: bool = False

    @property
    def pace(self) -> Pace:
        """Which frames of a video it sees."""
        return Pace({"rgb": self.sees})


def sending(metadata: ModelMetadata, signature: str) -> Sending:
    """Return how to ask a signature about a video.

    Raises:
        ValueError: there is no such signature, or it takes something else than one video's frames.
    """
    if signature not in metadata.signatures:
        known = ", ".join(sorted(metadata.signatures))
        raise ValueError(f"model {metadata.model} has no signature {signature!r}; it has {known}")
    inputs, _ = metadata.signatures[signature]
    sees = metadata.record.inputs.get("rgb")
    kinds = {
        (name, shape.dtype, len(shape.shape or ())): shape.shape for name, shape in inputs.items()
    }
    for form, kind in {
        "frames": (RAW_INPUTS["rgb"], "uint8", 5),
        "files": (RAW_INPUTS["rgb"], "string", 2),
        "clip": (CLIP_INPUTS["rgb"], "float32", 5),
        "examples": ("inputs", "string", 1),
    }.items():
        if set(kinds) == {kind} and sees is not None:
            length = None if form == "examples" else kinds[kind][1]
            return Sending(signature, form, sees, length, metadata.record.in_clips)
    takes = ", ".join(f"{name} {shape}" for name, shape in inputs.items()) or "nothing"
    raise ValueError(
        f"signature {signature!r} takes {takes}: not the frames of one video; of networks that see "
        f"optical flow ask keras-i3d predict, which computes it"
    )


def sent_frames(spec: Preprocessing) -> Preprocessing:
    """Return how a video becomes the frames that are sent: short side as the model has it, uncut.

    The model's crop is then the video's own where short_side - crop is even, as it is in all
    published preprocessing; otherwise it may lie one pixel beside.
    """
    return replace(spec, crop=spec.short_side)


def ask_about(
    client: Client,
    how: Sending,
    path: str,
    window: int | None = None,
    stride: int | None = None,
    start: float = 0,
    end: float | None = None,
    files: str = "jpeg",
    quality: int = 95,
    watch: Callable[[Iterable, int | None], Iterable] = lambda frames, expected: frames,
    notes: list[str] | None = None,
) -> Iterator[WindowAnswer]:
    """Ask about a video, clip by clip; the answers come as they are had.

    Args:
        client: a GrpcClient or RestClient.
        how: from `sending`.
        path: the video file.
        window, stride: frames of a window and from one to the next; when either is given, any video
            is cut into windows (as many frames as the network's clips, half of them on).
        start, end: seconds of the part to look at; by default all.
        files: "jpeg", small and nearly the same, or "png", exact; for signatures that take files.
        quality: of JPEG, 1 to 100.
        watch: called with the frames and their expected number, gives them on; for a progress bar.
        notes: gets remarks about the file.

    Raises:
        VideoError: when the file gives no frames.
        ServingError: when the server gives no answer.
    """
    pace, spec = how.pace, how.sees.preprocessing
    spec = spec if how.form == "clip" else sent_frames(spec)
    if how.length:
        window = how.length * pace.step // pace.every
        stride = stride or (None if how.in_clips else max(1, window // 2))
    asked = False
    with VideoFile(path) as video:
        part = round(start * spec.fps), None if end is None else round(end * spec.fps)
        frames = islice(cropped_frames(video, spec, *part), None, None, pace.every)
        count = expected(video, spec.fps, *part)
        frames = watch(frames, count and -(-count // pace.every))
        for piece in network_windows(frames, pace, window, stride, in_clips=how.in_clips):
            clip = [piece.frames[place] for place in pace.places(len(piece.frames))["rgb"]]
            answer = _ask(client, how, clip, files, quality)
            begins, ends = start + piece.start / pace.rate, start + piece.end / pace.rate
            yield WindowAnswer(begins, ends, answer)
            asked = True
        if not asked:
            raise VideoError(path, f"it ends before {start} s")
        if notes is not None:
            notes.extend(video.notes)


def encoded(image: np.ndarray, form: str = "jpeg", quality: int = 95) -> bytes:
    """Return a frame, (height, width, 3) uint8, as a file; JPEG with all its colours (4:4:4)."""
    file = io.BytesIO()
    options = {"quality": quality, "subsampling": 0} if form == "jpeg" else {"compress_level": 1}
    Image.fromarray(image).save(file, form.upper(), **options)
    return file.getvalue()


def _ask(client: Client, how: Sending, clip: list[np.ndarray], files: str, quality: int) -> Answer:
    if how.form == "frames":
        return client.predict({RAW_INPUTS["rgb"]: np.stack(clip)[None]}, how.signature)
    if how.form == "clip":
        clip = scale(np.stack(clip), how.sees.preprocessing)
        return client.predict({CLIP_INPUTS["rgb"]: clip[None]}, how.signature)
    row = [encoded(image, files, quality) for image in clip]
    if how.form == "examples":
        return client.classify([row], how.signature)
    return client.predict({RAW_INPUTS["rgb"]: [row]}, how.signature)
