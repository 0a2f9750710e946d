"""From video files to clips."""

from keras_i3d.data.pixels.preprocessing import (
    DEEPMIND_FLOW,
    DEEPMIND_RGB,
    Preprocessing,
    preprocess,
    preprocess_input,
)
from keras_i3d.data.video.decoding import VideoError, VideoFile
from keras_i3d.data.video.frames import cropped_frames, read_clip

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
