"""A network as a SavedModel for TensorFlow Serving, with preprocessing, labels and metadata inside.

  keras-i3d export_saved_model --weights=kinetics --out=models/i3d/1

What is written is loaded in a process of its own and asked about a random clip, and about the one
that --video gives, before it gets its name. Exit status: 0 when it is there, 1 when it could not be
made, 2 for wrong flags; a half export never gets a name that TF Serving takes for a version.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags
from absl import logging as absl_logging

from keras_i3d.tools.class_labels import labels_in
from keras_i3d.tools.running import (
    FlagError,
    ToolError,
    can_be_written,
    loaded,
    must_exist,
    quiet_import,
    run,
)
from keras_i3d.tools.weights_flag import HELP, check_weights

MODEL = flags.DEFINE_string("model", "i3d", "network, where --weights does not say it itself")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", HELP)
STREAM = flags.DEFINE_enum("stream", "rgb", ["rgb", "flow", "both"], "which network")
OUT = flags.DEFINE_string("out", None, "the version's folder: MODEL/NUMBER")
LABELS = flags.DEFINE_string("labels", None, "class names, a line each, for weights of your own")
TOP = flags.DEFINE_integer("top", 5, "how many classes an answer names", lower_bound=1)
SHAPE = flags.DEFINE_list("shape", [], "frames,height,width that clients must send [any]")
PRECISION = flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "bfloat16"],
    "bfloat16: half the size; the trunk's variables and activations are bfloat16, the head's "
    "float32. Faster where the processor multiplies bfloat16 (AVX512_BF16, AMX, GPUs), slower "
    "elsewhere; probabilities within 0.02 of float32's",
)
FOLD = flags.DEFINE_bool(
    "fold_batch_norm", False, "batch norm goes into the kernels and biases: the same answers"
)
JIT = flags.DEFINE_bool("jit_compile", False, "compile by XLA, for GPUs; needs --shape")
VIDEO = flags.DEFINE_string("video", None, "a real video to check the export on")
OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace --out where it is there")
for flag in (LABELS, VIDEO):
    must_exist(flag)


def main(arguments: Sequence[str]) -> int:
    """Export; the exit status."""
    if arguments:
        raise FlagError(f"no arguments but flags are taken. Received: {' '.join(arguments)}")
    if OUT.value is None:
        raise FlagError("where to? give --out=MODEL/NUMBER, such as --out=models/i3d/1")
    if VIDEO.value and STREAM.value != "rgb":
        raise FlagError("--video checks the rgb network alone; flow is not in a video")
    check_weights(WEIGHTS.value, MODEL.value, STREAM.value)
    can_be_written(Path(OUT.value).parent, "folder")
    shape = _shape()
    clips = {Path(VIDEO.value).name: {"rgb": _frames(shape)}} if VIDEO.value else {}
    with quiet_import():
        import keras_i3d
        from keras_i3d.export.saved_model import export_saved_model

    # TensorFlow says which names it changes and how long a shard took.
    absl_logging.set_verbosity(absl_logging.ERROR)
    with loaded():
        network = keras_i3d.load(
            WEIGHTS.value, model=MODEL.value, stream=STREAM.value, labels=labels_in(LABELS.value)
        )
    try:
        exported = export_saved_model(
            network,
            OUT.value,
            top=TOP.value,
            frame_shape=shape,
            clips=clips,
            precision=PRECISION.value,
            folded=FOLD.value,
            jit_compile=JIT.value,
            overwrite=OVERWRITE.value,
        )
    except ValueError as error:
        raise ToolError(error) from error
    for name, purpose in exported.signatures.items():
        print(f"  {name:<16} {purpose}")
    for name, difference in exported.differences.items():
        print(f"checked on the {name} clip: probabilities differ by {difference:.1e} at most")
    for note in exported.notes:
        print(f"note: {note}")
    print(f"{exported.folder} is ready to be served")
    return 0


def _shape() -> tuple:
    if not SHAPE.value:
        return (None, None, None)
    try:
        shape = tuple(int(number) for number in SHAPE.value)
    except ValueError:
        shape = ()
    if len(shape) != 3 or min(shape) < 1:
        raise FlagError(
            f"--shape should be frames,height,width, such as 64,256,340. "
            f"Received: --shape={','.join(SHAPE.value)}"
        )
    return shape


def _frames(shape: tuple) -> np.ndarray:
    """The first frames of the video, as a client would send them: not yet resized."""
    from keras_i3d.data import VideoError, VideoFile

    wanted = shape[0] or 64
    try:
        with VideoFile(VIDEO.value) as video:
            frames = np.stack([image for image, _, _ in itertools.islice(video, wanted)])
    except VideoError as error:
        raise FlagError(error) from error
    for came, fixed in zip(frames.shape[:3], shape, strict=True):
        if fixed is not None and came != fixed:
            raise FlagError(
                f"{VIDEO.value} should be of --shape={shape}. Received: {frames.shape[:3]}"
            )
    return frames


if __name__ == "__main__":
    run(main)
