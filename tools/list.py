"""List the networks and their published weights.

  keras-i3d list [--model=i3d]

Exit status: 0, or 2 if a flag is wrong.
"""

from collections.abc import Sequence

from absl import flags

from keras_i3d.tools.running import FlagError, quiet_import, run

MODEL = flags.DEFINE_string("model", None, "only this network [all]")


def main(arguments: Sequence[str]) -> None:
    """Print each network, and a line for each of its weights."""
    if arguments:
        raise FlagError(f"unexpected argument; use flags only. Received: {' '.join(arguments)}")
    with quiet_import():
        import keras_i3d.applications
    try:
        weights = keras_i3d.list_weights(MODEL.value)
    except ValueError as error:
        raise FlagError(f"--{error}") from error
    wide = max(len(one.weights) for one in keras_i3d.list_weights())
    for model in [MODEL.value] if MODEL.value else keras_i3d.list_models():
        print(model)
        of_model = [one for one in weights if one.model == model]
        for one in of_model:
            print(f"  {one.weights:<{wide}}  {_about(one)}")
        if not of_model:
            print("  no published weights by name")


def _about(weights) -> str:
    """Streams, classes, source and accuracy of weights, in one line."""
    streams = ", ".join(weights.streams)
    classes = f"{weights.classes} classes" if weights.classes else "any classes"
    top_1 = ", ".join(f"{stream} {figure} %" for stream, figure in weights.top_1.items())
    figures = f"top-1: {top_1}" if top_1 else ""
    return f"{streams:<10} {classes:<12} {weights.source}, {weights.licence}  {figures}".rstrip()


if __name__ == "__main__":
    run(main)
