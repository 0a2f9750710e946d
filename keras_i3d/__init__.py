"""The I3D family of video networks for Keras 3."""

from keras_i3d.applications import (
    I3D,
    I3DVGG16,
    I3DInceptionV3,
    I3DResNet50,
    I3DResNet101,
    InceptionV1,
    TwoStreamI3D,
)
from keras_i3d.data.preprocessing import preprocess_input
from keras_i3d.inflation import boring_video_check, inflate, inflation_rule, receptive_field
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
    "preprocess_input",
    "receptive_field",
]
