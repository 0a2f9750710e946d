"""Draw the kernels of a network's first layer as a PNG.

  keras-i3d visualise --weights=imagenet,kinetics --out=kernels.png

Time runs from left to right. Each of the weights gets a picture, with kernels and frames
numbered. Inflated kernels (imagenet) show the same slice seven times; trained ones show motion.
"""

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.tools.running import FlagError, can_be_written, loaded, quiet_import, run
from keras_i3d.tools.weights_flag import HELP, check_weights

WEIGHTS = flags.DEFINE_list("weights", ["kinetics"], f"each {HELP}")
MODEL = flags.DEFINE_string("model", "i3d", "the network, if --weights does not say it")
STREAM = flags.DEFINE_enum("stream", "rgb", list(CHANNELS), "which stream of the network")
OUT = flags.DEFINE_string("out", None, "the PNG to write", required=True)


def main(arguments: Sequence[str]) -> None:
    """Draw, write, and say where the picture is."""
    if not Path(OUT.value).parent.is_dir():
        raise FlagError(f"--out={OUT.value}: there is no folder {Path(OUT.value).parent}")
    can_be_written(OUT.value)
    for weights in WEIGHTS.value:
        check_weights(weights, MODEL.value, STREAM.value)
    with quiet_import():
        import keras

        import keras_i3d
        from keras_i3d.visualisation import (
            kernel_picture,
            save_picture,
            side_by_side,
            with_time_and_numbers,
        )

    pictures = {}
    for weights in WEIGHTS.value:
        with loaded():
            network = keras_i3d.load(weights, model=MODEL.value, stream=STREAM.value)
        kernel = next(v for v in network.model.weights if len(v.shape) == 5)
        kernel = keras.ops.convert_to_numpy(kernel)
        pictures[f"{weights}, {STREAM.value}"] = with_time_and_numbers(
            kernel_picture(kernel), kernel
        )
    save_picture(side_by_side(pictures), OUT.value)
    print(f"wrote {OUT.value}")


if __name__ == "__main__":
    run(main)
