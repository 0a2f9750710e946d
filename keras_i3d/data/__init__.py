"""From video files to clips."""

from keras_i3d.data.decoding import VideoError, VideoFile
from keras_i3d.data.pipeline import cropped_frames, read_clip
from keras_i3d.data.preprocessing import (
    DEEPMIND_FLOW,
    DEEPMIND_RGB,
    Preprocessing,
    preprocess,
    preprocess_input,
)

__all__ = [
    "DEEPMIND_FLOW",
    "DEEPMIND_RGB",
    "Preprocessing",
    "VideoError",
    "VideoFile",
    "cropped_frames",
    "preprocess",
    "preprocess_input",
    "read_clip",
]
