"""Combine the score files of several networks: add their logits, or average their probabilities.

  keras-i3d fuse rgb.npz flow.npz --out=both.npz

The files must have the same videos with the same labels. The command prints the results of each and
of all together. Exit status: 0 if --out is written, 1 if the files do not match, 2 if a flag is
wrong.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.evaluation.scores import (
    ScoresError,
    fuse,
    load_scores,
    save_scores,
    summary_line,
)
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

OUT = flags.DEFINE_string("out", None, "the score file to write")

AVERAGE = flags.DEFINE_bool("average", False, "average the probabilities, as Two-Stream does")


def main(arguments: Sequence[str]) -> int:
    """Fuse; the exit status."""
    if len(arguments) < 2 or OUT.value is None:
        raise FlagError("give two score files or more, and --out=FILE.npz")
    if len(set(arguments)) < len(arguments):
        raise FlagError("a file is named twice: its logits would count double")
    can_be_written(OUT.value)
    try:
        parts = {path: load_scores(path) for path in arguments}
        both = fuse(parts, AVERAGE.value)
        save_scores(OUT.value, both)
    except (ScoresError, OSError) as error:
        raise ToolError(error) from error
    for path, scores in {**parts, OUT.value: both}.items():
        print(f"{path}: {len(scores.ids)} videos, {summary_line(scores)}")
    return 0


if __name__ == "__main__":
    run(main)
