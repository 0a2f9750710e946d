"""The flags that choose what computes a network, for every tool that runs one.

A tool says `flags.adopt_module_key_flags(engine_flags)`, so that its --help lists them too.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from absl import flags

from keras_i3d.engines.interface import ENGINES, EngineError
from keras_i3d.tools.running import FlagError, ToolError, loaded, must_exist

PRECISIONS = list(dict.fromkeys(one for precisions in ENGINES.values() for one in precisions))

ENGINE = flags.DEFINE_enum(
    "engine", "keras", list(ENGINES), "what runs the network; openvino is faster on a CPU"
)
PRECISION = flags.DEFINE_enum(
    "precision", "float32", PRECISIONS, "number format of --engine=openvino; int8 is the fastest"
)
CALIBRATE = flags.DEFINE_string(
    "calibrate", None, "a folder of videos to calibrate int8 on [the videos that are processed]"
)
must_exist(CALIBRATE, "folder")


def check_engine() -> None:
    """Check that the flags go together.

    Raises:
        FlagError: when they do not.
    """
    if PRECISION.value not in ENGINES[ENGINE.value]:
        able = [name for name, precisions in ENGINES.items() if PRECISION.value in precisions]
        raise FlagError(f"--precision={PRECISION.value} needs --engine={able[0]}")
    if CALIBRATE.value and PRECISION.value != "int8":
        raise FlagError("--calibrate needs --engine=openvino --precision=int8")


def calibration_videos(at_hand: Iterable[str]) -> tuple[str, ...]:
    """Return the videos that int8 is calibrated on; none for another precision.

    Args:
        at_hand: the paths of those that are taken unless --calibrate names others.
    """
    from keras_i3d.prediction_inputs import find_videos

    if PRECISION.value != "int8":
        return ()
    if CALIBRATE.value is None:
        return tuple(at_hand)
    return tuple(video.path for video in find_videos([CALIBRATE.value]) if not video.cause)


def open_engine(
    tool: str,
    network,
    outputs: Sequence[str],
    *,
    videos: Iterable[str] = (),
    clips: Callable[[], Sequence] | None = None,
):
    """Return the engine that the flags name; what int8 was found to be is printed to stderr.

    Args:
        tool: its name, for what is printed.
        network: from `keras_i3d.load`.
        outputs: as for `keras_i3d.engines.open`.
        videos: the paths of those that int8 is calibrated on unless --calibrate names others.
        clips: gives the clips of other videos than files, in the place of `videos`.

    Raises:
        ToolError: when it is not available; says what to do.
    """
    from keras_i3d import engines

    options = {"engine": ENGINE.value, "precision": PRECISION.value, "outputs": tuple(outputs)}
    try:
        with loaded():
            if PRECISION.value == "int8":
                tell(tool, "int8 is calibrated on windows of these videos, once for them")
                if clips is None or CALIBRATE.value:
                    paths = calibration_videos(videos)
                    options["calibration"] = engines.calibration_clips(network, paths)
                else:
                    options["calibration"] = clips()
            engine = engines.open(network, **options)
    except EngineError as error:
        raise ToolError(error) from error
    tell_check(tool, engine.details)
    return engine


def tell_check(tool: str, details: Mapping[str, Any]) -> None:
    """Print to standard error what the check of int8 found, where an engine's details have one."""
    if check := details.get("check"):
        from keras_i3d.engines.quantisation import described

        tell(tool, f"int8 beside float32, on {check['clips']} other windows: {described(check)}")


def tell(tool: str, text: str) -> None:
    """Print a line to standard error at once."""
    print(f"{tool}: {text}", file=sys.stderr, flush=True)
