"""Networks with their weights, under the argument names of keras.applications."""

from keras_i3d.applications.i3d import I3D, TwoStreamI3D
from keras_i3d.applications.inception_v1 import InceptionV1
from keras_i3d.applications.inflated import I3DVGG16, I3DInceptionV3, I3DResNet50, I3DResNet101
from keras_i3d.applications.loaded import LoadedNetwork, load
from keras_i3d.applications.quo_vadis import (
    C3D,
    ConvNet2D,
    ConvNet3D,
    ConvNetLSTM,
    Fused3D,
    TwoStream,
)
from keras_i3d.applications.registry import list_models, list_weights
from keras_i3d.applications.resnet_3d import (
    C2DResNet50,
    NonLocalC2DResNet50,
    NonLocalI3DResNet50,
    NonLocalI3DResNet101,
)
from keras_i3d.applications.s3d import D3D, S3D, S3DG

__all__ = [
    "C2DResNet50",
    "C3D",
    "ConvNet2D",
    "ConvNet3D",
    "ConvNetLSTM",
    "Fused3D",
    "D3D",
    "I3D",
    "I3DVGG16",
    "I3DInceptionV3",
    "I3DResNet50",
    "I3DResNet101",
    "InceptionV1",
    "LoadedNetwork",
    "NonLocalC2DResNet50",
    "NonLocalI3DResNet50",
    "NonLocalI3DResNet101",
    "S3D",
    "S3DG",
    "TwoStream",
    "TwoStreamI3D",
    "list_models",
    "list_weights",
    "load",
]
