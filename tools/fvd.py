"""Measure the Fréchet video distance (FVD) of generated videos from real ones, comparably.

  keras-i3d fvd REAL FAKE [--protocol=google] [--out=fvd.json] [--report=fvd.html]
  keras-i3d fvd --compare REAL FAKE_A FAKE_B ... --report=fvd.html
  keras-i3d fvd REAL FAKE --save_real=real.npz      then   keras-i3d fvd real.npz FAKE

REAL and FAKE are folders (subfolders are searched too) of videos in any format, of folders of
numbered pictures, or of .npy and .npz arrays (videos, time, height, width, 3). A protocol is the
way another tool computes FVD; see docs/fvd.md. The last line of the output is for your paper: the
number and everything it depends on.

Each run first computes a value that is known from DeepMind's own code, and stops if it is wrong.
Features of videos are kept in the cache folder, so if you stop the command and run it again, it
continues. Videos that are too short or damaged are left out and named.

Exit status: 0 if all videos were used, 1 if some were not or the work failed, 2 if a flag is wrong,
130 after Ctrl-C.
"""

import dataclasses
import json
import math
import os
import sys
from collections.abc import Sequence

from absl import flags

from keras_i3d.files.whole import write_whole
from keras_i3d.tools import engine_flags
from keras_i3d.tools.bars import bar
from keras_i3d.tools.engine_flags import check_engine, open_engine
from keras_i3d.tools.running import (
    FlagError,
    ToolError,
    can_be_written,
    loaded,
    quiet_import,
    run,
)
from keras_i3d.tools.weights_flag import HELP, check_weights

