"""A data set as TFRecord shards: JPEG frames at 25 a second, labels, times and, if wanted, flow.

  keras-i3d make_tfrecords --root=VIDEOS --format=ucf101 --annotations=LISTS --out=SHARDS

For each split SHARDS/SPLIT-00000-of-00008.tfrecord ... and SHARDS/SPLIT.manifest.json, which says
what is in them and which videos are not, and why. Broken off, by whatever, the same command goes
on; the result has the same bytes. Exit status: 0 when all videos were written, 1 when some were not
(the others are), 2 for wrong flags, also when SHARDS holds other shards.
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
OUT = flags.DEFINE_string("out", None, "the folder for the shards; also gs:// or s3://")
SHARDS = flags.DEFINE_integer(
    "shards", 0, "files of a split [one for every 64 videos]", lower_bound=0
)
FPS = flags.DEFINE_integer("fps", 25, "pictures a second", lower_bound=1)
SHORT_SIDE = flags.DEFINE_integer("short_side", 256, "pixels of the shorter side", lower_bound=1)
QUALITY = flags.DEFINE_integer(
    "quality", 97, "of the JPEG pictures", lower_bound=1, upper_bound=100
)
FLOW = flags.DEFINE_enum(
    "flow", None, METHODS, "compute and store flow too (slow: see compute_flow)"
)
FLOW_FOLDER = flags.DEFINE_string("flow_folder", None, "store the flow that compute_flow put here")
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
TIMEOUT = flags.DEFINE_float("timeout", 600, "seconds for one video, at most", lower_bound=1)
MEMORY_MB = flags.DEFINE_integer("memory_mb", 4000, "memory of a process, at most", lower_bound=100)
WORK = flags.DEFINE_string("work", None, "folder for unfinished work [SHARDS/.SPLIT.work]")
OVERWRITE = flags.DEFINE_bool("overwrite", False, "remove what SHARDS has of these splits first")
RETRY_FAILED = flags.DEFINE_bool(
    "retry_failed", False, "make the shards of a finished run anew that lack videos"
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
        raise FlagError(f"{error}; --overwrite makes them anew") from error
    except ManifestError as error:
        raise ToolError(f"{error}; --overwrite makes all of this split anew") from error
    except ImportError as error:
        raise ToolError(error) from error


def _check_flags(arguments: Sequence[str]) -> None:
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if not OUT.value:
        raise FlagError("no place for the shards: give --out=FOLDER")
    if BEAM_OPTIONS.value and not RUNNER.value:
        raise FlagError("--beam_option is for a --runner; give one")
    if FLOW.value and FLOW_FOLDER.value:
        raise FlagError("--flow computes what --flow_folder has: give one")


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
