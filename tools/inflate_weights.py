"""Turn an image network with its weights into a video network, check it, and write it to a file.

  keras-i3d inflate_weights --source=resnet50 --schedule=resnet_3x1x1 --out=i3d_resnet50.keras

The source is inception_v1 (slim's), a network of keras.applications in lower case (inception_v3,
efficientnet_b0, ...), or a .keras file. FILE.json next to the output says what it was made from and
the result of the check. The output is written only if it reads back equal and passes the check: a
still image, repeated as a video, must give the image network's activations.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run

SOURCE = flags.DEFINE_string("source", None, "name of a network, or a .keras file", required=True)
OUT = flags.DEFINE_string("out", None, "the .keras or .weights.h5 file to write", required=True)
WEIGHTS = flags.DEFINE_string(
    "weights", "imagenet", "weights of a named source: imagenet, none or a file"
)
SCHEDULE = flags.DEFINE_enum(
    "schedule", "i3d", ["i3d", "none", "resnet_3x1x1"], "which layers get kernels in time"
)
KERNEL = flags.DEFINE_enum(
    "kernel",
    "average",
    ["average", "centre"],
    "how 2D kernels become 3D: repeated and averaged, or in the centre",
)
PADDING = flags.DEFINE_enum(
    "temporal_padding", "zero", ["zero", "replicate"], "padding at the clip's ends"
)
FRAMES = flags.DEFINE_integer("frames", None, "fixed number of frames of the network's clips [any]")
CHECK = flags.DEFINE_integer(
    "check_frames", 16, "frames of the still clip in the check", lower_bound=1
)
SIDE = flags.DEFINE_integer(
    "check_side", 224, "sides of that clip in pixels, if the network takes any size"
)
PREPROCESSING = flags.DEFINE_enum(
    "preprocessing",
    None,
    ["tf", "caffe", "torch", "pixels"],
    "preprocessing of the image network, by keras.applications' mode: tf [-1, 1], caffe (BGR, "
    "mean subtracted), torch (mean and deviation), pixels [0, 255]; [the source's own; tf for a "
    "file]",
)
OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace the file if it exists")


def main(arguments: Sequence[str]) -> int:
    """Inflate, check, write; 1 if the check fails, and then nothing is written."""
    out = Path(OUT.value)
    if not out.name.endswith((".keras", ".weights.h5")):
        raise FlagError(f"--out={out}: its name should end in .keras or .weights.h5")
    if not out.parent.is_dir():
        raise FlagError(f"--out={out}: there is no folder {out.parent}")
    if out.exists() and not OVERWRITE.value:
        raise FlagError(f"--out={out} exists; --overwrite replaces it")
    can_be_written(out)
    if SOURCE.value.endswith(".keras") and not Path(SOURCE.value).is_file():
        raise FlagError(f"--source={SOURCE.value}: no such file")
    with quiet_import():
        from keras_i3d.applications.inflating import TOLERANCE, inflate_to_file
        from keras_i3d.tools.inflation_report import check_table

    with tqdm(total=3, desc="inflate", delay=1, leave=False, disable=None) as steps, loaded():
        result = inflate_to_file(
            SOURCE.value,
            out,
            weights=WEIGHTS.value,
            preprocessing=PREPROCESSING.value,
            check_frames=CHECK.value,
            check_side=SIDE.value,
            watch=steps.update,
            schedule=SCHEDULE.value,
            frames=FRAMES.value,
            kernel=KERNEL.value,
            temporal_padding=PADDING.value,
        )
    print(check_table(result))
    if result.difference > TOLERANCE:
        raise ToolError(
            f"the check failed: {result.difference:.1e}, more than {TOLERANCE}; nothing is written"
        )
    print(f"wrote {out} and {out}.json")
    return 0


if __name__ == "__main__":
    run(main)
