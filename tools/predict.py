"""Classify videos: print the top classes of each, and a timeline for long ones.

  keras-i3d predict FILE [FILE ...]           video files
  keras-i3d predict FOLDER --csv=classes.csv  all videos in a folder and below, as a table
  keras-i3d predict --list=videos.txt --json  videos named in a file, one JSON line each
  keras-i3d predict FOLDER --frames_fps=30    a folder of numbered JPEG or PNG files is one video
  keras-i3d predict FILE --stream=both        RGB and optical flow
  keras-i3d predict --live=0                  the first camera; or give a stream's address

The network sees 25 frames a second. A video of up to 10 s goes through it in one piece. A longer
one is cut into windows of 64 frames, and their probabilities are averaged. Flow is computed by
TV-L1, about a second for each second of video on two cores. On a CPU --engine=openvino is faster,
especially with --precision=int8, which is calibrated on the videos themselves and checked against
float32.

Short clips are less reliable. A clip of fewer than 64 frames (2.6 s) is repeated up to 64, so the
network sees a jump from its end to its beginning, and less of the action. In a test with 15 real
clips of 1 to 10 s, the middle 64 frames gave the same class as the whole clip in 15 cases, the
middle 32 frames in 13, 16 frames in 11 and 8 frames in 7.

Exit status: 0 if all videos were classified, 1 if some were not (the others are), 2 if a flag is
wrong, 130 after Ctrl-C; --csv then has what was done so far.
"""

import os
import sys
from collections.abc import Sequence

from absl import flags
from tqdm import tqdm

from keras_i3d.data.pixels.preprocessing import STREAMS
from keras_i3d.tools import engine_flags
from keras_i3d.tools.running import (
    FlagError,
    ToolError,
    can_be_written,
    loaded,
    must_exist,
    quiet_import,
    run,
)
from keras_i3d.tools.weights_flag import HELP, check_weights

VIDEO = flags.DEFINE_multi_string("video", [], "a video file or folder; the same as an argument")
LIST = flags.DEFINE_string("list", None, "a file of paths, one per line, or a .csv; - is stdin")
LIVE = flags.DEFINE_string("live", None, "a camera's number, or the address of a stream")
STREAM = flags.DEFINE_enum("stream", "rgb", STREAMS, "what the network sees")
MODEL = flags.DEFINE_string("model", "i3d", "the network, if --weights does not say it")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", HELP)
LABELS = flags.DEFINE_string(
    "labels", None, "a file of class names, one per line, for your own weights"
)
TOP = flags.DEFINE_integer("top", 5, "how many classes to show", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "print one JSON object per video, one per line")
CSV = flags.DEFINE_string("csv", None, "also write a table with a line for each video and class")
WHOLE = flags.DEFINE_bool("whole", False, "process each video in one piece (a minute at most)")
WINDOW = flags.DEFINE_integer(
    "window", None, "frames per window [I3D: 64, at 25 a second]", lower_bound=9
)
STRIDE = flags.DEFINE_integer(
    "stride", None, "frames from one window to the next [I3D: 32]", lower_bound=1
)
START = flags.DEFINE_float("start", 0, "start of the part to classify, in seconds", lower_bound=0)
END = flags.DEFINE_float("end", None, "end of the part to classify, in seconds", lower_bound=0)
FRAMES_FPS = flags.DEFINE_float(
    "frames_fps", 25, "pictures a second, for a folder of pictures", lower_bound=0.001
)
must_exist(LABELS)
flags.adopt_module_key_flags(engine_flags)


def main(arguments: Sequence[str]) -> int:
    """Classify the videos, one after the other; the exit status."""
    _check_flags(arguments)
    from keras_i3d.tools.prediction_report import PredictionReport

    engine_flags.check_engine()
    check_weights(WEIGHTS.value, MODEL.value, STREAM.value)
    report = PredictionReport(TOP.value, JSON.value)
    try:
        if LIVE.value is not None:
            _watch(report)
        else:
            _classify(report, _videos(arguments))
    except ImportError as error:  # what TV-L1 needs
        raise ToolError(error) from error
    finally:
        if CSV.value and report.done + report.failed:
            _write(report)
    return 1 if report.failed else 0


