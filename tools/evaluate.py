"""Score a network on every video of a split, and write a score file and a report.

  keras-i3d evaluate --run=OUTPUT_DIR [--split=test] [--num_clips=10 --num_crops=3] [--report=DIR]
  keras-i3d evaluate --weights=kinetics --data=VIDEOS --format=kinetics --annotations=val.csv \\
      --split=validate --out=scores.npz

--run is a folder that `keras-i3d train` wrote. Its recipe names the data; --data and the flags
below it name other data. --weights takes any other network: published weights, a file of
`inflate_weights`, or a trained .keras file. A folder with one subfolder per class may have fewer
classes than the network. By default all frames of a video go through the network, as in the paper's
tests; --num_clips and --num_crops test on views instead. On a CPU --engine=openvino is faster,
especially with --precision=int8, which is calibrated on videos of the split or of --calibrate.
Every video is either scored once or listed with the cause. Exit status: 0 if all were scored, 1 if
some were not (the others are), 2 if a flag is wrong.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from absl import flags
from tqdm import tqdm

from keras_i3d.data.lists.annotations import FORMATS
from keras_i3d.data.pixels.preprocessing import STREAMS
from keras_i3d.tools import engine_flags
from keras_i3d.tools.running import (
    FlagError,
    ToolError,
    can_be_written,
    loaded,
    must_exist,
    quiet_import,
    run,
)
from keras_i3d.tools.weights_flag import HELP, NAMED, check_weights

RUN = flags.DEFINE_string("run", None, "the folder of a training run")
NETWORK = flags.DEFINE_enum("network", "final", ["final", "best"], "which network of the run")
WEIGHTS = flags.DEFINE_string("weights", None, f"instead of --run: {HELP}")
MODEL = flags.DEFINE_string("model", "i3d", "the network, if --weights does not say it")
STREAM = flags.DEFINE_enum("stream", "rgb", STREAMS, "what the network of --weights sees")
DATA = flags.DEFINE_string(
    "data", None, "a folder of videos or shards, or a CSV file [the recipe's data]"
)
FORMAT = flags.DEFINE_enum("format", None, FORMATS, "how a folder of videos is listed")
ANNOTATIONS = flags.DEFINE_list("annotations", None, "the list's files, separated by commas")
SPLIT_NUMBER = flags.DEFINE_integer(
    "split_number", None, "which of the official divisions of UCF-101 or HMDB-51", 1, 3
)
AUTO_SPLIT = flags.DEFINE_float(
    "auto_split", None, "part of each class that is left for training, as in train"
)
ALLOW_MISSING = flags.DEFINE_bool("allow_missing", None, "continue without videos that are missing")
SEED = flags.DEFINE_integer("seed", None, "seed of the split of --auto_split [the recipe's]")
FLOW_FOLDER = flags.DEFINE_string(
    "flow_folder", None, "the folder of the videos' flow, written by compute_flow"
)
SPLIT = flags.DEFINE_string("split", None, "which split [the recipe's for validation, else test]")
NUM_CLIPS = flags.DEFINE_integer(
    "num_clips", None, "clips per video [the whole video at once]", lower_bound=1
)
NUM_CROPS = flags.DEFINE_integer("num_crops", 1, "crops per clip, 1 or 3")
BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "clips at a time", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "the score file [RUN/SPLIT.npz; without --run SPLIT.npz]")
REPORT = flags.DEFINE_string("report", None, "write a report into this folder")
must_exist(RUN, "folder")
flags.adopt_module_key_flags(engine_flags)


def main(arguments: Sequence[str]) -> int:
    """Evaluate; the exit status."""
    _check_flags(arguments)
    with quiet_import():
        from keras_i3d.evaluation.report import check_folder
        from keras_i3d.evaluation.run_evaluation import report_evaluation
        from keras_i3d.evaluation.scores import ScoresError, save_scores, summary_line
        from keras_i3d.training.run_folder import RunFolderError

    try:
        if REPORT.value:
            check_folder(REPORT.value)
        scores, videos, inputs, folder = _of_run() if RUN.value else _of_weights()
    except (RunFolderError, ScoresError) as error:
        raise ToolError(error) from error
    except (ValueError, OSError) as error:
        raise FlagError(error) from error
    out = OUT.value or f"{folder}{scores.made['split']}.npz"
    save_scores(out, scores)
    page = report_evaluation(REPORT.value, scores, videos, inputs) if REPORT.value else None
    for video, cause in scores.failed.items():
        print(f"evaluate: {video}: {cause}")
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    print(out)
    if page:
        print(page)
    return 1 if scores.failed else 0


def _check_flags(arguments: Sequence[str]) -> None:
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    if RUN.value is None and WEIGHTS.value is None:
        raise FlagError("no network: give --run=FOLDER of a training, or --weights")
    if RUN.value and WEIGHTS.value:
        raise FlagError("--run and --weights each name a network: give one")
    if NUM_CROPS.value not in (1, 3):
        raise FlagError(f"--num_crops should be 1 or 3. Received: {NUM_CROPS.value}")
    if WEIGHTS.value in NAMED and DATA.value is None:
        raise FlagError(f"no videos: give --data=FOLDER to try --weights={WEIGHTS.value} on")
    engine_flags.check_engine()
    if WEIGHTS.value:
        check_weights(WEIGHTS.value, MODEL.value, STREAM.value)
    if OUT.value:
        can_be_written(OUT.value)
    if REPORT.value:
        can_be_written(REPORT.value, "folder")


def _of_run() -> tuple:
    from keras_i3d.evaluation.run_evaluation import evaluate_run
    from keras_i3d.training.networks import inputs_of
    from keras_i3d.training.run_folder import read_run

    trained = read_run(RUN.value)
    trained = replace(trained, recipe=replace(trained.recipe, **_other_data()))
    scores = evaluate_run(trained, SPLIT.value, network=NETWORK.value, **_views())
    return scores, trained.recipe.data_set, inputs_of(trained.recipe), f"{trained.path}/"


def _of_weights() -> tuple:
    import keras_i3d
    from keras_i3d.data.lists.data_set import DataSet
    from keras_i3d.evaluation.run_evaluation import evaluate_network

    with loaded():
        network = keras_i3d.load(WEIGHTS.value, model=MODEL.value, stream=STREAM.value)
    learnt = network.record.made.get("recipe")
    if DATA.value is None and not learnt:
        raise FlagError(f"no videos: give --data=FOLDER; {network.source} does not say on which")
    videos = DataSet.from_recipe(learnt) if learnt else DataSet(validation_split=None)
    videos = replace(videos, multi_label=network.record.multi_label, **_other_data())
    split = SPLIT.value or videos.validation_split or "test"
    scores = evaluate_network(network, videos, split, **_views())
    return scores, videos, network.record.inputs, ""


def _other_data() -> dict:
    """What the flags say of the data."""
    given = {
        flag.name: flag.value
        for flag in (
            *(DATA, FORMAT, ANNOTATIONS, SPLIT_NUMBER, AUTO_SPLIT, SEED, FLOW_FOLDER),
            ALLOW_MISSING,
        )
    }
    given = {name: value for name, value in given.items() if value is not None}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in given.items()}


def _views() -> dict:
    """How each video is looked at, and by what engine; int8 is calibrated on the split itself."""

    def opened(network, source):
        from keras_i3d.evaluation.int8_views import int8_views

        clips = partial(int8_views, network, source)
        return engine_flags.open_engine("evaluate", network, ["logits"], clips=clips)

    return {
        "open_engine": opened if engine_flags.ENGINE.value != "keras" else None,
        "num_clips": NUM_CLIPS.value,
        "num_crops": NUM_CROPS.value,
        "batch_size": BATCH_SIZE.value,
        "watch": partial(tqdm, unit=" views", delay=1),
    }


if __name__ == "__main__":
    run(main)
