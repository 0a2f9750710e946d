"""Write a data set as TFRecord shards: JPEG frames at 25 a second, labels, times and optional flow.

  keras-i3d make_tfrecords --root=VIDEOS --format=ucf101 --annotations=LISTS --out=SHARDS

Each split gets SHARDS/SPLIT-00000-of-00008.tfrecord ... and SHARDS/SPLIT.manifest.json, which lists
the videos in them, and the videos that failed with the cause. If the command is stopped in any way
and you run it again, it continues, and the result has the same bytes. Exit status: 0 if all videos
were written, 1 if some were not (the others are), 2 if a flag is wrong or SHARDS has other shards.
"""

import sys
import time
from collections.abc import Sequence
from functools import partial

from absl import flags

from keras_i3d.files.beam_pipelines import RUNNERS
from keras_i3d.tools import dataset_flags
from keras_i3d.tools.bars import video_bar
from keras_i3d.tools.dataset_flags import ROOT, SEED, annotations_from_flags, say_concerns
from keras_i3d.tools.flow_flag import METHODS
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

flags.adopt_module_key_flags(dataset_flags)  # so that --help lists them too
OUT = flags.DEFINE_string("out", None, "the folder for the shards; may be gs:// or s3://")
SHARDS = flags.DEFINE_integer(
    "shards", 0, "number of files per split [one for every 64 videos]", lower_bound=0
)
FPS = flags.DEFINE_integer("fps", 25, "pictures a second", lower_bound=1)
SHORT_SIDE = flags.DEFINE_integer("short_side", 256, "pixels of the shorter side", lower_bound=1)
QUALITY = flags.DEFINE_integer("quality", 97, "JPEG quality", lower_bound=1, upper_bound=100)
FLOW = flags.DEFINE_enum(
    "flow", None, METHODS, "also compute and store flow (slow; see compute_flow)"
)
FLOW_FOLDER = flags.DEFINE_string(
    "flow_folder", None, "store the flow in this folder, written by compute_flow"
)
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
TIMEOUT = flags.DEFINE_float("timeout", 600, "time limit for one video, in seconds", lower_bound=1)
MEMORY_MB = flags.DEFINE_integer(
    "memory_mb", 4000, "memory limit of one process, in MB", lower_bound=100
)
WORK = flags.DEFINE_string("work", None, "folder for unfinished work [SHARDS/.SPLIT.work]")
OVERWRITE = flags.DEFINE_bool("overwrite", False, "first remove these splits from SHARDS")
RETRY_FAILED = flags.DEFINE_bool(
    "retry_failed", False, "rebuild those shards of a finished run that lack videos"
)
RUNNER = flags.DEFINE_enum("runner", None, RUNNERS, "run on Apache Beam instead of here")
BEAM_OPTIONS = flags.DEFINE_multi_string(
    "beam_option", [], "an option for Beam's runner, such as --beam_option=--project=NAME"
)


def main(arguments: Sequence[str]) -> int:
    """Write the shards of every split; the exit status."""
    _check_flags(arguments)
    annotations = annotations_from_flags()
    say_concerns(annotations)
    from keras_i3d.data.shards.assembly import OtherRunError
    from keras_i3d.data.shards.manifest import ManifestError
    from keras_i3d.data.shards.plan import ShardOptions
    from keras_i3d.data.shards.splits import keep_problems, plan_splits, work_near

    work = WORK.value or (None if RUNNER.value else work_near(OUT.value))
    try:
        options = ShardOptions(
            SHARDS.value, FPS.value, SHORT_SIDE.value, QUALITY.value, SEED.value, _fingerprint()
        )
        plans = plan_splits(annotations, ROOT.value, OUT.value, options, work, FLOW_FOLDER.value)
    except ImportError as error:
        raise ToolError(error) from error
    except ValueError as error:
        raise FlagError(error) from error
    can_be_written(OUT.value, "folder")
    try:
        if path := keep_problems(annotations, OUT.value):
            print(f"{len(annotations.problems)} listed videos cannot be used: {path}")
        return max([_make(plan) for plan in plans], default=0)
    except OtherRunError as error:
        raise FlagError(f"{error}; --overwrite makes them again") from error
    except ManifestError as error:
        raise ToolError(f"{error}; --overwrite makes this whole split again") from error
    except ImportError as error:
        raise ToolError(error) from error


def _check_flags(arguments: Sequence[str]) -> None:
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    if not OUT.value:
        raise FlagError("--out is missing: give --out=FOLDER")
    if BEAM_OPTIONS.value and not RUNNER.value:
        raise FlagError("--beam_option is for a --runner; give one")
    if FLOW.value and FLOW_FOLDER.value:
        raise FlagError("give --flow or --flow_folder, not both")


def _fingerprint():
    """How the stored flow is made: as --flow says, or as that in --flow_folder was."""
    from keras_i3d.data.flow.data_sets import stored_fingerprint
    from keras_i3d.data.flow.methods import fingerprint
    from keras_i3d.data.pixels.preprocessing import Preprocessing

    if FLOW.value:
        return fingerprint(FLOW.value, Preprocessing(FPS.value, SHORT_SIDE.value, bound=20.0))
    return stored_fingerprint(FLOW_FOLDER.value) if FLOW_FOLDER.value else None


def _make(plan) -> int:
    """Make one split, with a bar, and print its counts; the exit status."""
    from keras_i3d.data.shards.assembly import write_shards
    from keras_i3d.data.shards.beam import write_shards_with_beam
    from keras_i3d.data.shards.splits import make_split

    start = time.monotonic()
    changes = {"overwrite": OVERWRITE.value, "retry_failed": RETRY_FAILED.value}
    limits = {"seconds": TIMEOUT.value, "megabytes": MEMORY_MB.value}
    if RUNNER.value:
        on_beam = {"runner": RUNNER.value, "arguments": BEAM_OPTIONS.value}
        write = partial(write_shards_with_beam, **on_beam, **limits)
        manifest, before = make_split(plan, write, **changes)
        for id, path, cause in () if before else manifest.failed:
            print(f"make_tfrecords: {path} ({id}): {cause}", file=sys.stderr)
    else:
        with video_bar("make_tfrecords", plan.split, plan.listed) as watch:
            write = partial(write_shards, processes=WORKERS.value, watch=watch, **limits)
            manifest, before = make_split(plan, write, **changes)
    took = "this was finished before" if before else f"{time.monotonic() - start:.0f} s"
    print(f"{manifest.summary()}; {took}")
    return 1 if manifest.failed else 0


if __name__ == "__main__":
    run(main)
