"""Scores of a trained network on every video of a split, as a score file and a report.

  keras-i3d evaluate --run=OUTPUT_DIR [--split=test] [--num_clips=10 --num_crops=3] [--report=DIR]

--run is what `keras-i3d train` wrote: its recipe says what data and how clips are cut; --data and
--split name others. All frames of a video go through the network, as the paper tests, or num_clips
x num_crops views of it. Every video is scored once or listed with the cause. Exit status: 0 when
all were scored, 1 when some were not (the others are), 2 for wrong flags.
"""

from collections.abc import Sequence
from functools import partial

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, must_exist, quiet_import, run

RUN = flags.DEFINE_string("run", None, "the folder of a training")
NETWORK = flags.DEFINE_enum("network", "final", ["final", "best"], "which of its networks")
DATA = flags.DEFINE_string("data", None, "other data than the recipe's")
SPLIT = flags.DEFINE_string("split", None, "which split [the recipe's for validation]")
NUM_CLIPS = flags.DEFINE_integer("num_clips", None, "clips of a video [all of it]", lower_bound=1)
NUM_CROPS = flags.DEFINE_integer("num_crops", 1, "crops of a clip, 1 or 3")
BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "clips at a time", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "the score file [RUN/SPLIT.npz]")
REPORT = flags.DEFINE_string("report", None, "a folder for the report [none]")
must_exist(RUN, "folder")


def main(arguments: Sequence[str]) -> int:
    """Evaluate; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if RUN.value is None:
        raise FlagError("what? give --run=FOLDER of a training")
    if NUM_CROPS.value not in (1, 3):
        raise FlagError(f"--num_crops should be 1 or 3. Received: {NUM_CROPS.value}")
    with quiet_import():
        from keras_i3d.evaluation.report import check_folder
        from keras_i3d.evaluation.run_evaluation import evaluate_run, report_run
        from keras_i3d.evaluation.scores import save_scores, summary_line
        from keras_i3d.training.run_folder import RunFolderError, read_run

    try:
        trained = read_run(RUN.value, DATA.value)
        if REPORT.value:
            check_folder(REPORT.value)
        scores = evaluate_run(
            trained,
            SPLIT.value,
            network=NETWORK.value,
            num_clips=NUM_CLIPS.value,
            num_crops=NUM_CROPS.value,
            batch_size=BATCH_SIZE.value,
            watch=partial(tqdm, unit=" views", delay=1),
        )
    except RunFolderError as error:
        raise ToolError(error) from error
    except (ValueError, OSError) as error:
        raise FlagError(error) from error
    out = OUT.value or trained.path / f"{scores.made['split']}.npz"
    try:
        save_scores(out, scores)
        page = report_run(REPORT.value, trained, scores) if REPORT.value else None
    except OSError as error:
        raise ToolError(error) from error
    for video, cause in scores.failed.items():
        print(f"evaluate: {video}: {cause}")
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    print(out)
    if page:
        print(page)
    return 1 if scores.failed else 0


if __name__ == "__main__":
    run(main)
