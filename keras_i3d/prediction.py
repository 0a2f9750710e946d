"""What a video shows: classes for the whole of it, and for windows of a long one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from keras_i3d import engines
from keras_i3d.applications.loaded import LoadedNetwork
from keras_i3d.classes import SEVERAL
from keras_i3d.data.flow.frames_with_flow import cropped_streams
from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input, scale
from keras_i3d.data.video.decoding import DEFAULT_FPS, VideoError, VideoFile
from keras_i3d.data.video.frames import small_note
from keras_i3d.data.video.live import LiveVideo
from keras_i3d.data.video.picture_folder import PictureFolder
from keras_i3d.data.video.windows import Window as Piece
from keras_i3d.data.video.windows import mean_scores, network_windows, windows
from keras_i3d.engines import Engine
from keras_i3d.files.workers import Outcome
from keras_i3d.prediction_inputs import NamedVideo, open_video
from keras_i3d.shown_options import options_of

# The network takes some 4 MB a frame: what `whole` holds at most, one minute, is about 6 GB.
MOST_WHOLE = 1500


@dataclass(frozen=True)
class Window:
    """Class scores of one stretch of a video: [start, end) in seconds, scores (classes,)."""

    start: float
    end: float
    scores: np.ndarray


@dataclass(frozen=True)
class Prediction:
    """Class scores of a video, and what they rest on.

    frames: how many frames, at `fps` a second, as the network saw them, before any looping.
    source: width, height, frames and fps of the file itself.
    scores: (classes,), the mean over the windows, each by the length it stands for.
    notes: what a careful reader should know: damage, looping, a variable frame rate.
    """

    path: str
    frames: int
    fps: float
    source: dict
    scores: np.ndarray
    windows: list[Window]
    notes: list[str]


def predict_video(
    network: LoadedNetwork,
    path: str,
    *,
    window: int | None = None,
    stride: int | None = None,
    whole: bool = False,
    start: float = 0,
    end: float | None = None,
    frames_fps: float = DEFAULT_FPS,
    engine: Engine | None = None,
    watch: Callable[[Iterable, int | None], Iterable] = lambda frames, expected: frames,
) -> Prediction:
    """Classify one video.

    Args:
        network: from `keras_i3d.load`. Where it sees flow, that is computed by TV-L1, about a
            second for each second of video on two cores.
        path: the video file, or a folder of numbered pictures.
        window, stride: frames of a window and between two; when either is given, any video is cut
            into windows (as many frames as the network's clips, half of them on). Without, only a
            video of more than ten seconds is.
        whole: the video in one piece, however long; a minute at most.
        start, end: seconds of the part to look at; by default all.
        frames_fps: pictures a second, of a folder.
        engine: what computes the network's probabilities, from `keras_i3d.engines.open`; by default
            the Keras model.
        watch: called with the frames and their expected number, gives them on; for a progress bar.

    Raises:
        VideoError: when the file gives no frames, or `whole` is too much.
        ImportError: a package that TV-L1 needs is not installed; says which.
    """
    engine, inputs = engine or engines.open(network), network.record.inputs
    pace = Pace(inputs)
    rate, in_clips = pace.rate, network.in_clips
    with open_video(path, frames_fps) as video:
        frames = watch(_part(video, inputs, start, end), _expected(video, rate, start, end))
        if whole and not in_clips:
            frames = list(islice(frames, MOST_WHOLE + 1))
            if len(frames) > MOST_WHOLE:
                raise VideoError(
                    path,
                    f"more than {MOST_WHOLE} frames at {rate:g} a second; in one piece they would "
                    f"take more than 6 GB of memory: classify it in windows",
                )
            pieces = network_windows(frames, pace, one_piece=MOST_WHOLE)
        else:
            pieces = network_windows(frames, pace, window, stride, in_clips=in_clips)
        del frames
        found = list(_scored(engine, pieces, inputs, start))
        if not found:
            raise VideoError(path, f"it ends before {start} s")
        count = round((found[-1].end - start) * rate)
        notes = [*video.notes, *_notes(video, count, found, window or pace.least)]
        notes += [SEVERAL] * network.record.multi_label
        source = {
            "width": video.width,
            "height": video.height,
            "frames": video.frames,
            "fps": round(float(video.fps), 3),
        }
    stretches = [piece.end - piece.start for piece in found]
    scores = mean_scores([piece.scores for piece in found], stretches)
    return Prediction(path, count, rate, source, scores, found, notes)


@options_of(predict_video, without=("path",))
def predict_videos(
    network: LoadedNetwork, videos: Iterable[str | NamedVideo], **options
) -> Iterator[Outcome]:
    """Classify many videos, one after the other; a video that fails ends nothing.

    Args:
        network, options: as for predict_video.
        videos: paths, or what `prediction_inputs.find_videos` made of paths.

    Yields:
        For each video in turn its path, and a Prediction or the cause of the failure.
    """
    options["engine"] = options.get("engine") or engines.open(network)
    for video in videos:
        video = video if isinstance(video, NamedVideo) else NamedVideo(video)
        result, cause = None, video.cause
        try:
            if cause is None:
                result = predict_video(network, video.path, **options)
        except VideoError as error:
            cause = error.cause
        except MemoryError:
            cause = "out of memory"
        yield Outcome(video.path, result, cause)


def watch_live(
    network: LoadedNetwork,
    source: str,
    *,
    window: int | None = None,
    stride: int | None = None,
    end: float | None = None,
    engine: Engine | None = None,
) -> Iterator[Window]:
    """Classify what a camera or a stream shows, one window after the other, as it comes.

    Args:
        network: as for predict_video.
        source: as for LiveVideo.
        window, stride: frames of a window and between two; by default as many as the network's
            clips have, and half of them.
        end: seconds after which to stop; None for as long as frames come.
        engine: as for predict_video.

    Raises:
        VideoError: the source cannot be opened, or gives no frame.
    """
    engine, inputs = engine or engines.open(network), network.record.inputs
    with LiveVideo(source) as video:
        usual = Pace(inputs).window
        window, stride = window or usual, stride or max(1, usual // 2)
        pieces = windows(_part(video, inputs, 0, end), window, stride)
        for piece in pieces:  # each as it comes: none waits until the next one is read
            yield from _scored(engine, [piece], inputs, 0)


def _part(
    video: VideoFile | PictureFolder, inputs: Mapping[str, Input], start: float, end: float | None
) -> Iterator[dict[str, np.ndarray]]:
    """The frames of a part, in seconds, as each stream sees them."""
    specs = {stream: one.preprocessing for stream, one in inputs.items()}
    fps = next(iter(specs.values())).fps
    last = None if end is None else round(end * fps)
    frames = cropped_streams(video, specs, round(start * fps), last)
    return islice(frames, 0, None, Pace(inputs).every)


def _expected(video, rate: float, start: float, end: float | None) -> int | None:
    """How many frames to expect, by the file's header; None if it does not say."""
    if video.duration is None:
        return None
    until = video.duration if end is None else min(end, video.duration)
    return max(0, round((until - start) * rate))


def _scored(
    engine: Engine, pieces: Iterable[Piece], inputs: Mapping[str, Input], offset: float
) -> Iterator[Window]:
    rate = Pace(inputs).rate
    clips = (
        ((offset + piece.start / rate, offset + piece.end / rate), _clips(piece, inputs))
        for piece in pieces
    )
    for stretch, outputs in engine.stream(clips):
        yield Window(*stretch, outputs["probabilities"][0])


def _clips(piece: Piece, inputs: Mapping[str, Input]) -> dict[str, np.ndarray]:
    places, frames = Pace(inputs).places(len(piece.frames)), piece.frames
    pixels = {s: np.stack([frames[place][s] for place in places[s]]) for s in inputs}
    return {s: scale(pixels[s], one.preprocessing)[None] for s, one in inputs.items()}


def _notes(video: VideoFile, frames: int, windows: list[Window], length: int) -> Iterator[str]:
    if video.frames == 1:
        yield "one frame only, repeated: the prediction is that of a still picture"
    elif frames < length and len(windows) == 1:
        yield f"short: {frames} frames, looped to {length}"
    yield from small_note(video.width, video.height)