def _check_flags(arguments: Sequence[str]) -> None:
    named = bool(VIDEO.value or arguments or LIST.value)
    if not named and LIVE.value is None:
        raise FlagError("no video: give --video=FILE, or a folder, or --list=FILE")
    if named and LIVE.value is not None:
        raise FlagError("--live watches one camera or stream: do not name videos too")
    if LIVE.value is not None and (WHOLE.value or START.value):
        raise FlagError("--live starts now and goes on: --whole and --start are for files")
    if WHOLE.value and (WINDOW.value or STRIDE.value):
        raise FlagError(
            "--whole takes a video in one piece, --window and --stride cut it: give one or the "
            "other"
        )
    if END.value is not None and END.value <= START.value:
        raise FlagError(f"--end should be after --start={START.value}. Received: --end={END.value}")
    if CSV.value and not os.path.isdir(os.path.dirname(CSV.value) or "."):
        raise FlagError(f"--csv={CSV.value}: there is no folder {os.path.dirname(CSV.value)}")
    if CSV.value:
        can_be_written(CSV.value)


def _videos(arguments: Sequence[str]) -> list:
    """The videos; those that are not there are reported."""
    from keras_i3d.prediction_inputs import find_videos, read_list

    try:
        listed = read_list(LIST.value) if LIST.value else []
    except OSError as error:
        raise FlagError(f"--list={LIST.value}: {error.strerror or error}") from error
    videos = find_videos([*VIDEO.value, *arguments, *listed])
    if not videos:
        raise FlagError(f"--list={LIST.value} names no video")
    for video in videos:
        if video.cause:
            print(f"predict: {video.path}: {video.cause}", file=sys.stderr, flush=True)
    return videos


def _classify(report, videos: list) -> None:
    if all(video.cause for video in videos):  # no network is needed to say so
        for video in videos:
            report.add_failure(video.path, video.cause, told=True)
        return
    network = _network(report)
    from keras_i3d.prediction import predict_videos

    outcomes = predict_videos(
        network,
        videos,
        window=WINDOW.value,
        stride=STRIDE.value,
        whole=WHOLE.value,
        start=START.value,
        end=END.value,
        frames_fps=FRAMES_FPS.value,
        engine=_engine(network, [video.path for video in videos if not video.cause]),
        watch=lambda frames, expected: tqdm(
            frames, "this video", expected, leave=False, delay=1, unit=" frames", disable=None
        ),
    )
    many = tqdm(outcomes, "all videos", len(videos), leave=False, disable=len(videos) == 1 or None)
    for video, outcome in zip(videos, many, strict=True):
        if outcome.error is None:
            report.add(outcome.result)
        else:
            report.add_failure(outcome.item, outcome.error, told=bool(video.cause))


def _watch(report) -> None:
    """Print what each window of --live shows, until it ends."""
    from keras_i3d.data.video.decoding import VideoError
    from keras_i3d.data.video.live import LiveVideo

    sizes = {"window": WINDOW.value, "stride": STRIDE.value}
    try:
        LiveVideo(LIVE.value).close()  # says what is wrong before a network is loaded
        network = _network(report)
        from keras_i3d.prediction import watch_live

        engine = _engine(network, [])
        for window in watch_live(network, LIVE.value, **sizes, end=END.value, engine=engine):
            report.add_window(LIVE.value, window)
    except VideoError as error:
        report.add_failure(LIVE.value, error.cause)


def _network(report):
    """The network; the report learns the names of its classes."""
    with quiet_import():
        import keras_i3d.applications
    from keras_i3d.tools.class_labels import labels_in

    with loaded():
        network = keras_i3d.load(
            WEIGHTS.value, model=MODEL.value, stream=STREAM.value, labels=labels_in(LABELS.value)
        )
    report.labels = network.record.labels
    return network


def _engine(network, videos: list[str]):
    return engine_flags.open_engine("predict", network, ["probabilities"], videos=videos)


def _write(report) -> None:
    report.table.write(CSV.value)
    counted = f"{report.done} videos" + (f", {report.failed} failed" if report.failed else "")
    print(f"predict: wrote {CSV.value}: {counted}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
