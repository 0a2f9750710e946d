"""Draws what a network holds, as a PNG.

  keras-i3d visualise --what=kernels --weights=imagenet,kinetics --out=kernels.png

kernels: the 64 kernels of I3D's first layer, time from left to right, a picture for each of the
weights: inflated ones (imagenet) show one slice seven times, trained ones show what moves.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_i3d_command import quiet_import

with quiet_import():
    import keras

    import keras_i3d
    from keras_i3d.tools.running import FlagError, ToolError, loaded, run
    from keras_i3d.visualisation import kernel_picture, save_picture, side_by_side

WHAT = flags.DEFINE_enum("what", "kernels", ["kernels"], "what to draw")
WEIGHTS = flags.DEFINE_list("weights", ["kinetics"], "names of published weights, or files")
STREAM = flags.DEFINE_enum("stream", "rgb", ["rgb", "flow"], "which stream's network")
OUT = flags.DEFINE_string("out", None, "the PNG to write", required=True)


def main(arguments: Sequence[str]) -> None:
    """Draw, write, and say where the picture is."""
    if not Path(OUT.value).parent.is_dir():
        raise FlagError(f"--out={OUT.value}: there is no folder {Path(OUT.value).parent}")
    pictures = {}
    for weights in WEIGHTS.value:
        with loaded():
            model = keras_i3d.I3D(weights, stream=STREAM.value, include_top=False)
        kernel = model.get_layer("Conv3d_1a_7x7").conv_3d.kernel
        pictures[f"{weights}, {STREAM.value}"] = kernel_picture(keras.ops.convert_to_numpy(kernel))
    try:
        save_picture(side_by_side(pictures), OUT.value)
    except OSError as error:
        raise ToolError(f"--out={OUT.value}: {error.strerror or error}") from error
    print(f"wrote {OUT.value}")


if __name__ == "__main__":
    run(main)
