"""Decodes every video of a data set and says which are missing, broken, too short or doubled.

  keras-i3d check_dataset --format=kinetics --annotations=val.csv --root=VIDEOS --out=REPORT
  keras-i3d check_dataset --format=files --root=VIDEOS --out=REPORT

Writes into the folder --out:

  manifest.jsonl   a line for each listed video: status (ok, damaged, failed, missing), path,
                   frames, fps, size (width, height), bytes, duration, sha256, cause, notes
  summary.txt      counts, causes, classes; summary.json has the same
  problems.txt     the lines of the list that give no video, where there are any
  journal.jsonl    what was decoded so far: a run that was stopped, however, goes on from there,
                   and a later one decodes only files that are new or changed; without it, all

Each file is decoded in a process of its own, within --timeout and --memory_mb. Exit status: 0 when
every listed video is ok, 1 when some are not (with --allow_missing: other than missing), 2 for
wrong flags.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.tools import dataset_flags
from keras_i3d.tools.bars import byte_bar
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

flags.adopt_module_key_flags(dataset_flags)  # so that --help lists them too
OUT = flags.DEFINE_string("out", None, "the folder for the report; made if need be", required=True)
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
TIMEOUT = flags.DEFINE_float("timeout", 600, "seconds for one file", lower_bound=0.1)
MEMORY_MB = flags.DEFINE_integer("memory_mb", 4000, "megabytes for one process", lower_bound=100)
LEAST_FRAMES = flags.DEFINE_integer(
    "least_frames", 9, "a video of fewer frames is listed as too short", lower_bound=1
)
# A class table longer than this is left to the file.
MOST_CLASSES = 30


def main(arguments: Sequence[str]) -> int:
    """Decode what is not decoded yet, write the report and print it; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    annotations = dataset_flags.annotations_from_flags(allow_missing=True)
    can_be_written(OUT.value, "folder")
    from keras_i3d.data.checks.check_report import as_text
    from keras_i3d.data.checks.checking import MANIFEST, SUMMARY, TEXT, check_videos

    try:
        with byte_bar() as watch:
            counted = check_videos(
                annotations,
                OUT.value,
                processes=WORKERS.value,
                seconds=TIMEOUT.value,
                megabytes=MEMORY_MB.value,
                least_frames=LEAST_FRAMES.value,
                watch=watch,
            )
    except BlockingIOError as error:
        raise ToolError(f"--out={OUT.value}: another process is at work there") from error
    print(as_text(counted, MOST_CLASSES))
    print(f"wrote {MANIFEST}, {SUMMARY} and {TEXT} in {OUT.value}")
    allowed = counted["missing"] if dataset_flags.ALLOW_MISSING.value else 0
    return 0 if counted["ok"] + allowed == counted["listed"] else 1


if __name__ == "__main__":
    run(main)
