"""Slim's Inception-v1, trained on ImageNet, or one's own: as it is, and as networks' start."""

import re
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from keras_i3d.inflation.kernels import for_channels, inflate_kernel
from keras_i3d.weights import download
from keras_i3d.weights.integrity import DamagedFileError
from keras_i3d.weights.keras_files import load_keras
from keras_i3d.weights.records import SLIM_INCEPTION_V1
from keras_i3d.weights.sources import slim
from keras_i3d.weights.tf_checkpoint_v1 import read_checkpoint_v1
from keras_i3d.weights.trained import read_record

HEAD_BIAS = "Conv2d_0c_1x1/conv_2d/bias"
HEAD = "Conv3d_0c_1x1/"
# Networks, and their streams, that see every frame by itself.
FRAME_BY_FRAME = (("convnet_2d", "rgb"), ("inception_v1_frames", "rgb"))
MEMBER = "inception_v1.ckpt"
MAX_BYTES = 200 << 20
Arrays = dict[str, np.ndarray]


def image_arrays(weights: str, network: str, stream: str) -> Arrays | None:
    """Return the arrays of the image network that `weights` names; None for weights of videos.

    {'Mixed_3b/Branch_0/Conv2d_0a_1x1/conv_2d/kernel': array} of "imagenet", slim's, or of a .keras
    file that a training of `convnet_2d` on RGB left, for any other network or stream.

    Raises:
        UnavailableError, DamagedFileError: as `download.fetch` does.
    """
    if weights == "imagenet":
        return published_inception_v1()
    path = Path(weights).expanduser()
    if path.suffix != ".keras" or not path.is_file():
        return None
    try:
        record = read_record(path)
    except ValueError:  # the reader of its weights says what is wrong
        return None
    seen = record and (record.network, record.stream)
    if seen not in FRAME_BY_FRAME or seen == (network, stream):
        return None
    arrays = {}
    for variable in load_keras(path).weights:
        name = variable.path.replace("Conv3d", "Conv2d").replace("conv_3d", "conv_2d")
        array = keras.ops.convert_to_numpy(variable)
        arrays[name] = array[0] if name.endswith("/kernel") else array  # one frame
    return arrays


def published_inception_v1() -> Arrays:
    """Return {'Mixed_3b/Branch_0/Conv2d_0a_1x1/conv_2d/kernel': array} of slim's published file.

    Raises:
        UnavailableError, DamagedFileError: as `download.fetch` does.
    """
    return read_archive(download.fetch((SLIM_INCEPTION_V1,)) / SLIM_INCEPTION_V1.path)


def read_archive(path: Path) -> Arrays:
    """Read the arrays of slim's .tar.gz, of which the checkpoint alone is unpacked."""
    with tempfile.TemporaryDirectory(prefix="keras_i3d-") as folder:
        checkpoint = Path(folder, MEMBER)
        try:
            with tarfile.open(path) as archive:
                member = next(filter(_is_checkpoint_or_too_far, archive), None)
                if member is None or member.offset_data + member.size > MAX_BYTES:
                    raise DamagedFileError(f"{path}: has no {MEMBER} of at most {MAX_BYTES} bytes")
                checkpoint.write_bytes(archive.extractfile(member).read(member.size))
        except (tarfile.TarError, EOFError, OSError) as error:
            raise DamagedFileError(f"{path}: cannot be unpacked: {error}") from error
        return read_checkpoint(checkpoint)


def _is_checkpoint_or_too_far(member: tarfile.TarInfo) -> bool:
    """Whether to look no further: what lies behind a large member must be unpacked to be seen."""
    return member.offset_data + member.size > MAX_BYTES or (
        member.isfile() and member.name.endswith(MEMBER)
    )


def read_checkpoint(path: Path) -> Arrays:
    """Return the arrays of slim's checkpoint."""
    return slim.convert(read_checkpoint_v1(path, slim.wanted))


