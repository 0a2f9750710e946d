"""Scores of a trained network on every video of a split, as a score file and a report.

  keras-i3d evaluate --run=OUTPUT_DIR [--split=test] [--num_clips=10 --num_crops=3] [--report=DIR]

--run is what `keras-i3d train` wrote: its recipe says what data and how clips are cut; --data and
--split name others. All frames of a video go through the network, as the paper tests, or num_clips
x num_crops views of it. Every video is scored once or listed with the cause. Exit status: 0 when
all were scored, 1 when some were not (the others are), 2 for wrong flags.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_i3d_command import quiet_import

with quiet_import():
    import keras
    from tqdm import tqdm

    import keras_i3d
    import keras_i3d.layers  # registered, so that load_model finds them
    from keras_i3d.data.batches.clip_sources import Source
    from keras_i3d.evaluation.evaluate import evaluate
    from keras_i3d.evaluation.published import published_for
    from keras_i3d.evaluation.report import check_folder, write_report
    from keras_i3d.evaluation.scores import Scores, ScoresError, save_scores, summary_line
    from keras_i3d.evaluation.trials import trial_of
    from keras_i3d.tools.run_folder import read_recipe
    from keras_i3d.tools.running import FlagError, ToolError, run
    from keras_i3d.training.inputs import open_source
    from keras_i3d.training.networks import inputs_of
    from keras_i3d.training.recipes import Recipe
    from keras_i3d.visualisation.mistakes import VideoStrips
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
# What of the recipe tells a later reader which figures may be compared.
KEPT = ("model", "weights", "transfer", "format", "split_number", "steps", "batch_size")


def main(arguments: Sequence[str]) -> int:
    """Evaluate; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if RUN.value is None:
        raise FlagError("what? give --run=FOLDER of a training")
    if NUM_CROPS.value not in (1, 3):
        raise FlagError(f"--num_crops should be 1 or 3. Received: {NUM_CROPS.value}")
    folder = Path(RUN.value).expanduser()
    recipe = read_recipe(folder)
    if DATA.value is not None:
        recipe = dataclasses.replace(recipe, data=DATA.value)
    split = SPLIT.value or recipe.validation_split or "test"
    out = Path(OUT.value or folder / f"{split}.npz")
    try:
        if REPORT.value:
            check_folder(REPORT.value)
        source = open_source(recipe, split)
        _check_names(folder, source)
    except (ValueError, OSError) as error:
        raise FlagError(error) from error
    model, made = _network(folder, recipe)
    views = {"num_clips": NUM_CLIPS.value, "num_crops": NUM_CROPS.value}
    total = source.num_videos * (NUM_CLIPS.value or 1) * NUM_CROPS.value
    try:
        scores = evaluate(
            model,
            source,
            inputs_of(recipe),
            **views,
            batch_size=BATCH_SIZE.value,
            multi_label=recipe.multi_label,
            made={**made, "split": split, **views},
            watch=lambda numbers: tqdm(numbers, split, total, unit=" views", delay=1),
        )
    except ScoresError as error:
        raise ToolError(f"{folder / NETWORK.value}.keras: {error}") from error
    except ValueError as error:
        raise FlagError(error) from error
    try:
        save_scores(out, scores)
    except OSError as error:
        raise ToolError(f"{out}: {error.strerror or error}") from error
    for video, cause in scores.failed.items():
        print(f"evaluate: {video}: {cause}")
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    print(out)
    if REPORT.value:
        print(_report(folder, recipe, source, scores))
    return 1 if scores.failed else 0


def _report(folder: Path, recipe: Recipe, source: Source, scores: Scores) -> Path:
    try:
        return write_report(
            REPORT.value,
            scores,
            f"{folder.resolve().name}, {scores.made['split']}",
            published_for(trial_of(scores.made, len(scores.classes))),
            filmstrip=VideoStrips(source, inputs_of(recipe)),
        )
    except OSError as error:
        raise ToolError(error) from error


def _check_names(folder: Path, source: Source) -> None:
    """Refuse classes that only agree in number with those that were learnt."""
    try:
        learnt = tuple((folder / "labels.txt").read_text("utf-8").splitlines())
    except FileNotFoundError:  # the folder's owner may have put a network there
        return
    for number, (ours, theirs) in enumerate(zip(learnt, source.class_names, strict=False)):
        if ours != theirs:
            raise ValueError(
                f"class {number} is {theirs!r} in the data, and {ours!r} was learnt: "
                f"{folder / 'labels.txt'}"
            )


def _network(folder: Path, recipe: Recipe) -> tuple:
    """The network, and what its scores rest on."""
    path = folder / f"{NETWORK.value}.keras"
    if not path.exists():
        best = (folder / "best.keras").exists() and NETWORK.value != "best"
        more = "; --network=best takes the best one so far" if best else ""
        raise ToolError(f"{path} is not there yet: the training has not come to it{more}")
    try:
        model = keras.saving.load_model(path, compile=False)
    except (ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise ToolError(f"{path} is damaged, or no network: {first}") from error
    return model, {
        "keras_i3d": keras_i3d.__version__,
        "weights_sha256": weights_hash(model),
        "stream": recipe.stream,
        "inputs": {s: dataclasses.asdict(one) for s, one in inputs_of(recipe).items()},
        "data": recipe.data,
        "recipe": {name: getattr(recipe, name) for name in KEPT},
    }


if __name__ == "__main__":
    run(main)
