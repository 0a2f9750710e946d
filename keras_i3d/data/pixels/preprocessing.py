"""How frames become the network's input: the record, and the functions that apply it.

NumPy only, so that worker processes that decode videos need not load TensorFlow.
"""

from dataclasses import dataclass, replace

import numpy as np

from keras_i3d.data.pixels.resizing import resample, resized, taps

# Values of one pixel of each stream: red, green, blue; motion to the right, motion downwards.
CHANNELS = {"rgb": 3, "flow": 2}
# What a network sees: one of them, or both.
STREAMS = (*CHANNELS, "both")


@dataclass(frozen=True)
class Preprocessing:
    """All numbers between a video file and the network.

    fps: frames per second that the video is resampled to.
    short_side: pixels of the shorter side after resizing; the other keeps the aspect.
    crop: pixels of the square cut out of the centre.
    least_frames: a shorter clip is looped to this many frames.
    scale, offset: values become value / scale + offset; a number each, or one for every channel.
    bound: values are first clipped to [-bound, bound], in the frames' unit; None for no clipping.
    keep_aspect: False resizes both sides to `short_side`, whatever the frame's aspect.
    bgr: whether the network takes blue first; scale and offset are then in that order too.
    """

    fps: int = 25
    short_side: int = 256
    crop: int = 224
    least_frames: int = 64
    scale: float | tuple[float, ...] = 127.5
    offset: float | tuple[float, ...] = -1.0
    bound: float | None = None
    keep_aspect: bool = True
    bgr: bool = False

    def __post_init__(self):
        for name in ("scale", "offset"):  # JSON has no tuples
            value = getattr(self, name)
            object.__setattr__(self, name, tuple(value) if isinstance(value, list) else value)


def normalised(mean: tuple[float, ...], deviation: tuple[float, ...], **sizes) -> Preprocessing:
    """Return the preprocessing (value / 255 - mean) / deviation, channel by channel.

    Args:
        mean, deviation: of each channel, for values in [0, 1].
        sizes: the other fields of `Preprocessing`.
    """
    return Preprocessing(
        scale=tuple(255.0 * d for d in deviation),
        offset=tuple(-m / d for m, d in zip(mean, deviation, strict=True)),
        **sizes,
    )


# kinetics-i3d, README: 25 frames per second, shortest side 256 by bilinear interpolation, centre
# crop 224; RGB from [0, 255] and flow from [-20, 20] pixels to [-1, 1].
DEEPMIND_RGB = Preprocessing()
DEEPMIND_FLOW = Preprocessing(scale=20.0, offset=0.0, bound=20.0)
# torchvision, S3D_Weights.KINETICS400_V1: both sides to 256, 15 frames per second.
TORCHVISION_RGB = normalised(
    (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989), fps=15, keep_aspect=False
)
# SlowFast, config/defaults.py: DATA.MEAN, DATA.STD, TARGET_FPS; RGB, and likewise pytorchvideo.
# Crops of 224 in training; the published figures are of three crops of 256.
SLOWFAST_RGB = normalised((0.45, 0.45, 0.45), (0.225, 0.225, 0.225), fps=30)
# mmaction2, configs/_base_/models/i3d_r50.py; it takes frames at the video's own rate.
MMACTION2_RGB = Preprocessing(
    fps=30,
    scale=(58.395, 57.12, 57.375),
    offset=tuple(-m / d for m, d in ((123.675, 58.395), (116.28, 57.12), (103.53, 57.375))),
)
BY_STREAM = {"rgb": DEEPMIND_RGB, "flow": DEEPMIND_FLOW}


