"""A video's frames for a network's streams: RGB, and the flow to the next frame."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, tee, zip_longest

import numpy as np

from keras_i3d.data.flow.methods import flows
from keras_i3d.data.pixels.preprocessing import Preprocessing
from keras_i3d.data.video.decoding import VideoFile
from keras_i3d.data.video.frames import cropped_frames, resized_frames
from keras_i3d.data.video.picture_folder import PictureFolder


def cropped_streams(
    video: VideoFile | PictureFolder,
    specs: Mapping[str, Preprocessing],
    start: int = 0,
    end: int | None = None,
) -> Iterator[dict[str, np.ndarray]]:
    """Give a video's frames at spec.fps, cropped, as each stream sees them; few are held at a time.

    Args:
        video: of which nothing has been read yet.
        specs: {"rgb": ..., "flow": ...}, or one of them; both of one rate and size.
        start, end: numbers, at spec.fps, of the first frame and of the one after the last; None for
            all that come. Flow is computed for these alone.

    Yields:
        {"rgb": uint8 (crop, crop, 3), "flow": float32 (crop, crop, 2), x then y, in pixels}

    Raises:
        VideoError: the video gives no frames.
        ImportError: TV-L1 needs a package that is not installed; says which.
    """
    if "flow" not in specs:
        frames = cropped_frames(video, specs["rgb"], start, end)
        yield from ({"rgb": frame} for frame in frames)
        return
    spec = specs["flow"]
    if len({(s.fps, s.short_side, s.crop) for s in specs.values()}) > 1:
        raise ValueError(f"the streams should have one rate and size. Received: {dict(specs)}")
    # The last frame of a part moves to the one after it.
    count, after = (None, None) if end is None else (end - start, end + 1)
    frames = resized_frames(video, spec, start, after)
    for frame, flow in islice(frames_with_flow(frames), count):
        both = {"rgb": frame, "flow": flow}
        yield {stream: _centre(both[stream], spec.crop) for stream in specs}


def frames_with_flow(
    frames: Iterable[np.ndarray], method: str = "tvl1", threads: int | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give each frame with its flow to the next one; few are held at a time.

    The last frame has the flow of the one before it, as clips of stored flow have; a single frame
    does not move.

    Args:
        frames: uint8 (height, width, 3), all of one size.
        method, threads: as for compute_flow.
    """
    frames, again = tee(frames)
    flow = None
    for frame, to_next in zip_longest(frames, flows(again, method, threads)):
        flow = flow if to_next is None else to_next
        if flow is None:
            flow = np.zeros((*frame.shape[:2], 2), np.float32)
        yield frame, flow


def _centre(frame: np.ndarray, crop: int) -> np.ndarray:
    top, left = ((side - crop) // 2 for side in frame.shape[:2])
    return frame[top : top + crop, left : left + crop]
