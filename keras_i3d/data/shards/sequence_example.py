"""One video as a tf.train.SequenceExample, in the keys of MediaPipe's media_sequence.

    context                                              feature lists, an entry a picture
    example/id                  bytes                    image/encoded                  bytes (JPEG)
    clip/data_path              bytes                    image/timestamp                int64 (us)
    clip/start/timestamp        int64 (microseconds)     FORWARD_FLOW/image/encoded     bytes (PNG)
    clip/end/timestamp          int64                    FORWARD_FLOW/image/timestamp   int64 (us)
    clip/label/index            int64 list
    clip/label/string           bytes list
    segment/start/timestamp     int64 list; also segment/end/timestamp, segment/start/index,
                                segment/end/index, segment/label/index, segment/label/string (bytes)
    image/format, image/channels, image/height, image/width    bytes, int64, int64, int64
    image/frame_rate            float
    FORWARD_FLOW/image/...      the same five, and .../saturation, float: the bound in pixels
    FORWARD_FLOW/fingerprint    bytes, JSON: how the flow was made (our own key)

Times are those of the media file. segment/... stands only where the data set times its labels,
FORWARD_FLOW/... only where flow is stored: one picture fewer than images, each for the step from
its time to the next frame.

Source: google-ai-edge/mediapipe, mediapipe/util/sequence/README.md.
"""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from keras_i3d.data.shards.example_message import SequenceExample

