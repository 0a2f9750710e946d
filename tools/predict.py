"""What a video shows: its top classes, and for a long one a timeline.

  keras-i3d predict --video=FILE [--video=FILE ...] [FILE ...]

A video of up to 10 s goes through the network in one piece, a longer one in windows, whose
probabilities are averaged. Exit status: 0 when all files were classified, 1 when some were not (the
others are), 2 for wrong flags.
"""

import json
import sys
from collections.abc import Sequence

from absl import flags

from keras_i3d_command import quiet_import

with quiet_import():
    from tqdm import tqdm

    import keras_i3d
    from keras_i3d.data import VideoError
    from keras_i3d.prediction import predict_video
    from keras_i3d.tools.class_labels import labels_in
    from keras_i3d.tools.prediction_report import as_json, as_text
    from keras_i3d.tools.running import FlagError, loaded, run

VIDEO = flags.DEFINE_multi_string("video", [], "a video file; may be given several times")
MODEL = flags.DEFINE_string("model", "i3d", "network, where --weights does not say it itself")
WEIGHTS = flags.DEFINE_string(
    "weights", "kinetics", "a name of `keras-i3d list`, a training's folder, or a file"
)
TOP = flags.DEFINE_integer("top", 5, "how many classes to show", lower_bound=1)
JSON = flags.DEFINE_bool("json", False, "one JSON object for each file, a line each")
WHOLE = flags.DEFINE_bool(
    "whole", False, "each video in one piece, however long (a minute at most)"
)
WINDOW = flags.DEFINE_integer(
    "window", None, "frames of a window, at 25 a second [64]", lower_bound=9
)
STRIDE = flags.DEFINE_integer("stride", None, "frames from window to window [32]", lower_bound=1)
START = flags.DEFINE_float("start", 0, "look at the video from this second on", lower_bound=0)
END = flags.DEFINE_float("end", None, "look at the video up to this second", lower_bound=0)
LABELS = flags.DEFINE_string("labels", None, "class names, a line each, for weights of your own")


def main(arguments: Sequence[str]) -> int:
    """Classify the files, one after the other; the exit status."""
    paths = [*VIDEO.value, *arguments]
    if not paths:
        raise FlagError("no video: give --video=FILE")
    if WHOLE.value and (WINDOW.value or STRIDE.value):
        raise FlagError(
            "--whole takes a video in one piece, --window and --stride cut it: give one"
        )
    if END.value is not None and END.value <= START.value:
        raise FlagError(f"--end={END.value} is not after --start={START.value}")
    with loaded():
        network = keras_i3d.load(WEIGHTS.value, model=MODEL.value, labels=labels_in(LABELS.value))
    labels = network.record.labels
    failed = 0
    for path in paths:
        try:
            prediction = predict_video(
                network,
                path,
                window=WINDOW.value,
                stride=STRIDE.value,
                whole=WHOLE.value,
                start=START.value,
                end=END.value,
                watch=lambda frames, expected, path=path: tqdm(
                    frames, path[-40:], expected, leave=False, delay=1, unit=" frames"
                ),
            )
        except (VideoError, MemoryError) as error:
            failed += 1
            cause = getattr(error, "cause", "out of memory")
            print(f"predict: {path}: {cause}", file=sys.stderr)
            if JSON.value:
                print(json.dumps({"video": path, "error": cause}), flush=True)
            continue
        if JSON.value:
            print(json.dumps(as_json(prediction, labels, TOP.value)), flush=True)
        else:
            print(as_text(prediction, labels, TOP.value), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    run(main)
