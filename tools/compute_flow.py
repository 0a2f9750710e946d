"""Compute the optical flow of many videos on all cores: one file of lossless pictures per video.

  keras-i3d compute_flow --out=FLOWS FILE [FILE ...]
  keras-i3d compute_flow --out=FLOWS --root=VIDEOS [--format=ucf101 --annotations=LISTS]

Videos are resampled to 25 frames a second and resized to a short side of 256 before their flow is
computed. FLOWS/NAME.flow.zip has the flow of the whole file VIDEOS/NAME, and how it was made. If
you stop the command and run it again, it computes what is missing. Flow that was made in another
way is never mixed in; that is an error. Exit status: 0 if all videos have their flow, 1 if some do
not (the others do), 2 if a flag is wrong or FLOWS has flow made in another way.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from absl import flags

from keras_i3d.tools import dataset_flags
from keras_i3d.tools.bars import frame_bar
from keras_i3d.tools.dataset_flags import ROOT, annotations_from_flags, say_concerns
from keras_i3d.tools.flow_flag import METHODS
from keras_i3d.tools.running import FlagError, ToolError, can_be_written, run

flags.adopt_module_key_flags(dataset_flags)  # so that --help lists them too
OUT = flags.DEFINE_string("out", None, "the folder for the flow")
METHOD = flags.DEFINE_enum(
    "method", "tvl1", METHODS, "tvl1 is this package's, the others are OpenCV's"
)
FPS = flags.DEFINE_integer("fps", 25, "frames a second", lower_bound=1)
SHORT_SIDE = flags.DEFINE_integer("short_side", 256, "pixels of the shorter side", lower_bound=1)
BOUND = flags.DEFINE_float("bound", 20, "pixels that flow is clamped to", lower_bound=1e-3)
RENDER = flags.DEFINE_bool(
    "render", False, "also draw each flow as a video, NAME.flow.mp4; hue is direction"
)
RENDER_PIXELS = flags.DEFINE_float(
    "render_pixels", 10, "motion drawn in full colour, in pixels per frame", lower_bound=1e-3
)
WORKERS = flags.DEFINE_integer("workers", None, "cores to use [all]", lower_bound=1)
TIMEOUT = flags.DEFINE_float(
    "timeout", None, "time limit for one video, in seconds [600, plus 20 per frame]", lower_bound=1
)
MEMORY_MB = flags.DEFINE_integer(
    "memory_mb", 4000, "memory limit of one process, in MB", lower_bound=100
)


def main(arguments: Sequence[str]) -> int:
    """Compute the flow of every video that has none yet; the exit status."""
    if not OUT.value:
        raise FlagError("--out is missing: give --out=FOLDER")
    missing, videos = _videos(arguments)
    can_be_written(OUT.value, "folder")
    from keras_i3d.data.flow.data_sets import compute_flows
    from keras_i3d.data.flow.methods import FingerprintError
    from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW
    from keras_i3d.visualisation.flow_colours import write_flow_mp4

    sizes = {"fps": FPS.value, "short_side": SHORT_SIDE.value, "bound": BOUND.value}
    begin = time.monotonic()
    try:
        done = compute_flows(
            videos,
            OUT.value,
            METHOD.value,
            replace(DEEPMIND_FLOW, **sizes),
            partial(write_flow_mp4, largest=RENDER_PIXELS.value) if RENDER.value else None,
            WORKERS.value,
            TIMEOUT.value,
            MEMORY_MB.value,
            partial(frame_bar, "compute_flow"),
        )
    except FingerprintError as error:
        raise FlagError(f"{error}\ngive another --out, or the flags of that flow") from error
    except ImportError as error:
        raise ToolError(error) from error
    print(
        f"{len(videos)} videos: {done.had} had their flow, "
        f"{done.computed} computed ({done.pairs} pairs, {time.monotonic() - begin:.0f} s), "
        f"{done.failed} failed"
        + (f"; {missing} more are listed, but cannot be used" if missing else "")
        + f"; {OUT.value}"
    )
    return 1 if done.failed else 0


def _videos(arguments: Sequence[str]) -> tuple[int, list[tuple[str, str]]]:
    """How many listed videos cannot be used; (path, name) of the others."""
    if ROOT.value is None and not arguments:
        raise FlagError("no videos: give files, or a data set by --root")
    if ROOT.value is not None and arguments:
        raise FlagError("give files, or a data set by --root, not both")
    problems, paths = (), arguments
    if ROOT.value is not None:
        annotations = annotations_from_flags()
        say_concerns(annotations)
        problems = annotations.problems
        paths = [video.path for videos in annotations.splits.values() for video in videos]
        if problems:
            print(problems.report(), file=sys.stderr)
    from keras_i3d.data.flow.data_sets import named_below

    try:
        return len(problems), named_below(paths, ROOT.value)
    except ValueError as error:
        raise FlagError(error) from error


if __name__ == "__main__":
    run(main)
