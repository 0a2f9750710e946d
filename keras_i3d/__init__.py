"""The I3D family of video networks for Keras 3."""

import contextlib
import importlib
import os
from typing import TYPE_CHECKING

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
    "I3DVGG16",
    "I3DInceptionV3",
    "I3DResNet50",
    "I3DResNet101",
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
# Where they are, looked up when first asked for.
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

# Importing the package registers its layers with Keras, so that load_model finds them. Worker
# processes, which only decode videos, and tools without a network set this variable: they need
# neither the three seconds nor the 400 MB of Keras' backend. A client of a server has no Keras.
if not os.environ.get("KERAS_I3D_WITHOUT_LAYERS"):
    with contextlib.suppress(ImportError):
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
