"""Every codec in every container: the right frame at each tick, however it is reached.

Each frame shows its own number in black and white fields, so that the answer is known beforehand:
tick k shows the frame of the time (k + 1/2) / 25.
"""

from fractions import Fraction
from itertools import accumulate, count, pairwise, takewhile
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_i3d.data import VideoFile
from keras_i3d.data.batches.video_files import VideoFiles
from keras_i3d.data.checks.probing import probe
from keras_i3d.data.lists.annotations import Video
from keras_i3d.data.pixels.resizing import resize
from keras_i3d.data.video.decoding import STEPPING_BACK
from keras_i3d.data.video.parts import ticks
from keras_i3d.data.video.timelines import Timelines

BITS, FIELD = 12, 16
H264 = ("libx264", {"bf": "3", "g": "20", "x264-params": "b-adapt=0:log-level=none"})
MPEG4 = ("mpeg4", {"bf": "2", "g": "15", "qscale": "2"})
MPEG2 = ("mpeg2video", {"bf": "2", "g": "15"})
VP8, VP9 = ("libvpx", {"lag-in-frames": "8"}), ("libvpx-vp9", {"lag-in-frames": "8", "speed": "8"})
MJPEG = ("mjpeg", {})
ENCODED = [
    *((H264, form) for form in ("avi", "asf", "matroska", "mp4", "mov", "mpegts", "flv")),
    *((MPEG4, form) for form in ("avi", "asf", "matroska", "mp4", "mov", "mpegts")),
    *((MPEG2, form) for form in ("avi", "matroska", "mpegts", "mpeg")),
    *((codec, form) for codec in (VP8, VP9) for form in ("webm", "matroska", "avi")),
    (VP8, "ogg"),
    *((MJPEG, form) for form in ("avi", "matroska", "mov", "asf")),
    (("flv", {}), "flv"),
    (("wmv2", {}), "asf"),
    (("ffv1", {}), "matroska"),
]
# They keep no time at which a frame is to be shown.
UNKNOWING = [(H264, "avi"), (H264, "asf")]
# Seconds to which containers round.
ROUNDED = Fraction(2, 1000)
RATES = [(Fraction(25), 60), (Fraction(30000, 1001), 83), (Fraction(50), 41), (Fraction(25), 1)]


def numbered(number: int) -> np.ndarray:
    """A picture of 64 x 48 that shows a number: a field for each bit."""
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    fields = np.array(bits, np.uint8).reshape(3, 4) * 200 + 28
    return np.repeat(np.kron(fields, np.ones((FIELD, FIELD), np.uint8))[..., None], 3, axis=2)