def image_paths(arrays: Arrays) -> Arrays:
    """Return the arrays under the paths of the 2D network, whose layers have no layers inside.

    'Mixed_3b/Branch_0/Conv2d_0a_1x1/conv_2d/kernel' to
    'Mixed_3b_Branch_0_Conv2d_0a_1x1_conv_2d/kernel'
    """
    return {re.sub("/(?=.*/)", "_", path): array for path, array in arrays.items()}


def inflated(arrays: Arrays, shapes: dict[str, tuple]) -> Arrays:
    """Return the arrays under the paths of I3D, kernels repeated in time and divided by its extent.

    The stem of a flow stream is the mean of the RGB stem over its three channels in each of its
    own, unscaled: two, or those of a stack of frames.

    Args:
        arrays: {'Conv2d_1a_7x7/conv_2d/kernel': array}.
        shapes: {path of a variable of I3D: its shape}; says how far each kernel extends in time.

    Source: "Quo Vadis, Action Recognition?", section 2.4.
    """
    found = {}
    for path, array in arrays.items():
        path = path.replace("Conv2d", "Conv3d").replace("conv_2d", "conv_3d")
        if path.endswith("/kernel") and path in shapes:
            channels = shapes[path][3]
            if channels != array.shape[2] == 3:
                array = for_channels(array, channels)
            array = inflate_kernel(array, shapes[path][0], "average")
        found[path] = array
    return found


def in_each_stream(arrays: Arrays, model: keras.Model, prefixes: Mapping[str, str]) -> Arrays:
    """Return the arrays under the paths of a network's streams; all else is as the model has it.

    Args:
        arrays: {'Conv2d_1a_7x7/conv_2d/kernel': array}.
        model: the network, of which each stream has a trunk that `inflated` fits.
        prefixes: {stream: what precedes its layers' names}; none of a network of one stream.
    """
    found = {v.path: keras.ops.convert_to_numpy(v) for v in model.weights}
    for prefix in prefixes.values() or ("",):
        shapes = {
            path.removeprefix(prefix): array.shape
            for path, array in found.items()
            if path.startswith(prefix)
        }
        for path, array in inflated(arrays, shapes).items():
            # The image network's classes are not every network's.
            if path in shapes or not path.startswith(HEAD):
                found[prefix + path] = array
    return found


def inflated_at_centre(arrays: Arrays, model: keras.Model) -> Arrays:
    """Return an S3D's arrays by path: kernels in space as they are, in time the identity.

    A still clip gets what the image network gives its frame. What the image network has not, gates
    and batch norm's scale, stays as the model has it.

    Args:
        arrays: {'Conv2d_1a_7x7/conv_2d/kernel': array}.
        model: the S3D, whose variables say which parts there are.

    Source: Xie et al., "Rethinking Spatiotemporal Feature Learning", 2018, section 3; slim,
    nets/i3d_utils.py, center_initializer.
    """
    shapes = {v.path: tuple(v.shape) for v in model.weights}
    found = {}
    for path, array in arrays.items():
        unit, part, leaf = path.replace("conv_2d", "conv_3d").rsplit("/", 2)
        path = f"{unit}/spatial/{part}/{leaf}"
        path = path if path in shapes else f"{unit}/{part}/{leaf}"
        if leaf == "kernel" and path in shapes:
            taps, _, _, channels, _ = shapes[path]
            if array.shape[2] == 3 and channels == 2:
                array = for_channels(array, channels)
            array = inflate_kernel(array, taps, "centre")
        found[path] = array
    for variable in model.weights:
        path = variable.path
        if path.endswith("/temporal/conv_3d/kernel"):
            identity = np.eye(variable.shape[-1], dtype=np.float32)[None, None]
            found[path] = inflate_kernel(identity, variable.shape[0], "centre")
        elif re.search("/(temporal|self_gating)/|/gamma$", path):
            found[path] = keras.ops.convert_to_numpy(variable)
    return found
