"""The flags that choose what computes a network, for every tool that runs one.

A tool says `flags.adopt_module_key_flags(engine_flags)`, so that its --help lists them too.
"""

import sys
from collections.abc import Sequence

from absl import flags

from keras_i3d.engines.interface import ENGINES, EngineError
from keras_i3d.tools.running import FlagError, ToolError, loaded, must_exist

PRECISIONS = list(dict.fromkeys(one for precisions in ENGINES.values() for one in precisions))

ENGINE = flags.DEFINE_enum(
    "engine", "keras", list(ENGINES), "what computes the network; openvino is faster on a CPU"
)
PRECISION = flags.DEFINE_enum(
    "precision", "float32", PRECISIONS, "what --engine=openvino computes in; int8 is the fastest"
)
CALIBRATE = flags.DEFINE_string(
    "calibrate", None, "a folder of videos that int8 is calibrated on [the very videos at hand]"
)
must_exist(CALIBRATE, "folder")


def check_engine() -> None:
    """Check that the flags go together.

    Raises:
        FlagError: when they do not.
    """
    if PRECISION.value not in ENGINES[ENGINE.value]:
        able = [name for name, precisions in ENGINES.items() if PRECISION.value in precisions]
        raise FlagError(f"--precision={PRECISION.value} is computed by --engine={able[0]} alone")
    if CALIBRATE.value and PRECISION.value != "int8":
        raise FlagError("--calibrate is for --engine=openvino --precision=int8 alone")


def open_engine(tool: str, network, videos: Sequence[str], outputs: Sequence[str]):
    """Return the engine that the flags name; what int8 was found to be is printed to stderr.

    Args:
        tool: its name, for what is printed.
        network: from `keras_i3d.load`.
        videos: files and folders that int8 is calibrated on unless --calibrate names others.
        outputs: as for `keras_i3d.engines.open`.

    Raises:
        ToolError: when it cannot be had; says what to do.
    """
    from keras_i3d import engines
    from keras_i3d.engines.quantisation import described
    from keras_i3d.prediction_inputs import find_videos

    def tell(text: str) -> None:
        print(f"{tool}: {text}", file=sys.stderr, flush=True)

    options = {"engine": ENGINE.value, "precision": PRECISION.value, "outputs": tuple(outputs)}
    try:
        with loaded():
            if PRECISION.value == "int8":
                found = find_videos([CALIBRATE.value] if CALIBRATE.value else videos)
                paths = [video.path for video in found if not video.cause]
                options["calibration"] = engines.calibration_clips(network, paths)
                tell(f"int8 is calibrated on windows of {len(paths)} videos, once for these")
            engine = engines.open(network, **options)
    except EngineError as error:
        raise ToolError(error) from error
    if check := engine.details.get("check"):
        tell(f"int8 beside float32, on {check['clips']} other windows: {described(check)}")
    return engine
