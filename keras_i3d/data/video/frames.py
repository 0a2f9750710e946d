"""From a video file to the network's frames and clips: one chain, streaming."""

from collections.abc import Iterator

import numpy as np

from keras_i3d.data.pixels.preprocessing import DEEPMIND_RGB, Preprocessing, resize_and_crop, scale
from keras_i3d.data.pixels.resizing import resize, resized
from keras_i3d.data.video import timing
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.parts import ticks, timelines

# Pixels of a video's shorter side below which enlarging leaves little to see.
SMALL = 64


def cropped_frames(
    video: VideoFile, spec: Preprocessing = DEEPMIND_RGB, start: int = 0, end: int | None = None
) -> Iterator[np.ndarray]:
    """Give the video at spec.fps frames per second: (crop, crop, 3) uint8 each, one held at a time.

    Args:
        video: the file, of which nothing has been read yet.
        spec: fps, short_side and crop are taken.
        start, end: numbers, at spec.fps, of the first frame and of the one after the last; None for
            all that come. A part is reached by seeking where the file allows it; see parts.ticks.
    """
    return ticks(video, spec.fps, lambda image: resize_and_crop(image, spec), start, end)


def resized_frames(
    video: VideoFile, spec: Preprocessing = DEEPMIND_RGB, start: int = 0, end: int | None = None
) -> Iterator[np.ndarray]:
    """Give frames as cropped_frames does, but whole: (rows, columns, 3) uint8 each.

    All have the size of the file's first, also where the file changes its own.
    """

    def change(image):
        return resize(image, *resized(video.height, video.width, spec.short_side, spec.keep_aspect))

    return ticks(video, spec.fps, change, start, end)


def read_clip(
    path, num_frames: int | None = None, start: int = 0, spec: Preprocessing = DEEPMIND_RGB
) -> np.ndarray:
    """Return one clip of a video, ready for the network: (time, crop, crop, 3) float32 in [-1, 1].

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
    with VideoFile(path) as video:
        end = None if num_frames is None else start + num_frames
        taken = list(cropped_frames(video, spec, start, end))
    if not taken:
        count = len(timelines(spec.fps).indexed(video.path).frames)
        raise ValueError(f"{path} should have frame {start}. Received: {count} frames")
    length = spec.least_frames if num_frames is None else num_frames
    return scale(np.stack(taken)[timing.looped(len(taken), length)], spec)


def small_note(width: int, height: int) -> Iterator[str]:
    """Give what a reader should know of a video whose pictures are small; nothing of others."""
    if 0 < min(width, height) < SMALL:
        yield f"small: {width} x {height} pixels, enlarged"
