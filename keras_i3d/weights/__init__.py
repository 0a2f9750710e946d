"""Published weights: records, where they come from, and how they get into a model."""

from keras_i3d.weights.assignment import assign
from keras_i3d.weights.integrity import DamagedFileError, UnavailableError
from keras_i3d.weights.labels import class_names, decode_predictions
from keras_i3d.weights.records import RECORDS, Weights, published

__all__ = [
    "RECORDS",
    "DamagedFileError",
    "UnavailableError",
    "Weights",
    "assign",
    "class_names",
    "decode_predictions",
    "published",
]
