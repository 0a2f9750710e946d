"""From a video file to the network's clips: one chain, streaming."""

from collections.abc import Iterator

import numpy as np

from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB, Preprocessing, resize_and_crop, scale
from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video import timing
from keras_i3d.data.video.decoding import VideoFile


def cropped_frames(video: VideoFile, spec: Preprocessing = DEEPMIND_RGB) -> Iterator[np.ndarray]:
    """The video at spec.fps frames per second: (crop, crop, 3) uint8 each, one held at a time."""
    cropped = ((resize_and_crop(image, spec), stamp, length) for image, stamp, length in video)
    shown = timing.spans(cropped, video.frame_duration)
    return timing.resample(shown, spec.fps)


def resized_frames(video: VideoFile, spec: Preprocessing = DEEPMIND_RGB) -> Iterator[np.ndarray]:
    """The video at spec.fps frames per second: (rows, columns, 3) uint8, one held at a time.

    All have the size of the first, also where the file changes its own.
    """
    return timing.resample(timing.spans(_resized(video, spec), video.frame_duration), spec.fps)


def read_clip(
    path, num_frames: int | None = None, start: int = 0, spec: Preprocessing = DEEPMIND_RGB
) -> np.ndarray:
    """One clip of a video, ready for the network: (time, crop, crop, 3) float32 in [-1, 1].

    Args:
        path: the video file.
        num_frames: frames of the clip, counted at spec.fps; None takes the rest of the video. A
            clip that runs past the end of the video is looped, to spec.least_frames with None.
        start: first frame of the clip, counted at spec.fps.

    Raises:
        VideoError: when no frame of the file can be decoded.
        ValueError: when the video ends before `start`.
    """
    if start < 0 or (num_frames is not None and num_frames < 1):
        raise ValueError(
            f"start should be at least 0 and num_frames at least 1, or None. "
            f"Received: start={start}, num_frames={num_frames}"
        )
    taken, count = [], 0
    with VideoFile(path) as video:
        for frame in cropped_frames(video, spec):
            if count >= start:
                taken.append(frame)
            count += 1
            if len(taken) == num_frames:
                break
    if not taken:
        raise ValueError(f"{path}: wanted frame {start}, the video ends after {count} frames")
    length = spec.least_frames if num_frames is None else num_frames
    return scale(np.stack(taken)[timing.looped(len(taken), length)], spec)


def _resized(video: VideoFile, spec: Preprocessing) -> Iterator[tuple]:
    size = None
    for image, stamp, length in video:
        size = size or resized(*image.shape[:2], spec.short_side)
        yield resize(image, *size), stamp, length
