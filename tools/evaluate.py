"""Scores of a trained network on every video of a split, as a score file and a report.

  keras-i3d evaluate --run=OUTPUT_DIR [--split=test] [--num_clips=10 --num_crops=3] [--report=DIR]

--run is what `keras-i3d train` wrote: its recipe says what data and how clips are cut; --data and
--split name others. All frames of a video go through the network, as the paper tests, or num_clips
x num_crops views of it. Every video is scored once or listed with the cause. Exit status: 0 when
all were scored, 1 when some were not (the others are), 2 for wrong flags.
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from absl import flags
from keras_i3d_command import quiet_import

with quiet_import():
    import keras
    from keras_i3d.tools.running import FlagError, ToolError, run
    from tqdm import tqdm

    import keras_i3d
    import keras_i3d.layers  # registered, so that load_model finds them
    from keras_i3d.data.preprocessing import BY_STREAM
    from keras_i3d.data.sampling import ClipSpec
    from keras_i3d.evaluation.evaluate import evaluate
    from keras_i3d.evaluation.report import write_report
    from keras_i3d.evaluation.scores import save_scores, summary_line
    from keras_i3d.training.inputs import open_source
    from keras_i3d.training.recipe_checks import change
    from keras_i3d.training.recipes import Recipe
    from keras_i3d.weights.integrity import weights_hash

RUN = flags.DEFINE_string("run", None, "the folder of a training")
NETWORK = flags.DEFINE_enum("network", "final", ["final", "best"], "which of its networks")
DATA = flags.DEFINE_string("data", None, "other data than the recipe's")
SPLIT = flags.DEFINE_string("split", None, "which split [the recipe's for validation]")
NUM_CLIPS = flags.DEFINE_integer("num_clips", None, "clips of a video [all of it]", lower_bound=1)
NUM_CROPS = flags.DEFINE_integer("num_crops", 1, "crops of a clip, 1 or 3")
BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "clips at a time", lower_bound=1)
OUT = flags.DEFINE_string("out", None, "the score file [RUN/SPLIT.npz]")
REPORT = flags.DEFINE_string("report", None, "a folder for the report [none]")


def main(arguments: Sequence[str]) -> int:
    """Evaluate; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if RUN.value is None:
        raise FlagError("what? give --run=FOLDER of a training")
    if NUM_CROPS.value not in (1, 3):
        raise FlagError(f"--num_crops should be 1 or 3. Received: {NUM_CROPS.value}")
    folder = Path(RUN.value).expanduser()
    recipe = _recipe(folder)
    split = SPLIT.value or recipe.validation_split or "test"
    out = Path(OUT.value or folder / f"{split}.npz")
    try:
        source = open_source(recipe, split)
    except (ValueError, OSError) as error:
        raise FlagError(error) from error
    model, made = _network(folder, recipe)
    views = {"num_clips": NUM_CLIPS.value, "num_crops": NUM_CROPS.value}
    total = source.num_videos * (NUM_CLIPS.value or 1) * NUM_CROPS.value
    try:
        scores = evaluate(
            model,
            source,
            ClipSpec(recipe.num_frames, recipe.stride, recipe.resize, recipe.crop),
            **views,
            batch_size=BATCH_SIZE.value,
            streams=(recipe.stream,),
            multi_label=recipe.multi_label,
            made={**made, "split": split, **views},
            watch=lambda numbers: tqdm(numbers, split, total, unit=" views", delay=1),
        )
    except ValueError as error:
        raise FlagError(error) from error
    save_scores(out, scores)
    for video, cause in scores.failed.items():
        print(f"evaluate: {video}: {cause}")
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    print(out)
    if REPORT.value:
        try:
            print(write_report(REPORT.value, scores, f"{folder.name}, {split}"))
        except FileExistsError as error:
            raise ToolError(error) from error
    return 1 if scores.failed else 0


def _recipe(folder: Path) -> Recipe:
    """The recipe of the run, with the flags that say otherwise."""
    path = folder / "recipe.json"
    try:
        kept = json.loads(path.read_text("utf-8"))
        kept = {k: tuple(v) if isinstance(v, list) else v for k, v in kept.items()}
        recipe = change(Recipe(), kept)
    except OSError as error:
        raise FlagError(f"{folder} is no folder of a training: {error}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ToolError(f"{path} is damaged, or of another version: {error}") from error
    return recipe if DATA.value is None else dataclasses.replace(recipe, data=DATA.value)


def _network(folder: Path, recipe: Recipe) -> tuple:
    """The network, and what its scores rest on."""
    path = folder / f"{NETWORK.value}.keras"
    try:
        model = keras.saving.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise ToolError(f"{path}: not there yet, or damaged: {first}") from error
    return model, {
        "keras_i3d": keras_i3d.__version__,
        "weights_sha256": weights_hash(model),
        "stream": recipe.stream,
        "preprocessing": {
            **dataclasses.asdict(BY_STREAM[recipe.stream]),
            "short_side": recipe.resize,
            "crop": recipe.crop,
        },
        "data": recipe.data,
    }


if __name__ == "__main__":
    run(main)
