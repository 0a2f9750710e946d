"""Write a network as a SavedModel for TensorFlow Serving, with preprocessing, labels and metadata.

  keras-i3d export_saved_model --weights=kinetics --out=models/i3d/1

Before the export gets its name, it is loaded in a separate process and tested on a random clip, and
on the video of --video. So TensorFlow Serving never sees a half-written version. Exit status: 0 if
it is written, 1 if it could not be made, 2 if a flag is wrong.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from absl import flags
from absl import logging as absl_logging

from keras_i3d.data.pixels.preprocessing import STREAMS, Input
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

MODEL = flags.DEFINE_string("model", "i3d", "the network, if --weights does not say it")
WEIGHTS = flags.DEFINE_string("weights", "kinetics", HELP)
STREAM = flags.DEFINE_enum("stream", "rgb", STREAMS, "which stream of the network")
OUT = flags.DEFINE_string("out", None, "the version's folder: MODEL/NUMBER")
LABELS = flags.DEFINE_string(
    "labels", None, "a file of class names, one per line, for your own weights"
)
TOP = flags.DEFINE_integer("top", 5, "number of classes in an answer", lower_bound=1)
SHAPE = flags.DEFINE_list("shape", [], "frames,height,width that clients must send [any size]")
PRECISION = flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "bfloat16"],
    "bfloat16 halves the size: the trunk is bfloat16, the head stays float32. It is faster on "
    "processors with bfloat16 (AVX512_BF16, AMX, GPUs) and slower on others; probabilities stay "
    "within 0.02 of float32's",
)
FOLD = flags.DEFINE_bool(
    "fold_batch_norm", False, "merge batch norm into kernels and biases; the answers stay the same"
)
JIT = flags.DEFINE_bool("jit_compile", False, "compile with XLA, for GPUs; needs --shape")
VIDEO = flags.DEFINE_string("video", None, "a video to check the export on")
OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace --out if it exists")
for flag in (LABELS, VIDEO):
    must_exist(flag)


def main(arguments: Sequence[str]) -> int:
    """Export; the exit status."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    if OUT.value is None:
        raise FlagError("--out is missing: give --out=MODEL/NUMBER, such as --out=models/i3d/1")
    if VIDEO.value and STREAM.value != "rgb":
        raise FlagError("--video checks only the rgb network; a video has no flow")
    check_weights(WEIGHTS.value, MODEL.value, STREAM.value)
    can_be_written(Path(OUT.value).parent, "folder")
    shape = _shape()
    with quiet_import():
        import keras_i3d
        from keras_i3d.export.saved_model import export_saved_model
        from keras_i3d.training.devices import check_backend

    # TensorFlow says which names it changes and how long a shard took.
    absl_logging.set_verbosity(absl_logging.ERROR)
    with loaded():
        check_backend()
        network = keras_i3d.load(
            WEIGHTS.value, model=MODEL.value, stream=STREAM.value, labels=labels_in(LABELS.value)
        )
    clips = _clips(network.record.inputs, shape) if VIDEO.value else {}
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
    print(f"{exported.folder} is ready to serve")
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


def _clips(inputs: Mapping[str, Input], shape: tuple) -> dict[str, dict[str, np.ndarray]]:
    """The first frames of the video, as a client would send them: not yet resized."""
    from keras_i3d.data import VideoError, VideoFile

    if tuple(inputs) != ("rgb",):
        raise FlagError("--video checks only the rgb network; a video has no flow")
    wanted = shape[0] or inputs["rgb"].frames
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
    return {Path(VIDEO.value).name: {"rgb": frames}}


if __name__ == "__main__":
    run(main)
