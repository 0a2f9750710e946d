"""The record of how one class of layers is inflated, and what a rule may ask."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from keras_i3d.inflation.schedules import Time

# What a tensor of the 3D network has of time. A frame is what global pooling leaves of a clip: its
# time has one step, and whatever follows is done without time, as on an image.
CLIP, FRAME, NO_TIME = "a clip", "a single frame", "no time"


@dataclass(frozen=True)
class Site:
    """All that a rule may ask: the 2D layer, its place in the graph, and what was wished for.

    `has` is what the layer's inputs have of time: "a clip" (batch, time, ...), "a single frame"
    (batch, 1, ...), "no time" (batch, ...). The shapes are those of the 2D network.
    """

    layer: keras.layers.Layer
    time: Time
    kernel: str
    temporal_padding: str
    has: str
    input_shape: tuple
    output_shape: tuple


def same_config(config: dict, site: Site) -> dict:
    """Return the 2D layer's arguments, for a 3D layer that takes the same."""
    return config


def same_weights(weights: list[np.ndarray], site: Site) -> list[np.ndarray]:
    """Return weights that have no time, as they are."""
    return weights


def same_time(site: Site) -> str:
    """Return what the inputs have of time, where the output has the same."""
    return site.has


@dataclass(frozen=True)
class Rule:
    """How one class of layers is inflated.

    Args:
        layer_3d: class of the 3D layer, or a function that takes its config as keywords; None for
            the class of the 2D layer.
        config: from the 2D layer's config and the `Site` to that of the 3D layer.
        weights: from the 2D layer's arrays and the `Site` to those of the 3D layer.
        has_after: what the output has of time; by default what the inputs have.
        why_not: the reason why the layer cannot be inflated at this `Site`, or "".
    """

    layer_3d: Callable | None = None
    config: Callable[[dict, Site], dict] = same_config
    weights: Callable[[list, Site], list] = same_weights
    has_after: Callable[[Site], str] = same_time
    why_not: Callable[[Site], str] = lambda site: ""

    def build(self, site: Site) -> keras.layers.Layer:
        """Return the 3D layer, without weights yet."""
        config = self.config(site.layer.get_config(), site)
        make = self.layer_3d or type(site.layer)
        return make.from_config(config) if isinstance(make, type) else make(**config)
