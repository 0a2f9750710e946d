"""The flags that name a data set, for every tool that reads one.

A tool says `flags.adopt_module_key_flags(dataset_flags)`, so that its --help lists them too.
"""

import sys

from absl import flags

from keras_i3d.data.lists.annotations import FORMATS, Annotations, read_annotations
from keras_i3d.data.lists.auto_split import AutoSplit
from keras_i3d.tools.running import FlagError

FORMAT = flags.DEFINE_enum(
    "format", "folders", FORMATS, "how the videos are listed; folders and files need no list"
)
ROOT = flags.DEFINE_string("root", None, "the folder of the videos")
ANNOTATIONS = flags.DEFINE_list(
    "annotations", [], "the official list: its files, separated by commas, or its folder"
)
CLASSES = flags.DEFINE_string(
    "classes", None, "class names: a file with one per line, or kinetics_400, _600, _700"
)
SPLIT = flags.DEFINE_list("split", [], "only these splits, separated by commas [all]")
SPLIT_NUMBER = flags.DEFINE_integer(
    "split_number",
    1,
    "which of the official divisions of UCF-101 or HMDB-51",
    lower_bound=1,
    upper_bound=3,
)
AUTO_SPLIT = flags.DEFINE_float(
    "auto_split",
    None,
    "divide a list without splits: this part of each class, such as 0.8, goes to train, the "
    "rest to test",
)
SEED = flags.DEFINE_integer(
    "seed", 0, "seed for everything random, such as the split of --auto_split"
)
ALLOW_MISSING = flags.DEFINE_bool(
    "allow_missing", False, "continue without listed videos that are missing or cannot be used"
)


def given() -> list[str]:
    """Return the names of the flags on the command line that only matter for a data set's list."""
    of_a_list = (FORMAT, ANNOTATIONS, CLASSES, SPLIT, SPLIT_NUMBER, AUTO_SPLIT, SEED, ALLOW_MISSING)
    return [flag.name for flag in of_a_list if flag.present]


def annotations_from_flags(allow_missing: bool | None = None) -> Annotations:
    """Return the data set that the flags name.

    Args:
        allow_missing: True or False instead of what --allow_missing says.

    Raises:
        FlagError: when the list cannot be read, or has problems that are not allowed; the message
            is the report.
    """
    if ROOT.value is None:
        raise FlagError("no videos: give --root=FOLDER")
    allowed = ALLOW_MISSING.value if allow_missing is None else allow_missing
    try:
        share = AUTO_SPLIT.value
        auto_split = None if share is None else AutoSplit(share, SEED.value)
        return read_annotations(
            FORMAT.value,
            ROOT.value,
            ANNOTATIONS.value,
            classes=CLASSES.value,
            splits=SPLIT.value,
            split_number=SPLIT_NUMBER.value,
            auto_split=auto_split,
            allow_missing=allowed,
        )
    except ValueError as error:
        raise FlagError(error) from error


def say_concerns(annotations: Annotations) -> None:
    """Print to standard error what is probably a mistake in the classes of a list."""
    for concern in annotations.concerns:
        print(f"warning: {concern}", file=sys.stderr)
