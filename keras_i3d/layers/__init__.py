"""Keras Layer subclasses: tensors in, tensors out, on any Keras backend."""

from keras_i3d.layers.batch_norm_lstm import BatchNormLSTM
from keras_i3d.layers.bilinear_up_sampling import BilinearUpSampling2D
from keras_i3d.layers.bottleneck import BottleneckBlock3D
from keras_i3d.layers.clip_conv import ClipConv3D
from keras_i3d.layers.clip_conv_transpose import ClipConv3DTranspose
from keras_i3d.layers.clip_pooling import ClipAveragePooling3D, ClipMaxPooling3D
from keras_i3d.layers.clip_up_sampling import ClipUpSampling3D
from keras_i3d.layers.conv_unit import ConvUnit3D
from keras_i3d.layers.depthwise import DepthwiseConv3D
from keras_i3d.layers.flatten_clip import FlattenClip
from keras_i3d.layers.frame_pairs import FramePairs
from keras_i3d.layers.frame_stack import FrameStack
from keras_i3d.layers.gating import FeatureGating
from keras_i3d.layers.head_pooling import HeadPooling3D
from keras_i3d.layers.inception import InceptionBlock3D, SeparableInceptionBlock3D
from keras_i3d.layers.last_step import LastStep
from keras_i3d.layers.mean_prediction import MeanPrediction
from keras_i3d.layers.non_local import NonLocalBlock3D
from keras_i3d.layers.per_frame import PerFrame
from keras_i3d.layers.repeat_in_time import RepeatInTime
from keras_i3d.layers.separable_conv import SeparableConv3D
from keras_i3d.layers.separable_unit import SeparableConvUnit3D

__all__ = [
    "BatchNormLSTM",
    "BilinearUpSampling2D",
    "BottleneckBlock3D",
    "ClipAveragePooling3D",
    "ClipConv3D",
    "ClipConv3DTranspose",
    "ClipMaxPooling3D",
    "ClipUpSampling3D",
    "ConvUnit3D",
    "DepthwiseConv3D",
    "FeatureGating",
    "FlattenClip",
    "FramePairs",
    "FrameStack",
    "HeadPooling3D",
    "InceptionBlock3D",
    "LastStep",
    "MeanPrediction",
    "NonLocalBlock3D",
    "PerFrame",
    "RepeatInTime",
    "SeparableConv3D",
    "SeparableConvUnit3D",
    "SeparableInceptionBlock3D",
]
