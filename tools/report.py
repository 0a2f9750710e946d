"""A score file as a report: figures, classes, confusion matrix, the surest mistakes.

  keras-i3d report scores.npz --report=report [--baseline=other.npz] [--published=top_1:95.1]

--baseline draws the difference by class to another run on the same videos. Exit status: 0 when the
report is written, 1 when a file cannot be used, 2 for wrong flags.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags
from keras_i3d_command import quiet_import

with quiet_import():
    from keras_i3d.tools.running import FlagError, ToolError, run

    from keras_i3d.evaluation.report import NAMES, write_report
    from keras_i3d.evaluation.scores import ScoresError, load_scores, summary_line

REPORT = flags.DEFINE_string("report", "report", "the folder of the report")
TITLE = flags.DEFINE_string("title", None, "the report's title [the file's name]")
BASELINE = flags.DEFINE_string("baseline", None, "another score file, to be compared with")
PUBLISHED = flags.DEFINE_list("published", [], f"FIGURE:VALUE, of {', '.join(NAMES)}")


def main(arguments: Sequence[str]) -> int:
    """Write the report; the exit status."""
    if len(arguments) != 1:
        raise FlagError("wanted one score file: keras-i3d report scores.npz")
    published = _published()
    try:
        scores = load_scores(arguments[0])
        baseline = load_scores(BASELINE.value) if BASELINE.value else None
        if baseline is not None and baseline.classes != scores.classes:
            raise ToolError(f"{arguments[0]} and {BASELINE.value} have other classes")
        title = TITLE.value or Path(arguments[0]).stem
        page = write_report(REPORT.value, scores, title, published, baseline)
    except (ScoresError, OSError) as error:
        raise ToolError(error) from error
    print(f"{len(scores.ids)} of {scores.listed} listed videos, {summary_line(scores)}")
    print(page)
    return 0


def _published() -> dict[str, float]:
    found = {}
    for pair in PUBLISHED.value:
        name, _, value = pair.partition(":")
        try:
            found[name] = float(value)
        except ValueError:
            raise FlagError(f"--published={pair}: wanted FIGURE:VALUE, like top_1:95.1") from None
        if name not in NAMES:
            raise FlagError(f"--published={pair}: figures are {', '.join(NAMES)}")
    return found


if __name__ == "__main__":
    run(main)