MICROSECONDS = 1_000_000
FLOW = "FORWARD_FLOW/"
FINGERPRINT = f"{FLOW}fingerprint"
# Protocol buffers end at 2 GiB.
MAX_BYTES = (1 << 31) - (1 << 20)


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures of one video, all of one size.

    encoded: a JPEG or PNG file each.
    first: number of the first picture's tick; picture i is of the time (first + i) / fps.
    """

    encoded: Sequence[bytes]
    first: int
    fps: int
    format: str
    channels: int
    height: int
    width: int

    def times(self) -> list[int]:
        """Return the microseconds of each picture in the media file."""
        ticks = range(self.first, self.first + len(self.encoded))
        return [round(tick * MICROSECONDS / self.fps) for tick in ticks]


@dataclass(frozen=True)
class Flow:
    """The flow of a video: pictures of two channels, their bound in pixels, how it was made."""

    pictures: Pictures
    bound: float
    fingerprint: str


@dataclass(frozen=True)
class Example:
    """What is stored of one video.

    id, data_path: what the data set calls it, and where it was below the data set's folder.
    labels, label_names: numbers and names of its classes, side by side.
    segments: (class, its name, start, end) in seconds of the media file.
    """

    id: str
    data_path: str
    labels: Sequence[int]
    label_names: Sequence[str]
    images: Pictures
    flow: Flow | None = None
    segments: Sequence[tuple[int, str, float, float]] = ()


def build(example: Example) -> bytes:
    """Return a serialised SequenceExample; equal examples give equal bytes.

    Raises:
        ValueError: there is no picture, or more than a message can hold (2 GiB).
    """
    images, times = example.images, example.images.times()
    if not times:
        raise ValueError("no picture to store")
    end = round((images.first + len(times)) * MICROSECONDS / images.fps)
    result = SequenceExample()
    _set(result, "example/id", [_bytes(example.id)])
    _set(result, "clip/data_path", [_bytes(example.data_path)])
    _set(result, "clip/start/timestamp", [times[0]])
    _set(result, "clip/end/timestamp", [end])
    _set(result, "clip/label/index", example.labels, int)
    _set(result, "clip/label/string", [_bytes(name) for name in example.label_names], bytes)
    if example.segments:
        _set_segments(result, example.segments, times)
    _add_pictures(result, "", images)
    if example.flow is not None:
        _add_pictures(result, FLOW, example.flow.pictures)
        _set(result, f"{FLOW}image/saturation", [float(example.flow.bound)])
        _set(result, FINGERPRINT, [_bytes(example.flow.fingerprint)])
    if (size := result.ByteSize()) > MAX_BYTES:
        raise ValueError(
            f"{size} bytes in one record, at most {MAX_BYTES} fit: split the video into parts"
        )
    return result.SerializeToString(deterministic=True)


def parse(data: bytes) -> Example:
    """Return the example that `build` made these bytes of.

    Raises:
        ValueError: it is not a SequenceExample, or lacks these keys.
    """
    example = SequenceExample()
    try:
        example.ParseFromString(data)
    except DecodeError as error:
        raise ValueError(f"not a SequenceExample: {error}") from error
    context = {key: _values(value) for key, value in example.context.feature.items()}
    lists = {
        key: [_one(_values(entry), key) for entry in value.feature]
        for key, value in example.feature_lists.feature_list.items()
    }
    try:
        flow = None
        if FINGERPRINT in context:
            bound = context[f"{FLOW}image/saturation"][0]
            fingerprint = context[FINGERPRINT][0].decode()
            flow = Flow(_pictures(context, lists, FLOW), bound, fingerprint)
        return Example(
            _text(context["example/id"][0]),
            _text(context["clip/data_path"][0]),
            tuple(context["clip/label/index"]),
            tuple(map(_text, context["clip/label/string"])),
            _pictures(context, lists, ""),
            flow,
            _segments(context),
        )
    except (KeyError, IndexError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"a SequenceExample, but not of keras_i3d: {error}") from error


def _set_segments(result, segments: Iterable, times: list[int]) -> None:
    starts = [round(start * MICROSECONDS) for _, _, start, _ in segments]
    ends = [round(end * MICROSECONDS) for _, _, _, end in segments]
    last = len(times) - 1
    _set(result, "segment/start/timestamp", starts)
    _set(result, "segment/end/timestamp", ends)
    # media_sequence: the first frame at or after the start, the last at or before the end.
    first_frames = [min(bisect.bisect_left(times, time), last) for time in starts]
    last_frames = [max(bisect.bisect_right(times, time) - 1, 0) for time in ends]
    _set(result, "segment/start/index", first_frames)
    _set(result, "segment/end/index", last_frames)
    _set(result, "segment/label/index", [label for label, *_ in segments])
    _set(result, "segment/label/string", [_bytes(name) for _, name, *_ in segments])


def _segments(context: dict) -> tuple:
    keys = ("label/index", "label/string", "start/timestamp", "end/timestamp")
    columns = [context.get(f"segment/{key}", ()) for key in keys]
    return tuple(
        (label, _text(name), start / MICROSECONDS, end / MICROSECONDS)
        for label, name, start, end in zip(*columns, strict=False)
    )


def _add_pictures(result, prefix: str, pictures: Pictures) -> None:
    lists = result.feature_lists.feature_list
    encoded, stamps = lists[f"{prefix}image/encoded"], lists[f"{prefix}image/timestamp"]
    for data, time in zip(pictures.encoded, pictures.times(), strict=True):
        encoded.feature.add().bytes_list.value.append(data)
        stamps.feature.add().int64_list.value.append(time)
    _set(result, f"{prefix}image/format", [_bytes(pictures.format)])
    _set(result, f"{prefix}image/channels", [pictures.channels])
    _set(result, f"{prefix}image/height", [pictures.height])
    _set(result, f"{prefix}image/width", [pictures.width])
    _set(result, f"{prefix}image/frame_rate", [float(pictures.fps)])


def _pictures(context: dict, lists: dict, prefix: str) -> Pictures:
    fps = round(context[f"{prefix}image/frame_rate"][0])
    times = lists[f"{prefix}image/timestamp"]
    return Pictures(
        lists[f"{prefix}image/encoded"],
        round(times[0] * fps / MICROSECONDS) if times else 0,
        fps,
        context[f"{prefix}image/format"][0].decode(),
        *(context[f"{prefix}image/{key}"][0] for key in ("channels", "height", "width")),
    )


def _set(result, key: str, values: Sequence, kind: type | None = None) -> None:
    """A context feature; `kind` for a list that may be empty."""
    feature = result.context.feature[key]
    kind = kind or type(values[0])
    {int: feature.int64_list, float: feature.float_list, bytes: feature.bytes_list}[
        kind
    ].value.extend(values)


def _values(feature) -> Sequence:
    kind = feature.WhichOneof("kind")
    return getattr(feature, kind).value if kind else ()


def _one(values: Sequence, key: str):
    if len(values) != 1:
        raise ValueError(f"{key}: {len(values)} values at one time instead of one")
    return values[0]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # file names need not be text


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