flags.adopt_module_key_flags(engine_flags)
REAL = flags.DEFINE_string("real", None, "the real videos; the same as the first argument")
FAKE = flags.DEFINE_multi_string("fake", [], "the generated videos; the same as an argument")
COMPARE = flags.DEFINE_bool("compare", False, "compare several generated sides with the real one")
PROTOCOL = flags.DEFINE_string(
    "protocol", "google",
    "google, styleganv, styleganv_128, styleganv_128_every_8, cdfvd, junyaohu or fastvideo",
)  # fmt: skip
FRAMES = flags.DEFINE_integer("frames", None, "frames per clip [the protocol's]", lower_bound=1)
VIDEOS = flags.DEFINE_integer("videos", None, "most videos to use of each side [the protocol's]", 1)
DDOF = flags.DEFINE_enum(
    "ddof", None, ["0", "1"], "divide covariances by n - ddof [the protocol's]"
)
WEIGHTS = flags.DEFINE_string("weights", "kinetics", HELP)
VALUE_RANGE = flags.DEFINE_string(
    "value_range", None, "range of values in float arrays: 0,1 or -1,1 or 0,255"
)
ALLOW_APPROXIMATE = flags.DEFINE_bool(
    "allow_approximate", False, "allow int8, bfloat16, or a network that fails the self-test"
)
OUT = flags.DEFINE_string("out", None, "also write the full result as a JSON file")
REPORT = flags.DEFINE_string("report", None, "also write an HTML page with a plot")
SAVE_REAL = flags.DEFINE_string("save_real", None, "also write REAL's features to an .npz file")
KEEP = flags.DEFINE_bool("cache", True, "keep features in the cache folder and reuse them")


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write; the exit status."""
    real, fakes = _sides(arguments)
    value_range = _value_range()
    check_engine()
    if engine_flags.PRECISION.value != "float32" and not ALLOW_APPROXIMATE.value:
        raise FlagError(
            f"--precision={engine_flags.PRECISION.value} gives numbers that are not comparable: "
            f"leave "
            f"it out, or add --allow_approximate"
        )
    check_weights(WEIGHTS.value, "i3d", "rgb")
    for path in filter(None, (OUT.value, REPORT.value, SAVE_REAL.value)):
        can_be_written(path)
    protocol = _protocol()
    # NVIDIA's libraries read it when they are loaded: TensorFloat-32 is up to 0.3 % off.
    os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")
    with quiet_import():
        from keras_i3d.engines import EngineError
        from keras_i3d.fvd import FVDError, FVDNetwork  # noqa: F401, it brings Keras
    try:
        results, side = _measured(real, fakes, protocol, value_range)
        if SAVE_REAL.value:
            side.save(SAVE_REAL.value)
    except (FVDError, EngineError) as error:
        raise ToolError(error) from error
    _written(results, real)
    return _told(results)


def _sides(arguments: Sequence[str]) -> tuple[str, list[str]]:
    left = list(arguments)
    real = REAL.value or (left.pop(0) if left else None)
    fakes = [*FAKE.value, *left]
    if real is None or not fakes:
        raise FlagError("give the real and the generated videos: keras-i3d fvd REAL FAKE")
    if len(fakes) > 1 and not COMPARE.value:
        raise FlagError(f"{len(fakes)} generated sides: give --compare to compare them")
    for path in (real, *fakes):
        if not os.path.lexists(path):
            raise FlagError(f"there is no such file or folder: {path}")
    return real, fakes


def _value_range() -> tuple[float, float] | None:
    if VALUE_RANGE.value is None:
        return None
    try:
        black, white = map(float, VALUE_RANGE.value.split(","))
        if -math.inf < black < white < math.inf:
            return black, white
    except ValueError:
        pass
    raise FlagError(f"--value_range should be such as 0,1 or -1,1. Received: {VALUE_RANGE.value}")


def _protocol():
    from keras_i3d.fvd import protocols

    ddof = None if DDOF.value is None else int(DDOF.value)
    changes = {"frames": FRAMES.value, "videos": VIDEOS.value, "ddof": ddof}
    changes = {name: value for name, value in changes.items() if value is not None}
    try:
        return dataclasses.replace(protocols.protocol(PROTOCOL.value), **changes)
    except ValueError as error:
        raise FlagError(error) from error


def _measured(real: str, fakes: list[str], protocol, value_range) -> tuple[dict, object]:
    """({fake: result}, the real Side)."""
    from keras_i3d.applications.loaded import load
    from keras_i3d.fvd.fvd_network import FVDNetwork
    from keras_i3d.fvd.measuring import given_side, measured, side_of
    from keras_i3d.fvd.self_testing import self_test
    from keras_i3d.prediction_inputs import find_videos

    given = given_side("real", real, protocol, value_range)
    given_fakes = {path: given_side(path, path, protocol, value_range) for path in fakes}
    with loaded():
        network = load(WEIGHTS.value, model="i3d", stream="rgb")
    # Looked for when they are asked for: arrays are no videos to calibrate on.
    at_hand = (v.path for side in (real, *fakes) for v in find_videos([side]) if not v.cause)
    engine = open_engine("fvd", network, [protocol.layer], videos=at_hand)
    progress = bar(unit=" videos", smoothing=0, delay=1)
    with FVDNetwork(network, engine, protocol, ALLOW_APPROXIMATE.value) as opened, progress:
        test = self_test(opened)

        def watch(name: str, done: int, total: int | None) -> None:
            progress.set_description(name, refresh=False)
            progress.total = total
            progress.update(done - progress.n)

        side = side_of("real", given, opened, KEEP.value, watch)
        results = {}
        for path, one in given_fakes.items():
            fake = side_of(path, one, opened, KEEP.value, watch)
            results[path] = measured(side, fake, protocol, test)
    return results, side


def _written(results: dict, real: str) -> None:
    if OUT.value:
        details = {name: one.details for name, one in results.items()}
        only = details if COMPARE.value else next(iter(details.values()))
        write_whole(OUT.value, json.dumps(only, indent=1, ensure_ascii=False) + "\n")
    if REPORT.value:
        from keras_i3d.fvd.fvd_page import fvd_page

        write_whole(REPORT.value, fvd_page(results, real))


def _told(results: dict) -> int:
    """Print the results, and notes about them to stderr; the exit status."""
    from keras_i3d.fvd.fvd_page import HEADER, result_rows, text_table

    sides = [next(iter(results.values())).real, *(one.fake for one in results.values())]
    for left_out in dict.fromkeys(one for side in sides for one in side.left_out):
        print(f"fvd: {left_out.name}: {left_out.cause}", file=sys.stderr)
    for name, one in results.items():
        for note in one.notes:
            print(f"fvd: {name}: {note}" if COMPARE.value else f"fvd: {note}", file=sys.stderr)
    print(text_table(HEADER, result_rows(results)))
    for name, one in results.items():
        print(f"{name}: {one.line}" if COMPARE.value else one.line)
    return 1 if any(side.left_out for side in sides) else 0


if __name__ == "__main__":
    run(main)
