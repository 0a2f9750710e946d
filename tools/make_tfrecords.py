"""A data set as TFRecord shards: JPEG frames at 25 a second, labels, times and, if wanted, flow.

  keras-i3d make_tfrecords --root=VIDEOS --format=ucf101 --annotations=LISTS --out=SHARDS

For each split SHARDS/SPLIT-00000-of-00008.tfrecord ... and SHARDS/SPLIT.manifest.json, which says
what is in them and which videos are not, and why. Broken off, by whatever, the same command goes
on; the result has the same bytes. Exit status: 0 when all videos were written, 1 when some were not
(the others are), 2 for wrong flags, also when SHARDS holds other shards.
"""

import hashlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from absl import flags
from tqdm import tqdm

from keras_i3d.data.flow.flow_files import SUFFIX, FlowFile
from keras_i3d.data.flow.methods import METHODS, fingerprint
from keras_i3d.data.lists.annotations import Annotations
from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.data.shards import assembly
from keras_i3d.data.shards.beam import write_shards_with_beam
from keras_i3d.data.shards.manifest import Manifest, ManifestError
from keras_i3d.data.shards.plan import VIDEOS_PER_SHARD, Plan, ShardOptions, plan_shards
from keras_i3d.files import storage
from keras_i3d.files.beam_pipelines import RUNNERS
from keras_i3d.tools.dataset_flags import ROOT, SEED, annotations_from_flags, say_concerns
from keras_i3d.tools.running import FlagError, ToolError, run

OUT = flags.DEFINE_string("out", None, "the folder for the shards; also gs:// or s3://")
SHARDS = flags.DEFINE_integer(
    "shards", 0, f"files of a split [one for every {VIDEOS_PER_SHARD} videos]", lower_bound=0
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
    if arguments:
        raise FlagError(f"{arguments[0]}: what is this? All is named by flags")
    if not OUT.value:
        raise FlagError("no place for the shards: give --out=FOLDER")
    if BEAM_OPTIONS.value and not RUNNER.value:
        raise FlagError("--beam_option is for a --runner; give one")
    if FLOW.value and FLOW_FOLDER.value:
        raise FlagError("--flow computes what --flow_folder has: give one")
    annotations = annotations_from_flags()
    say_concerns(annotations)
    try:
        flow = _flow_fingerprint()
        plans = [_plan(annotations, split, flow) for split in annotations.splits]
    except ImportError as error:
        raise ToolError(error) from error
    except ValueError as error:
        raise FlagError(error) from error
    try:
        _keep_report(annotations)
        return max([_make(plan) for plan in plans], default=0)
    except assembly.OtherRunError as error:
        raise FlagError(f"{error}; --overwrite makes them anew") from error
    except ManifestError as error:
        raise ToolError(f"{error}; --overwrite makes all of this split anew") from error
    except (OSError, ImportError) as error:
        reason = getattr(error, "strerror", None)
        raise ToolError(f"{error.filename}: {reason}" if reason else error) from error


def _plan(annotations: Annotations, split: str, flow: dict | None) -> Plan:
    return plan_shards(
        OUT.value,
        split,
        annotations.classes,
        annotations.splits[split],
        ShardOptions(SHARDS.value, FPS.value, SHORT_SIDE.value, QUALITY.value, SEED.value, flow),
        ROOT.value,
        _work(split),
        FLOW_FOLDER.value,
    )


def _flow_fingerprint():
    """How the stored flow is made: as --flow says, or as the first file in --flow_folder was."""
    if FLOW.value:
        made = fingerprint(FLOW.value, Preprocessing(FPS.value, SHORT_SIDE.value, bound=20.0))
        return made
    if not FLOW_FOLDER.value:
        return None
    for folder, folders, names in os.walk(FLOW_FOLDER.value):
        folders.sort()
        for name in sorted(names):
            if name.endswith(SUFFIX):
                with FlowFile(os.path.join(folder, name)) as stored:
                    return stored.fingerprint
    raise FlagError(f"--flow_folder={FLOW_FOLDER.value}: no flow files (*{SUFFIX}) in it")


def _work(split: str) -> str | None:
    if WORK.value:
        return os.path.join(WORK.value, split)
    if storage.is_remote(OUT.value) and not RUNNER.value:
        # Records that wait need not travel: beside the weights, a folder for each --out.
        name = hashlib.sha256(OUT.value.encode()).hexdigest()[:16]
        return os.path.join(_home(), "tfrecords", name, split)
    return None


def _home() -> str:
    from keras_i3d.weights.download import home

    return str(home())


def _keep_report(annotations: Annotations) -> None:
    if not annotations.problems:
        return
    storage.make_folder(OUT.value)
    path = storage.join(OUT.value, "problems.txt")
    report = annotations.problems.report(shown=None)
    storage.write(path, f"{report}\n".encode("utf-8", "backslashreplace"))
    print(f"{len(annotations.problems)} listed videos cannot be used: {path}")


def _make(plan: Plan) -> int:
    if OVERWRITE.value:
        assembly.clear(plan)
    elif manifest := assembly.finished(plan):
        if not (RETRY_FAILED.value and manifest.failed):
            print(f"{_summary(manifest)}; this was finished before")
            return 1 if manifest.failed else 0
        assembly.retry_failed(plan)
    start = time.monotonic()
    if RUNNER.value:
        logging.getLogger("apache_beam").setLevel(logging.WARNING)
        manifest = write_shards_with_beam(
            plan, RUNNER.value, BEAM_OPTIONS.value, TIMEOUT.value, MEMORY_MB.value
        )
        for id, path, cause in manifest.failed:
            print(f"make_tfrecords: {path} ({id}): {cause}", file=sys.stderr)
    else:
        with _progress(plan) as watch:
            manifest = assembly.write_shards(
                plan, WORKERS.value, TIMEOUT.value, MEMORY_MB.value, watch
            )
    print(f"{_summary(manifest)}; {time.monotonic() - start:.0f} s")
    return 1 if manifest.failed else 0


def _summary(manifest: Manifest) -> str:
    size = sum(shard.bytes for shard in manifest.shards)
    failed = f", {len(manifest.failed)} not (why is in the manifest)" if manifest.failed else ""
    return (
        f"{manifest.split}: {manifest.listed} videos listed, {manifest.written} written in "
        f"{len(manifest.shards)} shards ({size / 1e6:.1f} MB){failed}"
    )


@contextmanager
def _progress(plan: Plan) -> Iterator:
    """A bar over the videos, which also counts the frames and names what fails."""
    frames, pause = 0, 0.1 if sys.stderr.isatty() else 30
    with tqdm(
        total=plan.listed, desc=plan.split, unit=" videos", mininterval=pause, delay=1
    ) as bar:

        def watch(outcome) -> None:
            nonlocal frames
            if outcome.error is not None:
                name = outcome.item.data_path
                bar.write(f"make_tfrecords: {name}: {outcome.error}", file=sys.stderr)
            else:
                frames += outcome.result["frames"]
                bar.set_postfix_str(f"{frames} frames", refresh=False)
            bar.update()

        yield watch


if __name__ == "__main__":
    run(main)
