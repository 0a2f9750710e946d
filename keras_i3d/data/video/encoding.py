"""Frames to video files, through PyAV (FFmpeg)."""

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import av
import numpy as np

from keras_i3d.files.whole import whole_file


def write_mp4(
    path: str | os.PathLike, frames: Iterable[np.ndarray], fps: int = 25, quality: int = 18
) -> int:
    """Write an MP4 (H.264), which appears whole or not at all; returns how many frames it has.

    Args:
        path: the file; its folder must be there.
        frames: uint8 (height, width, 3) RGB, all of one size, one held at a time. Of even height
            and width, if browsers are to play it.
        fps: frames per second.
        quality: x264's constant rate factor; 0 loses least, 51 most.

    Equal frames give equal bytes, by the same build of FFmpeg.

    Raises:
        ValueError: if there is no frame, or one is of another size or type.
        OSError: where the file cannot be written.
    """
    path, frames = Path(path), iter(frames)
    first = next(frames, None)
    if first is None:
        raise ValueError(f"{path}: a video needs at least one frame; there is none")
    with whole_file(path) as file:
        count = _encode(file, path, chain([first], frames), first.shape, fps, quality)
    return count


def _encode(file, path: Path, frames: Iterable, shape: tuple, fps: int, quality: int) -> int:
    count = 0
    # A file, not its name, which FFmpeg might take for a pattern or an address.
    with av.open(file, "w", format="mp4", container_options={"fflags": "+bitexact"}) as container:
        # x264's output depends on how many threads it has, and with its macroblock tree differs
        # from run to run even on one (seen in x264 core 165: equal again without its assembly).
        options = {"crf": str(quality), "x264-params": "threads=1:lookahead-threads=1:mbtree=0"}
        stream = container.add_stream("libx264", rate=fps, options=options)
        stream.height, stream.width = shape[:2]
        # Colour at half the resolution, as every player expects, needs an even size.
        even = shape[0] % 2 == 0 and shape[1] % 2 == 0
        stream.pix_fmt = "yuv420p" if even else "yuv444p"
        for image in frames:
            if image.shape != shape or image.ndim != 3 or image.dtype != np.uint8:
                raise ValueError(
                    f"{path}: frame {count} should be uint8 {(*shape[:2], 3)}. "
                    f"Received: {image.dtype} {image.shape}"
                )
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode())
    return count
