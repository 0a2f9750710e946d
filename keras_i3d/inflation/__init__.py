"""Any Keras 2D image network to a 3D video network: keras, keras.ops and NumPy alone."""

from keras_i3d.inflation.boring_video import BoringVideo, LayerDifference, boring_video_check
from keras_i3d.inflation.graph import inflate
from keras_i3d.inflation.receptive_field import (
    ReceptiveField,
    receptive_field,
    receptive_field_table,
)
from keras_i3d.inflation.rule import Rule, Site
from keras_i3d.inflation.rules import inflation_rule
from keras_i3d.inflation.schedules import SCHEDULES, Time

__all__ = [
    "SCHEDULES",
    "BoringVideo",
    "LayerDifference",
    "ReceptiveField",
    "Rule",
    "Site",
    "Time",
    "boring_video_check",
    "inflate",
    "inflation_rule",
    "receptive_field",
    "receptive_field_table",
]
