"""Turn one score file into a report, or several into a table.

  keras-i3d report scores.npz --report=report [--baseline=other.npz] [--published=top_1:95.1]
  keras-i3d report runs/*/test.npz --report=table

For one file the report has the results, next to the paper's if it has any for this network and data
set, results by class, the confusion matrix and the most confident mistakes. Frames of the mistakes
are shown if the run's data can still be read; the run is the score file's own folder, or --run.
--baseline adds the difference to another run on the same videos, with its interval and by class.
For several files the table has a row for each stream and transfer, a column for each division,
their mean, and the paper's result. Exit status: 0 if the report is written, 1 if a file cannot be
used, 2 if a flag is wrong.
"""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import flags

from keras_i3d.evaluation.baseline import Difference, difference
from keras_i3d.evaluation.comparison import table, write_comparison
from keras_i3d.evaluation.published import Published, published_for
from keras_i3d.evaluation.report import NAMES, write_report
from keras_i3d.evaluation.scores import Scores, ScoresError, load_scores, summary_line
from keras_i3d.evaluation.trials import trial_of
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, quiet_import, run

REPORT = flags.DEFINE_string("report", "report", "the folder for the report")
TITLE = flags.DEFINE_string("title", None, "the report's title [data, split and network]")
BASELINE = flags.DEFINE_string("baseline", None, "another score file to compare with")
RUN = flags.DEFINE_string(
    "run", None, "the training run whose data has the videos [the file's folder]"
)
PUBLISHED = flags.DEFINE_list("published", [], f"FIGURE:VALUE, of {', '.join(NAMES)}")
FIGURE = flags.DEFINE_enum(
    "figure", "top_1", list(NAMES), "the figure in the table of several files"
)


def main(arguments: Sequence[str]) -> int:
    """Write the report; the exit status."""
    if not arguments:
        raise FlagError("no score file: keras-i3d report scores.npz")
    if len(set(arguments)) < len(arguments):
        raise FlagError("a file is named twice")
    can_be_written(REPORT.value, "folder")
    published = _published()
    try:
        scores = {path: load_scores(path) for path in arguments}
        if len(scores) > 1:
            return _several(scores)
        return _one(arguments[0], scores[arguments[0]], published)
    except (ScoresError, OSError) as error:
        raise ToolError(error) from error


def _one(path: str, scores: Scores, published: Published | None) -> int:
    baseline = _baseline(path, scores) if BASELINE.value else None
    strips, why = _strips(path, scores)
    trial = trial_of(scores.made, len(scores.classes))
    page = write_report(
        REPORT.value,
        scores,
        TITLE.value or (trial.title if trial else Path(path).stem),
        published or published_for(trial),
        baseline,
        strips,
    )
    if why:
        print(f"the mistakes have no frames: {why}")
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    if baseline is not None:
        print(baseline.sentence())
    print(page)
    return 0


def _baseline(path: str, scores: Scores) -> Difference:
    other = load_scores(BASELINE.value)
    try:
        return difference(scores, other, BASELINE.value)
    except ScoresError as error:
        raise ToolError(f"{path} and {BASELINE.value}: {error}") from error


def _several(scores: dict[str, Scores]) -> int:
    for flag in (BASELINE, RUN, PUBLISHED):
        if flag.value:
            raise FlagError(f"--{flag.name} is for one score file; there are {len(scores)}")
    page = write_comparison(REPORT.value, scores, TITLE.value or "Comparison", FIGURE.value)
    print(table(scores, FIGURE.value))
    print(page)
    return 0


def _strips(path: str, scores: Scores) -> tuple[Callable | None, str]:
    """What draws a video's frames; or None, and why."""
    folder = Path(RUN.value or Path(path).parent).expanduser()
    if RUN.value is None and not (folder / "recipe.json").exists():
        return None, f"{folder} is not the folder of a training run; --run=FOLDER names one"
    with quiet_import():  # only here: it brings TensorFlow
        from keras_i3d.data.batches.data_source import open_source
        from keras_i3d.training.networks import inputs_of
        from keras_i3d.training.run_folder import RunFolderError, read_run
        from keras_i3d.visualisation.mistakes import VideoStrips
    trial = trial_of(scores.made, len(scores.classes))
    split = trial.split if trial else None
    try:
        recipe = read_run(folder).recipe
        # Of synthetic videos any number can be drawn; the test may have more than a validation.
        recipe = dataclasses.replace(recipe, validation_videos=max(1, scores.listed))
        inputs = inputs_of(recipe)
        split = split or recipe.validation_split or "test"
        source = open_source(recipe.data_set, split, inputs, scores.classes)
    except (RunFolderError, ValueError, OSError) as error:
        if RUN.value:
            raise FlagError(f"--run={RUN.value}: {str(error).splitlines()[0]}") from error
        return None, str(error).splitlines()[0]
    return VideoStrips(source, inputs), ""


def _published() -> Published | None:
    found = {}
    for pair in PUBLISHED.value:
        name, _, value = pair.partition(":")
        try:
            found[name] = float(value)
        except ValueError:
            raise FlagError(
                f"--published should be FIGURE:VALUE, like top_1:95.1. Received: --published={pair}"
            ) from None
        if name not in NAMES:
            raise FlagError(
                f"--published should name one of {', '.join(NAMES)}. Received: --published={pair}"
            )
    return Published(found, "as given") if found else None


if __name__ == "__main__":
    run(main)
