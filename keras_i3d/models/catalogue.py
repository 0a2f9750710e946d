"""Every network of the package by name."""

from collections.abc import Callable

import keras

from keras_i3d.models.i3d import build_i3d, build_two_stream_i3d

MODELS: dict[str, Callable[..., keras.Model]] = {
    "i3d": build_i3d,
    "two_stream_i3d": build_two_stream_i3d,
}
