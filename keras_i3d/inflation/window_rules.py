"""Inflation of layers with a window: convolutions, pooling, upsampling."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from keras_i3d import layers as ours
from keras_i3d.inflation.kernels import inflate_kernel
from keras_i3d.inflation.rule import FRAME, NO_TIME, Site


def conv_config(config: dict, site: Site) -> dict:
    """Return kernel, stride and dilation with time in front; axes of constraints are moved."""
    config = dict(config)
    kernel, stride = taps(site), site.time.stride
    config["kernel_size"] = (kernel, *config["kernel_size"])
    config["strides"] = (stride, *config["strides"])
    config["dilation_rate"] = (1, *site.layer.dilation_rate)
    config["temporal_padding"] = site.temporal_padding
    for name in [name for name in config if name.endswith("_constraint") and "bias" not in name]:
        config[name] = _constraint_with_time(config[name])
    return config


def _constraint_with_time(constraint: dict | None) -> dict | None:
    """Axes 0, 1 of a constraint that sums over height and width become 0, 1, 2."""
    axis = (constraint or {}).get("config", {}).get("axis")
    if axis is None:
        return constraint
    several = isinstance(axis, (list, tuple))
    axes = sorted({a + 1 if a >= 0 else a for a in (axis if several else [axis])})
    if 1 in axes and 2 in axes:
        axes = [0, *axes]
    return {**constraint, "config": {**constraint["config"], "axis": axes if several else axes[0]}}


def taps(site: Site) -> int:
    """Return the kernel's extent in time.

    Of a transposed convolution the largest multiple of its stride up to the wish: any other extent
    would meet some frames of the output with more slices than others.
    """
    if isinstance(site.layer, layers.Conv2DTranspose):
        return max(site.time.kernel // site.time.stride, 1) * site.time.stride
    return site.time.kernel


def kernels_inflated(count: int, pointwise: bool = False) -> Callable:
    """Return the rule for weights whose first `count` arrays are kernels; 1 x 1 gets one slice."""

    def weights(arrays: list[np.ndarray], site: Site) -> list[np.ndarray]:
        stride = site.time.stride if isinstance(site.layer, layers.Conv2DTranspose) else 1
        inflated = [inflate_kernel(a, taps(site), site.kernel, stride) for a in arrays[:count]]
        if pointwise:
            inflated += [arrays[count][None]]
        return inflated + arrays[len(inflated) :]

    return weights


def convolution(temporal_padding: str, **config) -> keras.layers.Layer:
    """Return Keras' own Conv3D where it does what is needed, else ours."""
    plain = config["kernel_size"][0] == 1 or (
        config["padding"] == "same" and temporal_padding == "zero"
    )
    if plain and config["groups"] == 1:
        return layers.Conv3D.from_config(config)
    return ours.ClipConv3D.from_config({**config, "temporal_padding": temporal_padding})


def transposed_config(config: dict, site: Site) -> dict:
    """Return what `conv_config` does, without output padding in time."""
    config = conv_config(config, site)
    if config["output_padding"] is not None:
        config["output_padding"] = (0, *site.layer.output_padding)
    return config


def transposed_why_not(site: Site) -> str:
    """Say why not: with output padding, frames would be met by unequal numbers of slices."""
    if site.layer.output_padding is None or taps(site) == 1:
        return ""
    return "it has output_padding, beside which it can have neither kernel nor stride in time"


def pool_config(config: dict, site: Site) -> dict:
    """Pool size and stride with time in front."""
    return {
        **config,
        "pool_size": (site.time.kernel, *config["pool_size"]),
        "strides": (site.time.stride, *config["strides"]),
    }


def pool(plain: type, unpadded: type) -> Callable:
    """Return Keras' own pooling, save that "valid" pooling over several frames keeps the border."""

    def build(**config):
        several = config["pool_size"][0] > 1 and config["padding"] == "valid"
        return (unpadded if several else plain).from_config(config)

    return build


def up_sampling(interpolation: str, **config) -> keras.layers.Layer:
    """Return Keras' own for the only interpolation it knows, else ours."""
    if interpolation == "nearest":
        return layers.UpSampling3D.from_config(config)
    return ours.ClipUpSampling3D.from_config({**config, "interpolation": interpolation})


def up_sampling_config(config: dict, site: Site) -> dict:
    """Return the size with the factor of time in front."""
    return {**config, "size": (site.time.stride, *config["size"])}


def pooled(site: Site) -> str:
    """Return what is left of time: none, or, keeping dimensions, one frame."""
    if site.has == NO_TIME or not site.layer.keepdims:
        return NO_TIME
    return FRAME
