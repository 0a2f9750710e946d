"""Clips as strips of pictures, time from left to right."""

import os
from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from keras_i3d.data.video.decoding import VideoFile

GAP = 2  # pixels between two pictures of a strip
MARGIN = 8  # pixels around the whole, and between two strips
LETTER = 8  # pixels of a caption's letter, at most


def filmstrip(frames: np.ndarray, count: int = 6, height: int = 96) -> np.ndarray:
    """Return `count` pictures of a clip side by side: (height, width, 3) uint8.

    Args:
        frames: (time, height, width, 3) uint8; the first and the last are shown, and others at
            equal distances. A shorter clip shows all it has.
        count: how many pictures.
        height: of the strip, in pixels.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or not len(frames) or frames.dtype != np.uint8:
        raise ValueError(
            f"frames should be (time, height, width, 3) uint8. Received: {frames.shape} "
            f"{frames.dtype}"
        )
    if count < 1 or height < 1:
        raise ValueError(f"count and height should be at least 1. Received: {count} and {height}")
    shown = np.linspace(0, len(frames) - 1, min(count, len(frames))).round().astype(int)
    width = max(1, round(height * frames.shape[2] / frames.shape[1]))
    strip = np.full((height, len(shown) * (width + GAP) - GAP, 3), 255, np.uint8)
    for place, number in enumerate(shown):
        left = place * (width + GAP)
        strip[:, left : left + width] = Image.fromarray(frames[number]).resize((width, height))
    return strip


def filmstrips(clips: Mapping[str, np.ndarray], count: int = 6, height: int = 96) -> np.ndarray:
    """Return a strip for each clip, one below the other, its caption to the left.

    (height, width, 3) uint8.

    Args:
        clips: caption to (time, height, width, 3) uint8.
        count: pictures of each clip.
        height: of a strip, in pixels.
    """
    if not clips:
        raise ValueError("clips should be at least one. Received: none")
    strips = {caption: filmstrip(frames, count, height) for caption, frames in clips.items()}
    left = max(map(len, strips)) * LETTER + 2 * MARGIN
    width = left + max(strip.shape[1] for strip in strips.values()) + MARGIN
    canvas = Image.new("RGB", (width, len(strips) * (height + MARGIN) + MARGIN), "white")
    draw, top = ImageDraw.Draw(canvas), MARGIN
    for caption, strip in strips.items():
        draw.text((MARGIN, top + height // 2), caption, fill="black", anchor="lm")
        canvas.paste(Image.fromarray(strip), (left, top))
        top += height + MARGIN
    return np.asarray(canvas)


def filmstrips_of_files(
    paths: Mapping[str, str | os.PathLike], frames: int, count: int = 6
) -> np.ndarray:
    """Return a strip for each video file; as `filmstrips`.

    Args:
        paths: caption to the path of a video.
        frames: how many each of them has.
        count: pictures of each.
    """
    shown = set(np.linspace(0, frames - 1, count).round().astype(int).tolist())
    clips = {}
    for caption, path in paths.items():
        with VideoFile(path) as video:
            taken = [image for number, (image, _, _) in enumerate(video) if number in shown]
        clips[caption] = np.stack(taken)
    return filmstrips(clips, count)
