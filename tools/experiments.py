"""The papers' tables re-enacted on videos made by rule: networks trained, tested, and a report.

  keras-i3d experiments [--out=experiments] [--only=new_task]

motion_needs_time: how something moves, told from clips, and from single frames, which cannot tell.
two_streams: RGB, flow and both together. new_task: few videos of a new task, learnt from random
weights, by a new head, and by all of a trained network. All seven trainings take some ten minutes
on two CPU cores. d3d, by --only=d3d alone: what a network on RGB learns from one on flow, 17 small
trainings and 9 of decoders, some half an hour. Stopped, the same command goes on. Exit status: 0
when the report is written, whatever it says, 1 when a training failed, 2 for wrong flags, 130 after
Ctrl-C.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run

OUT = flags.DEFINE_string("out", "experiments", "the folder for everything")
TABLES = ["motion_needs_time", "two_streams", "new_task"]
ONLY = flags.DEFINE_multi_enum(
    "only", TABLES, [*TABLES, "d3d"], "what to run; again for another [all but d3d]"
)
SEED = flags.DEFINE_integer("seed", 0, "of everything random", lower_bound=0)
SCALE = flags.DEFINE_float("scale", 1.0, "multiplies the steps", lower_bound=1e-3)
VIDEOS = flags.DEFINE_integer("videos", 200, "videos of each test", lower_bound=1)


def main(arguments: Sequence[str]) -> int:
    """Train, test and report; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    can_be_written(Path(OUT.value).expanduser(), "folder")
    with quiet_import():
        from keras_i3d.experiments.d3d_study import run_d3d
        from keras_i3d.experiments.measurement import run_experiments
        from keras_i3d.training.failures import FailedError, NotFiniteError
        from keras_i3d.training.run_folder import RunFolderError

    folder, pages = Path(OUT.value).expanduser(), []
    options = {
        "seed": SEED.value,
        "scale": SCALE.value,
        "videos": VIDEOS.value,
        "tell": partial(print, flush=True),
        "watch": partial(tqdm, unit=" videos", disable=None),
    }
    try:
        with loaded():
            if tables := [name for name in ONLY.value if name in TABLES]:
                pages.append(run_experiments(folder, tables, **options))
            if "d3d" in ONLY.value:
                pages.append(run_d3d(folder / "d3d", **options))
    except (FailedError, NotFiniteError, RunFolderError) as error:
        raise ToolError(error) from error
    print(*pages, sep="\n")
    return 0


if __name__ == "__main__":
    run(main)
