"""An image network with its weights as a video network, checked and written to a file.

  keras-i3d inflate_weights --source=resnet50 --schedule=resnet_3x1x1 --out=i3d_resnet50.keras

The source is inception_v1 (slim's), a network of keras.applications in small letters (inception_v3,
efficientnet_b0, ...), or a .keras file. Beside the output, FILE.json says what it was made of and
how the check came out. The output appears only when it was read back equal and passed the check: a
still image, repeated, gives the image network's activations.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags
from tqdm import tqdm

from keras_i3d.tools.running import FlagError, ToolError, can_be_written, loaded, quiet_import, run

SOURCE = flags.DEFINE_string("source", None, "network or .keras file", required=True)
OUT = flags.DEFINE_string("out", None, "the .keras or .weights.h5 file to write", required=True)
WEIGHTS = flags.DEFINE_string("weights", "imagenet", "of a named source: imagenet, none or a file")
SCHEDULE = flags.DEFINE_enum(
    "schedule", "i3d", ["i3d", "none", "resnet_3x1x1"], "which layers get time"
)
KERNEL = flags.DEFINE_enum("kernel", "average", ["average", "centre"], "2D kernel to 3D")
PADDING = flags.DEFINE_enum("temporal_padding", "zero", ["zero", "replicate"], "of the clip's ends")
FRAMES = flags.DEFINE_integer("frames", None, "frames of the network's clips; free by default")
CHECK = flags.DEFINE_integer("check_frames", 16, "frames of the still clip", lower_bound=1)
SIDE = flags.DEFINE_integer("check_side", 224, "pixels of its sides, where they are free")
PREPROCESSING = flags.DEFINE_enum(
    "preprocessing",
    None,
    ["tf", "caffe", "torch", "pixels"],
    "what the image network wants, by keras.applications' mode: tf [-1, 1], caffe (blue first, "
    "less the mean), torch (by mean and deviation), pixels [0, 255]; [its own; tf of a file]",
)
OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace a file that is there")


def main(arguments: Sequence[str]) -> int:
    """Inflate, check, write; 1 if the check fails, and then nothing is written."""
    out = Path(OUT.value)
    if not out.name.endswith((".keras", ".weights.h5")):
        raise FlagError(f"--out={out}: its name should end in .keras or .weights.h5")
    if not out.parent.is_dir():
        raise FlagError(f"--out={out}: there is no folder {out.parent}")
    if out.exists() and not OVERWRITE.value:
        raise FlagError(f"--out={out} is there already; --overwrite replaces it")
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
