"""Keras Layer subclasses: tensors in, tensors out, on any Keras backend."""

from keras_i3d.layers.conv_unit import ConvUnit3D
from keras_i3d.layers.head_pooling import HeadPooling3D
from keras_i3d.layers.inception import InceptionBlock3D

__all__ = ["ConvUnit3D", "HeadPooling3D", "InceptionBlock3D"]
