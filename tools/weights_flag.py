"""The weights that a flag names, checked before Keras is imported."""

from pathlib import Path

from keras_i3d.data.pixels.preprocessing import CHANNELS
from keras_i3d.tools.running import FlagError
from keras_i3d.weights.records import RECORDS, published
from keras_i3d.weights.run_network import network_of_run

HELP = "a name from `keras-i3d list`, a training run's folder, or a file"
# "imagenet" is an image network's, inflated when it is loaded.
NAMED = {*(record.weights for record in RECORDS), "imagenet"}


def check_weights(
    weights: str,
    model: str = "i3d",
    stream: str = "rgb",
    flag: str = "weights",
    finished: bool = False,
) -> None:
    """Check that weights are published for a network's stream, or that their file is there.

    Args:
        weights: what the flag says.
        model, stream: of the network; the stream is "rgb", "flow" or "both".
        flag: its name.
        finished: whether a training run's folder should have the network that it ends with.

    Raises:
        FlagError: when they are not.
    """
    if weights not in NAMED:
        path = Path(weights).expanduser()
        # A TensorFlow checkpoint is named by what its files have in common.
        if not path.exists() and not Path(f"{path}.index").exists():
            raise FlagError(
                f"--{flag} should be {HELP}. Received: {flag}={weights!r}, which is neither a "
                f"name nor a file"
            )
        if path.is_dir():
            try:
                network_of_run(path, finished)
            except ValueError as error:
                raise FlagError(error) from error
    elif any((one.model, one.weights) == (model, weights) for one in RECORDS):
        try:
            for one in CHANNELS if stream == "both" else (stream,):
                published(model, weights, one)
        except ValueError as error:
            raise FlagError(error) from error
