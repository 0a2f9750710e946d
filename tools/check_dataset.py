"""Decode every video of a data set and report which are missing, broken, too short or duplicates.

  keras-i3d check_dataset --format=kinetics --annotations=val.csv --root=VIDEOS --out=REPORT
  keras-i3d check_dataset --format=files --root=VIDEOS --out=REPORT

The folder --out gets these files:

  manifest.jsonl   a line for each listed video: status (ok, damaged, failed, missing), path,
                   frames, fps, size (width, height), bytes, duration, sha256, cause, notes
  summary.txt      counts, causes, classes; summary.json has the same
  problems.txt     the lines of the list that name no usable video, if there are any
  journal.jsonl    what was decoded so far. A run that was stopped continues from it, and a later
                   run decodes only new and changed files. Delete it to decode everything again

Each file is decoded in a separate process, limited by --timeout and --memory_mb. Exit status: 0 if
every listed video is ok, 1 if some are not (with --allow_missing, missing ones do not count), 2 if
a flag is wrong.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.tools import dataset_flags
from keras_i3d.tools.bars import byte_bar
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

flags.adopt_module_key_flags(dataset_flags)  # so that --help lists them too
OUT = flags.DEFINE_string(
    "out", None, "the folder for the report; created if it is missing", required=True
)
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
TIMEOUT = flags.DEFINE_float("timeout", 600, "time limit for one file, in seconds", lower_bound=0.1)
MEMORY_MB = flags.DEFINE_integer(
    "memory_mb", 4000, "memory limit of one process, in MB", lower_bound=100
)
LEAST_FRAMES = flags.DEFINE_integer(
    "least_frames", 9, "a video with fewer frames is reported as too short", lower_bound=1
)
# A class table longer than this is left to the file.
MOST_CLASSES = 30


def main(arguments: Sequence[str]) -> int:
    """Decode what is not decoded yet, write the report and print it; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
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
