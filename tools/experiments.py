"""Repeat the papers' comparisons in small: train networks on synthetic videos, test them, report.

  keras-i3d experiments [--out=experiments] [--only=table_1]

table_1: what the five architectures of "Quo Vadis" see and cost; nothing is trained. table_2: the
five on RGB, flow and both. order: which of two motions comes first. table_3: with and without
pretraining on still pictures. table_4: transfer to a second task. filters: the first layer of RGB
and of flow. Each states what should come out before anything is trained. What is compared is
trained three times, the rest once; the report is written after each table, and keeps what the
folder has of other tables and seeds. d3d, which runs only with --only=d3d: what a network on RGB
learns from one on flow; 17 small trainings and 9 of decoders, about half an hour.
If you stop the command and run it again, it continues. Exit status: 0 if the report is written,
whatever the results, 1 if a training failed, 2 if a flag is wrong, 130 after Ctrl-C.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run

OUT = flags.DEFINE_string("out", "experiments", "the output folder")
TABLES = ["table_1", "table_2", "order", "table_3", "table_4", "filters"]
ONLY = flags.DEFINE_multi_enum(
    "only", TABLES, [*TABLES, "d3d"], "what to run; may be repeated [all but d3d]"
)
SEED = flags.DEFINE_integer("seed", 0, "seed for everything random", lower_bound=0)
SCALE = flags.DEFINE_float(
    "scale", 1.0, "factor for the number of training steps", lower_bound=1e-3
)
VIDEOS = flags.DEFINE_integer("videos", 100, "number of videos in each test", lower_bound=1)
REPETITIONS = flags.DEFINE_integer(
    "repetitions",
    3,
    "how often to train, with other seeds, each network that is compared; others once; always 3 "
    "for d3d",
    lower_bound=1,
)
PROCESSES = flags.DEFINE_integer(
    "processes", None, "trainings at once [one per core]", lower_bound=1
)


def main(arguments: Sequence[str]) -> int:
    """Train, test and report; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    if "d3d" in ONLY.value and REPETITIONS.value != REPETITIONS.default:
        raise FlagError(
            f"--repetitions should be {REPETITIONS.default} with --only=d3d, whose questions need "
            f"them. Received: {REPETITIONS.value}"
        )
    can_be_written(Path(OUT.value).expanduser(), "folder")
    with quiet_import():
        from keras_i3d.experiments.d3d_study import run_d3d
        from keras_i3d.experiments.measurement import run_experiments
        from keras_i3d.files.workers import usable_cores
        from keras_i3d.training.devices import check_backend
        from keras_i3d.training.failures import FailedError, NotFiniteError
        from keras_i3d.training.run_folder import RunFolderError

    folder, pages = Path(OUT.value).expanduser(), []
    options = {
        "seed": SEED.value,
        "scale": SCALE.value,
        "videos": VIDEOS.value,
        "processes": PROCESSES.value or usable_cores(),
        "tell": partial(print, flush=True),
        "watch": partial(tqdm, unit=" videos", disable=None),
    }
    try:
        with loaded():
            check_backend()
            if tables := [name for name in ONLY.value if name in TABLES]:
                repetitions = {"repetitions": REPETITIONS.value}
                pages.append(run_experiments(folder, tables, **repetitions, **options))
            if "d3d" in ONLY.value:
                pages.append(run_d3d(folder / "d3d", **options))
    except (FailedError, NotFiniteError, RunFolderError) as error:
        raise ToolError(error) from error
    print(*pages, sep="\n")
    return 0


if __name__ == "__main__":
    run(main)
