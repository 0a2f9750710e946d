"""Turn videos into features: a vector for each window of each video, with its times.

  keras-i3d extract_features --out=FEATURES --video=FILE [--video=FILE ...]
  keras-i3d extract_features --out=FEATURES --root=VIDEOS [--format=ucf101 --annotations=LISTS]
  keras-i3d extract_features --out=FEATURES --list=videos.txt --stream=both --window=16 --stride=4
  keras-i3d extract_features --out=FEATURES --root=VIDEOS --layout=actionformer

FEATURES/STEM.npz has "rgb" and/or "flow" (windows, 1024), "start", "centre" and "end" in seconds of
the file's own clock, and "metadata", JSON that says how they were made. If two videos have the same
name, their folders are added. A folder of numbered pictures, or a .tar or .zip of them, is a video.

If you stop the command and run it again, it makes what is missing. Several processes or machines
can work on one FEATURES folder at the same time. FEATURES/manifest.jsonl says of each video whether
it is done, failed (and why) or was skipped. docs/features.md explains windows, tails, pooling and
layouts.

Exit status: 0 if all videos have their features, 1 if some do not (the others do), 2 if a flag is
wrong or FEATURES has features made in another way, 130 after Ctrl-C.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from absl import flags

from keras_i3d.data.pixels.preprocessing import STREAMS
from keras_i3d.features.crops import CROPS
from keras_i3d.features.layouts import LAYOUTS
from keras_i3d.features.pooling import POOLINGS
from keras_i3d.features.windowing import TAILS, WINDOWS
from keras_i3d.features.writers import FORMATS
from keras_i3d.files.beam_pipelines import RUNNERS
from keras_i3d.tools import dataset_flags, engine_flags
from keras_i3d.tools.dataset_flags import FORMAT, ROOT, annotations_from_flags
from keras_i3d.tools.feature_report import reported
from keras_i3d.tools.running import FlagError, ToolError, loaded, must_exist, quiet_import, run
from keras_i3d.tools.weights_flag import HELP, check_weights

flags.adopt_module_key_flags(dataset_flags)
flags.adopt_module_key_flags(engine_flags)
VIDEO = flags.DEFINE_multi_string("video", [], "a video file or folder; the same as an argument")
LIST = flags.DEFINE_string("list", None, "a file of paths, one per line, or a .csv; - is stdin")
OUT = flags.DEFINE_string("out", None, "the folder for the features")
NETWORK = flags.DEFINE_string("network", "i3d", "the network, if --weights does not say it")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", HELP)
STREAM = flags.DEFINE_enum("stream", None, STREAMS, "what the network sees [rgb]")
WINDOW = flags.DEFINE_integer("window", None, "frames per window [I3D: 64]", lower_bound=1)
STRIDE = flags.DEFINE_integer(
    "stride", None, "frames from one window to the next [as many as a window has]", lower_bound=1
)
FPS = flags.DEFINE_string("fps", None, "frames a second, or native for the file's own [25]")
LAYERS = flags.DEFINE_list("layers", [], "end points, such as Mixed_4f,Logits [I3D: Mixed_5c]")
POOLING = flags.DEFINE_enum(
    "pooling", "avg", POOLINGS, "avg: as in the network's head; mean: plain average"
)
CROPS_OF_A_FRAME = flags.DEFINE_enum("crops", None, map(str, CROPS), "crops per frame [1]")
TAIL = flags.DEFINE_enum(
    "tail", None, TAILS, "what to do with frames at the end that do not fill a window [loop]"
)
PLACES = flags.DEFINE_enum(
    "windows",
    "from_start",
    WINDOWS,
    "windows from the first frame on, or centred on every --stride-th frame",
)
LAYOUT = flags.DEFINE_enum("layout", None, sorted(LAYOUTS), "write the files that this code reads")
WRITE = flags.DEFINE_enum("write", None, FORMATS, "format of the files [npz]")
FLOWS = flags.DEFINE_string("flow", None, "the folder of compute_flow [flow is computed now]")
must_exist(FLOWS, "folder")
FRAMES_FPS = flags.DEFINE_float(
    "frames_fps", 25, "pictures a second, for folders and archives of pictures", lower_bound=0.001
)
BATCH = flags.DEFINE_integer("batch", 1, "windows per batch", lower_bound=1)
VERIFY = flags.DEFINE_bool("verify", False, "also check all files and replace damaged ones")
LABELS = flags.DEFINE_bool("labels", False, "with --format: also write each video's classes")
WORKERS = flags.DEFINE_integer("workers", None, "processes for decoding [all cores]", lower_bound=1)
TIMEOUT = flags.DEFINE_float(
    "timeout", 600, "time limit for the next 16 frames of a video, in seconds", lower_bound=1
)
MEMORY_MB = flags.DEFINE_integer(
    "memory_mb", 4000, "memory limit of a decoding process, in MB", lower_bound=100
)
RUNNER = flags.DEFINE_enum("runner", None, RUNNERS, "run on Apache Beam instead of here")
BEAM_OPTIONS = flags.DEFINE_multi_string(
    "beam_option", [], "an option for Beam's runner, such as --beam_option=--project=NAME"
)


def main(arguments: Sequence[str]) -> int:
    """Make the features of every video that has none yet; the exit status."""
    _check_flags()
    jobs, skipped = _jobs(arguments)
    stream, how = _settings()
    check_weights(WEIGHTS.value, NETWORK.value, stream)
    # Neither videos, nor what an earlier run made of them, nor layers to be checked.
    earlier = Path(OUT.value, ".features")
    if all(job.cause for job in jobs) and not (LAYERS.value or earlier.exists()):
        return _nothing_to_read(jobs, skipped)
    with quiet_import():
        from keras_i3d.features.output_folder import OtherFeaturesError
        from keras_i3d.features.to_folder import Order
    how["calibrate"] = engine_flags.calibration_videos(job.path for job in jobs if not job.cause)
    order = Order(NETWORK.value, WEIGHTS.value, stream, how, LAYOUT.value or WRITE.value or "npz")
    try:
        with loaded():
            _checked(order)
        _tell_missing_flow(jobs)
        return reported(_work(order, jobs, skipped), len(jobs), len(skipped), OUT.value)
    except OtherFeaturesError as error:
        raise FlagError(error) from error
    except OSError as error:
        error.filename = error.filename or OUT.value
        raise ToolError(error) from error
    except ImportError as error:
        raise ToolError(error) from error


def _work(order, jobs: Sequence, skipped: Mapping[str, str]) -> Callable[..., Iterable]:
    """What makes the features, here or on Beam; takes seen=, as extract_many does."""
    limits = {
        "processes": WORKERS.value, "seconds": TIMEOUT.value, "megabytes": MEMORY_MB.value
    }  # fmt: skip
    if RUNNER.value:
        from keras_i3d.features.beam_pipeline import extract_with_beam

        begun = (order, jobs, OUT.value, RUNNER.value, skipped, BEAM_OPTIONS.value)
        return lambda seen: extract_with_beam(*begun, **limits)  # other machines show nothing here
    from keras_i3d.features.to_folder import extract_to_folder

    return partial(
        extract_to_folder, order, jobs, OUT.value, skipped, verify=VERIFY.value, **limits
    )


def _check_flags() -> None:
    if not OUT.value:
        raise FlagError("--out is missing: give --out=FOLDER")
    if BEAM_OPTIONS.value and not RUNNER.value:
        raise FlagError("--beam_option is for a --runner; give one")
    if RUNNER.value and VERIFY.value:
        raise FlagError("--verify reads the files here: give it without --runner")
    if LAYOUT.value and WRITE.value:
        raise FlagError("--layout says how its files are written: leave out --write")
    engine_flags.check_engine()


def _jobs(arguments: Sequence[str]) -> tuple[list, dict[str, str]]:
    """The videos, and the lines of the list that name none."""
    from keras_i3d.features.jobs import check_flow_names, jobs_of_data_set, jobs_of_videos
    from keras_i3d.prediction_inputs import find_videos, read_list

    if ROOT.value is not None and (arguments or VIDEO.value or LIST.value):
        raise FlagError("give files or a --list, or a data set by --root, not both")
    if ROOT.value is not None and FORMAT.present:
        return jobs_of_data_set(annotations_from_flags(), ROOT.value, LABELS.value)
    if of_a_list := dataset_flags.given():
        raise FlagError(f"--{of_a_list[0]} is for a data set: give --root and --format")
    if LABELS.value:
        raise FlagError("--labels are those of a data set: give --root and --format")
    try:
        listed = read_list(LIST.value) if LIST.value else []
    except OSError as error:
        raise FlagError(f"--list={LIST.value}: {error.strerror or error}") from error
    root = [] if ROOT.value is None else [ROOT.value]
    videos = find_videos([*VIDEO.value, *arguments, *listed, *root])
    if not videos:
        raise FlagError("no videos: give --video=FILE, --root=FOLDER or --list=FILE")
    jobs = jobs_of_videos(videos, ROOT.value)
    if FLOWS.value:
        try:
            check_flow_names(jobs)
        except ValueError as error:
            raise FlagError(error) from error
    return jobs, {}


def _nothing_to_read(jobs: Sequence, skipped: Mapping[str, str]) -> int:
    """Say and write why no video can be read, before any network is loaded; the exit status."""
    from keras_i3d.features.outcomes import failed, write_manifest

    for job in jobs:
        print(f"extract_features: {job.path}: {job.cause}", file=sys.stderr)
    write_manifest(Path(OUT.value), [failed(job, job.cause) for job in jobs], skipped)
    return 1


def _tell_missing_flow(jobs: Sequence) -> None:
    from keras_i3d.features.stored_flow import without_flow

    names = {job.flow_name for job in jobs if not job.cause}
    if FLOWS.value and (missing := without_flow(FLOWS.value, names)):
        engine_flags.tell(
            "extract_features",
            f"{len(missing)} of {len(names)} videos have no flow in {FLOWS.value}, such as "
            f"{missing[0]}; it is computed now",
        )


def _checked(order) -> None:
    """Load all that is needed, and print how int8 did in its check."""
    from keras_i3d.engines import EngineError

    try:
        order.check()
    except EngineError as error:
        raise ToolError(error) from error
    engine_flags.tell_check("extract_features", order.extractor.metadata["engine"])


def _settings() -> tuple[str, dict]:
    """The stream and the fields of Settings that the flags name, over those of the layout."""
    from keras_i3d.features.settings import Settings

    layout = LAYOUTS[LAYOUT.value] if LAYOUT.value else None
    chosen = {
        "window": WINDOW.value,
        "stride": STRIDE.value,
        "fps": FPS.value,
        "tail": TAIL.value,
        "crops": CROPS_OF_A_FRAME.value and int(CROPS_OF_A_FRAME.value),
    }
    chosen = {name: value for name, value in chosen.items() if value is not None}
    how = {
        **(layout.settings if layout else {}),
        **chosen,
        "windows": PLACES.value,
        "layers": tuple(LAYERS.value),
        "pooling": POOLING.value,
        "flows": FLOWS.value,
        "frames_fps": FRAMES_FPS.value,
        "engine": engine_flags.ENGINE.value,
        "precision": engine_flags.PRECISION.value,
        "batch": BATCH.value,
    }
    try:
        Settings(**how)  # what is wrong is said before the network is loaded
    except ValueError as error:
        raise FlagError(error) from error
    return STREAM.value or (layout.stream if layout else "rgb"), how


if __name__ == "__main__":
    run(main)
