"""Inflation of layers that name axes, pad borders or change the shape."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from keras_i3d import layers as ours
from keras_i3d.inflation.rule import CLIP, FRAME, NO_TIME, Site


def axis_moved(config: dict, site: Site) -> dict:
    """Move axes counted from the front by one, past time."""
    return {**config, "axis": past_time(config["axis"])}


def past_time(axis):
    """Turn 1 into 2, [1, 2] into [2, 3]; -1 and None stay."""
    if isinstance(axis, (list, tuple)):
        return [past_time(a) for a in axis]
    return axis + 1 if axis is not None and axis > 0 else axis


def normalization_weights(arrays: list[np.ndarray], site: Site) -> list[np.ndarray]:
    """Return the statistics that a layer computes with, whatever weights it gets later."""
    if not arrays:
        return arrays
    used = [keras.ops.convert_to_numpy(v) for v in (site.layer.mean, site.layer.variance)]
    return [v.reshape(a.shape) for v, a in zip(used, arrays, strict=False)] + arrays[2:]


def border_config(name: str) -> Callable:
    """Return the config of padding or cropping: none in time."""

    def config(config: dict, site: Site) -> dict:
        return {**config, name: ((0, 0), *config[name])}

    return config


def noise_config(config: dict, site: Site) -> dict:
    """Return one draw for all frames where the 2D layer was told the shape of its draw."""
    shape = config.get("noise_shape")
    return config if shape is None else {**config, "noise_shape": (shape[0], 1, *shape[1:])}


def prelu_config(config: dict, site: Site) -> dict:
    """Return one slope for all frames."""
    return {**config, "shared_axes": [1, *past_time(config["shared_axes"] or [])]}


def prelu_weights(arrays: list[np.ndarray], site: Site) -> list[np.ndarray]:
    """Turn (height, width, c) into (1, height, width, c)."""
    return [arrays[0][None]]


def flat_why_not(site: Site) -> str:
    """Return a clip can be flattened when one frame's size is known."""
    if site.has == CLIP and None in site.input_shape[1:]:
        return "the height and width of its input are unknown; build the network with a fixed size"
    return ""


def reshape_config(config: dict, site: Site) -> dict:
    """Turn (1, 1, c) into (1, 1, 1, c), and every frame of a clip by itself."""
    target = tuple(site.output_shape[1:])
    if site.has == CLIP:
        return {**config, "target_shape": (-1, *target)}
    return {**config, "target_shape": (1, *target) if len(target) == 3 else target}


def reshape(target_shape, **config) -> keras.layers.Layer:
    """Return a clip's frames to vectors means that time ends here: their mean, else a Reshape."""
    if len(target_shape) == 2 and target_shape[0] == -1:
        return ours.FlattenClip.from_config(config)
    return layers.Reshape.from_config({**config, "target_shape": target_shape})


def reshape_has_after(site: Site) -> str:
    """Return a vector has no time; what is shaped like an image has a frame."""
    rank = len(site.output_shape)
    if site.has == CLIP:
        return NO_TIME if rank == 2 else CLIP
    return FRAME if rank == 4 else NO_TIME


def reshape_why_not(site: Site) -> str:
    """Return the target must be known, for a clip's time may not be."""
    if None in site.output_shape[1:]:
        return "the shape it gives is unknown; build the network with a fixed size"
    return flat_why_not(site) if len(site.output_shape) == 2 else ""


def flatten(**config) -> keras.layers.Layer:
    """Take the mean over time, then flatten."""
    config.pop("data_format", None)
    return ours.FlattenClip.from_config(config)


def permute_config(config: dict, site: Site) -> dict:
    """Return the config with time in front."""
    return {**config, "dims": (1, *[d + 1 for d in config["dims"]])}
