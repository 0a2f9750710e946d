"""The I3D family of video networks for Keras 3."""

import importlib
from typing import TYPE_CHECKING

import wrapt

if TYPE_CHECKING:
    from keras_i3d.applications import (
        I3D,
        I3DVGG16,
        I3DInceptionV3,
        I3DResNet50,
        I3DResNet101,
        InceptionV1,
        TwoStreamI3D,
        list_models,
        list_weights,
        load,
    )
    from keras_i3d.data.pixels.preprocessing import preprocess_input
    from keras_i3d.data.video.frames import read_clip
    from keras_i3d.inflation import boring_video_check, inflate, inflation_rule, receptive_field
    from keras_i3d.prediction import predict_video
    from keras_i3d.weights.labels import decode_predictions

__version__ = "0.1.0"

__all__ = [
    "I3D",
    "I3DInceptionV3",
    "I3DResNet101",
    "I3DResNet50",
    "I3DVGG16",
    "InceptionV1",
    "TwoStreamI3D",
    "boring_video_check",
    "decode_predictions",
    "inflate",
    "inflation_rule",
    "list_models",
    "list_weights",
    "load",
    "predict_video",
    "preprocess_input",
    "read_clip",
    "receptive_field",
]
# The module of each, imported when the name is first asked for; the others are in applications.
_HOMES = {
    "boring_video_check": "inflation",
    "decode_predictions": "weights.labels",
    "inflate": "inflation",
    "inflation_rule": "inflation",
    "predict_video": "prediction",
    "preprocess_input": "data.pixels.preprocessing",
    "read_clip": "data.video.frames",
    "receptive_field": "inflation",
}


@wrapt.when_imported("keras")
def _register_layers(_) -> None:
    """Import the layers, which register themselves with Keras, so that load_model finds them.

    Only once Keras is imported: a process that decodes videos, a client of a server and a tool that
    prints its help need neither its three seconds nor its 400 MB.
    """
    importlib.import_module("keras_i3d.layers")


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module 'keras_i3d' has no attribute {name!r}")
    home = _HOMES.get(name, "applications")
    value = getattr(importlib.import_module(f"keras_i3d.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
