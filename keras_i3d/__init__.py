"""The I3D family of video networks for Keras 3."""

from keras_i3d.applications import I3D, TwoStreamI3D
from keras_i3d.data.preprocessing import preprocess_input
from keras_i3d.weights.labels import decode_predictions

__version__ = "0.1.0"
__all__ = ["I3D", "TwoStreamI3D", "decode_predictions", "preprocess_input"]