def number_in(image: np.ndarray) -> int:
    """The number that a picture shows."""
    middles = image[FIELD // 2 :: FIELD, FIELD // 2 :: FIELD, 0]
    return sum(1 << bit for bit, level in enumerate(middles.ravel()) if level > 128)


def write(path, codec, form, rate, stamps, kinds=(), container_options=None):
    """Encode frames 0, 1, ... at these times, in units of 1 / rate."""
    name, options = codec
    with av.open(str(path), "w", form, container_options=container_options or {}) as container:
        stream = container.add_stream(name, rate=rate, options=options)
        stream.width, stream.height = 4 * FIELD, 3 * FIELD
        stream.pix_fmt = {"mjpeg": "yuvj420p", "ffv1": "bgr0"}.get(name, "yuv420p")
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = stamp, 1 / rate
            frame.pict_type = kinds[number] if kinds else PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return str(path)


def copied(path, source, form, times):
    """The same pictures, at other twenty-fifths: from (number, shown) to (decoded, shown)."""
    with av.open(source) as read, av.open(str(path), "w", format=form) as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for number, packet in enumerate(read.demux(read.streams.video[0])):
            if packet.size:
                tick = 1 / (25 * packet.time_base)
                shown = None if packet.pts is None else round(packet.pts / tick)
                decoded, shown = times(number, shown)
                packet.dts, packet.pts = round(decoded * tick), round(shown * tick)
                packet.stream = stream
                written.mux(packet)
    return str(path)


def count_of_the_fps_filter(rate, stamps):
    """How many frames FFmpeg's fps filter makes of frames at these times."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=64, height=48, format="gray", time_base=1 / rate)
    fps, sink = graph.add("fps", "fps=25"), graph.add("buffersink")
    source.link_to(fps)
    fps.link_to(sink)
    graph.configure()
    for stamp in stamps:
        frame = av.VideoFrame(64, 48, "gray")
        frame.pts, frame.time_base = stamp, 1 / rate
        frame.duration = round(last_hold(rate, stamps) * rate)
        graph.push(frame)
    graph.push(None)
    for number in count():
        try:
            graph.pull()
        except av.error.EOFError:
            return number


def last_hold(rate, stamps):
    """Seconds for which the last frame is shown: as the two before it, but for a second at most."""
    steps = [(after - before) / rate for before, after in pairwise(stamps)][-2:]
    return max(1 / rate, min([*steps, Fraction(1)]) if steps else 0)


def at_each_tick(rate, stamps, moved=Fraction(0)):
    """Which frame is shown in the middle of each tick, `moved` seconds later."""
    starts = [(stamp - stamps[0]) / rate for stamp in stamps]
    end = starts[-1] + last_hold(rate, stamps)
    middles = (Fraction(2 * k + 1, 50) + moved for k in count())
    middles = takewhile(lambda middle: middle < end, middles)
    return [sum(start <= middle for start in starts) - 1 for middle in middles] or [0]


def decoded(path, start=0, end=None):
    with VideoFile(path) as video:
        found = list(ticks(video, 25, number_in, start, end))
        return found, video.notes


def check(path, rate, stamps):
    """Hold every way to the frames of a file to one answer; return the notes."""
    whole, notes = decoded(path)
    early, late = (at_each_tick(rate, stamps, moved) for moved in (-ROUNDED, ROUNDED))
    assert len(late) <= len(whole) <= len(early)
    assert abs(len(whole) - count_of_the_fps_filter(rate, stamps)) <= 1
    for least, most, came in zip(early, late, whole, strict=False):
        assert came in (least, most)
    assert Timelines(25).indexed(path).frames.tolist() == whole
    assert probe(path).notes == tuple(notes)
    source = VideoFiles([Video(path, (0,), "v")], ["class"])
    assert source.num_frames(0) == len(whole)
    for start in {0, *np.random.default_rng(0).integers(0, len(whole), 3).tolist()}:
        part = whole[start : start + 5]
        assert decoded(path, start, start + 5)[0] == part
        clip = source.read(0, start, len(part))["rgb"]
        assert [number_in(resize(frame, 48, 64)) for frame in clip] == part
    return notes


@pytest.mark.parametrize(
    ("codec", "form"), ENCODED, ids=[f"{codec[0]}-{form}" for codec, form in ENCODED]
)
def test_a_steady_rate(codec, form, tmp_path):
    for rate, length in RATES:
        path = write(tmp_path / "video", codec, form, rate, range(length))
        notes = check(path, rate, range(length))
        if length > 1 and (codec, form) != (MPEG4, "asf"):  # it does so at some rates
            assert notes == ([STEPPING_BACK] if (codec, form) in UNKNOWING else [])


@pytest.mark.parametrize(
    ("codec", "form"),
    [*((H264, form) for form in ("matroska", "mp4", "mov", "mpegts", "flv"))]
    + [(MPEG4, "matroska"), (MPEG4, "mp4"), (MPEG2, "matroska")],
)
def test_times_that_are_those_of_decoding(codec, form, tmp_path):
    """What comes of a tool that copies such pictures out of AVI: no container is safe from it."""
    good = write(tmp_path / "good", codec, "mp4", Fraction(25), range(60))
    path = copied(tmp_path / "broken", good, form, lambda number, _: (number, number))
    assert check(path, Fraction(25), range(60)) == [STEPPING_BACK]


def test_pictures_that_are_reordered_late(tmp_path):
    """For two seconds nothing tells that the times are guesses: then a few frames come late."""
    late = [PictureType.P] * 50 + [PictureType.NONE] * 40
    path = write(tmp_path / "video", H264, "avi", Fraction(25), range(90), late)
    whole, notes = decoded(path)
    assert notes == [STEPPING_BACK]
    assert len(whole) == 90
    assert sum(came != number for number, came in enumerate(whole)) <= 4
    assert Timelines(25).indexed(path).frames.tolist() == whole


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.integers(1, 60), min_size=1, max_size=25),
    kind=st.sampled_from([("matroska", H264), ("mp4", H264), ("mp4", MPEG4), ("webm", VP8)]),
)
def test_a_variable_rate(steps, kind, tmp_path):
    form, codec = kind
    # MP4's durations are those of decoding: at the end all are alike, so that they are the last's.
    stamps = list(accumulate([*steps, *[steps[-1]] * 5], initial=0))
    path = write(tmp_path / "video", codec, form, Fraction(100), stamps)
    check(path, Fraction(100), stamps)


@pytest.mark.parametrize("form", ["matroska", "mp4"])
def test_a_picture_may_be_shown_for_minutes(form, tmp_path):
    """A lecture's slide: the header has room for it."""
    stamps = [*range(20), *range(20 + 25 * 100, 40 + 25 * 100)]
    path = write(tmp_path / "video", H264, form, Fraction(25), stamps)
    assert check(path, Fraction(25), stamps) == []


@pytest.mark.parametrize("offset", [0, 1, 30, 3000, 95_000, 95_440])
def test_joined_transport_streams(offset, tmp_path):
    """Two of one file, each with a clock of its own, which wraps round every 95,443.7 seconds."""
    parts = []
    for number, begin in enumerate((10, offset)):
        source = write(tmp_path / f"{number}.mp4", H264, "mp4", Fraction(25), range(60))
        path = copied(
            tmp_path / f"{number}.ts",
            source,
            "mpegts",
            lambda number, shown, first=25 * begin: (number + first, shown + first + 3),
        )
        parts.append(Path(path).read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    whole, notes = decoded(str(path))
    assert notes == []
    assert abs(len(whole) - 120) <= 1
    assert Timelines(25).indexed(str(path)).frames.size == len(whole)


def test_pictures_without_a_time(tmp_path):
    """Matroska cannot keep times before zero: its first pictures have none."""
    options = {"avoid_negative_ts": "disabled"}
    path = write(tmp_path / "video", H264, "matroska", Fraction(25), range(-13, 30), (), options)
    whole, notes = decoded(path)
    assert whole == list(range(43))
    assert notes == ["broken time stamps: 13 frames have none"]
    assert Timelines(25).indexed(path).frames.tolist() == whole


def test_a_clock_that_begins_before_zero(tmp_path):
    path = write(tmp_path / "video", H264, "mp4", Fraction(25), range(-30, 30))
    whole, _ = decoded(path)
    assert whole == list(range(60))[-len(whole) :]
    assert Timelines(25).indexed(path).frames.size == len(whole)