@dataclass(frozen=True)
class Input:
    """What one stream of a network sees of a video.

    frames: of a clip, in training.
    every: frames of the video, at preprocessing.fps, from one of the clip's to the next.
    channels: values of a pixel.
    preprocessing: how the frames are resized, cropped and scaled.
    offset: frames of the video from where the streams' clips begin to this stream's first.
    stack: frames that the network itself joins along the channels, as one step in time.

    frames=4, every=3              x..x..x..x    span 10
    frames=2, every=3, offset=2    ..x..x        span 4, reach 6
    """

    frames: int = 64
    every: int = 1
    channels: int = 3
    preprocessing: Preprocessing = DEEPMIND_RGB
    offset: int = 0
    stack: int = 1

    def __post_init__(self):
        least = min(self.frames, self.every, self.channels, self.crop, self.stack)
        if least < 1 or self.offset < 0 or self.crop > self.short_side:
            raise ValueError(
                f"frames, every, channels, stack and crop should be at least 1, offset at least 0, "
                f"and crop at most short_side. Received: {self}"
            )
        if self.frames % self.stack:
            raise ValueError(
                f"frames should be a multiple of {self.stack}, which the network stacks. "
                f"Received: frames={self.frames}"
            )

    @property
    def span(self) -> int:
        """Frames of the video from the clip's first to its last, both included."""
        return (self.frames - 1) * self.every + 1

    @property
    def reach(self) -> int:
        """Frames of the video from where the streams' clips begin to this one's last, included."""
        return self.offset + self.span

    @property
    def steps(self) -> int:
        """Steps in time that the network sees: frames, or stacks of them."""
        return self.frames // self.stack

    @property
    def rate(self) -> float:
        """Frames a second that the network sees: 25, or 12.5 where it sees every other one."""
        fps = self.preprocessing.fps
        return fps if self.every == 1 else fps / self.every

    @property
    def crop(self) -> int:
        """Pixels of the square crop."""
        return self.preprocessing.crop

    @property
    def keep_aspect(self) -> bool:
        """Whether resizing keeps the frames' aspect."""
        return self.preprocessing.keep_aspect

    @property
    def short_side(self) -> int:
        """Pixels of the frames' shorter side before the crop."""
        return self.preprocessing.short_side

    def changed(self, frames=None, every=None, short_side=None, crop=None) -> "Input":
        """Return this input with other sizes; None leaves one as it is."""
        sizes = {"short_side": short_side, "crop": crop}
        sizes = {name: size for name, size in sizes.items() if size is not None}
        return replace(
            self,
            frames=self.frames if frames is None else frames,
            every=self.every if every is None else every,
            preprocessing=replace(self.preprocessing, **sizes),
        )


# What I3D sees: clips of 64 frames, each the next.
DEEPMIND_INPUTS = {
    stream: Input(channels=CHANNELS[stream], preprocessing=spec)
    for stream, spec in BY_STREAM.items()
}


def preprocess(frames: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Turn (time, height, width, c) uint8 into the network's input, (time, crop, crop, c)."""
    return scale(resize_and_crop(frames, spec), spec)


def resize_and_crop(frames: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Resize (..., height, width, c) by the short side and cut out the centre, uint8.

    Only the pixels of the crop are computed.
    """
    height, width = frames.shape[-3:-1]
    rows, columns = resized(height, width, spec.short_side, spec.keep_aspect)
    top, left = (rows - spec.crop) // 2, (columns - spec.crop) // 2
    down, across = taps(height, rows, top, spec.crop), taps(width, columns, left, spec.crop)
    return resample(frames, down, across)


def scale(values: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Scale pixel or flow values to the range of the network, float32; the shape stays."""
    if spec.bgr:
        values = values[..., ::-1]
    if spec.bound is not None:
        values = np.clip(np.asarray(values, np.float32), -spec.bound, spec.bound)
    values = np.divide(values, np.float32(spec.scale), dtype=np.float32)
    values += np.float32(spec.offset)  # in place: a window is 40 MB
    return values


def unscale(values: np.ndarray, spec: Preprocessing) -> np.ndarray:
    """Turn values in the range of the network back into pixels or flow, float32: undo `scale`."""
    values = np.asarray(values, np.float32)
    values = (values - np.float32(spec.offset)) * np.float32(spec.scale)
    return values[..., ::-1] if spec.bgr else values


def preprocess_input(x, stream: str = "rgb"):
    """Scale values to the range of the network, as keras.applications' function of this name does.

    Args:
        x: RGB in [0, 255], or flow in pixels; an array or tensor of any shape. Not resized.
        stream: "rgb" or "flow".

    Returns:
        float32 in [-1, 1]: RGB / 127.5 - 1, or flow clipped to [-20, 20] and divided by 20.

    Source: kinetics-i3d, README, "Sample data and preprocessing".
    """
    if stream not in BY_STREAM:
        raise ValueError(
            f"stream should be one of {sorted(BY_STREAM)}. Received: stream={stream!r}"
        )
    if isinstance(x, np.ndarray | list | tuple):
        return scale(x, BY_STREAM[stream])
    from keras import ops  # a backend's tensor: stays one

    spec = BY_STREAM[stream]
    x = ops.cast(x, "float32")
    if spec.bound is not None:
        x = ops.clip(x, -spec.bound, spec.bound)
    return x / spec.scale + spec.offset
