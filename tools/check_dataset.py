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

import sys
from collections.abc import Sequence

from absl import flags
from tqdm import tqdm

from keras_i3d.data.checks.check_report import as_text
from keras_i3d.data.checks.checking import LEAST_FRAMES as LEAST
from keras_i3d.data.checks.checking import MANIFEST, SUMMARY, TEXT, check_videos
from keras_i3d.tools import dataset_flags
from keras_i3d.tools.running import FlagError, ToolError, run

flags.adopt_module_key_flags(dataset_flags)  # so that --help lists them too
OUT = flags.DEFINE_string("out", None, "the folder for the report; made if need be", required=True)
WORKERS = flags.DEFINE_integer("workers", None, "processes [one for each core]", lower_bound=1)
TIMEOUT = flags.DEFINE_float("timeout", 600, "seconds for one file", lower_bound=0.1)
MEMORY_MB = flags.DEFINE_integer("memory_mb", 4000, "megabytes for one process", lower_bound=100)
LEAST_FRAMES = flags.DEFINE_integer(
    "least_frames", LEAST, "a video of fewer frames is listed as too short", lower_bound=1
)
# A class table longer than this is left to the file.
MOST_CLASSES = 30


def main(arguments: Sequence[str]) -> int:
    """Decode what is not decoded yet, write the report and print it; the exit status."""
    if arguments:
        raise FlagError(f"unexpected {arguments[0]!r}: give --root=FOLDER")
    annotations = dataset_flags.annotations_from_flags(allow_missing=True)
    with _Progress() as progress:
        try:
            counted = check_videos(
                annotations,
                OUT.value,
                processes=WORKERS.value,
                seconds=TIMEOUT.value,
                megabytes=MEMORY_MB.value,
                least_frames=LEAST_FRAMES.value,
                watch=progress.show,
            )
        except BlockingIOError as error:
            raise ToolError(f"--out={OUT.value}: another process is at work there") from error
        except OSError as error:
            raise ToolError(f"--out={OUT.value}: {error.strerror or error}") from error
    print(as_text(counted, MOST_CLASSES))
    print(f"wrote {MANIFEST}, {SUMMARY} and {TEXT} in {OUT.value}")
    allowed = counted["missing"] if dataset_flags.ALLOW_MISSING.value else 0
    return 0 if counted["ok"] + allowed == counted["listed"] else 1


class _Progress:
    """A bar that counts bytes, since files differ so much in length; says how far a stop came."""

    def __init__(self):
        # In a terminal ten times a second, in a log file once a minute.
        seconds = 0.1 if sys.stderr.isatty() else 60
        self._bar = tqdm(unit="B", unit_scale=True, mininterval=seconds, leave=False, delay=1)
        self._files = ""

    def show(self, files: int, all_files: int, done: int, total: int) -> None:
        self._files = f"{files} of {all_files} files"
        self._bar.set_description(self._files, refresh=False)
        if self._bar.total is None:  # what an earlier run did is no measure of this one's speed
            self._bar.total, self._bar.initial, self._bar.n = total, done, done
        self._bar.update(done - self._bar.n)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._bar.close()
        if kind is KeyboardInterrupt:
            print(f"\n{self._files} are done; the same command goes on from there", file=sys.stderr)


if __name__ == "__main__":
    run(main)
