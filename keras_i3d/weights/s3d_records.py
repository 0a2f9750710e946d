"""The published weights of S3D: torchvision's, whose name carries the beginning of the SHA-256.

S3D-G's and D3D's have no published hash, nor an address for programs: `formats.FOREIGN` says where
their authors keep them.
"""

from keras_i3d.data.pixels.preprocessing import TORCHVISION_RGB
from keras_i3d.weights.record_types import PublishedFile, Weights

# torchvision, S3D_Weights.KINETICS400_V1; its figure is of one clip of 128 frames a video.
S3D_TORCHVISION = Weights(
    name="s3d-d76dad2f",
    model="s3d",
    weights="kinetics",
    stream="rgb",
    classes=400,
    files=(
        PublishedFile(
            "torchvision/s3d-d76dad2f.pth",
            url="https://download.pytorch.org/models/s3d-d76dad2f.pth",
            sha256="d76dad2f",
        ),
    ),
    parameters=8_320_048,
    statistics=21_216,
    labels="kinetics_400",
    preprocessing=TORCHVISION_RGB,
    top_1=68.368,
    source="pytorch/vision",
    licence="BSD-3-Clause",
)
