"""How features are made: all that a user may choose, but for the network."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from keras_i3d.data.pixels.pace import Pace
from keras_i3d.data.pixels.preprocessing import Input
from keras_i3d.features.crops import CROPS
from keras_i3d.features.pooling import POOLINGS
from keras_i3d.features.seen_frames import NATIVE
from keras_i3d.features.windowing import Cutting


@dataclass(frozen=True)
class Settings:
    """How features are made of what the network sees; None for what suits the network.

    window, stride: frames of a window [those of the network's clips], and from one window to the
        next [as many as a window has].
    tail, windows: see windowing.Cutting.
    fps: frames a second that videos are resampled to [the network's own, 25]; "native" for none.
    layers: the end points whose outputs are wanted; none for the network's features.
    pooling: see pooling.pooled.
    crops: 1, 3 or 10; see crops.cut_crops. More than one give features an axis (windows, crops,
        ...).
    flows: the folder where compute_flow has stored flow; None to compute it on the way.
    frames_fps: pictures a second, of a folder of pictures, an archive of them or of frames.
    engine, precision: what computes the network; see keras_i3d.engines.open.
    calibrate: videos that int8 is calibrated on; not for other precisions.
    batch: windows that go through the network at once.
    """

    window: int | None = None
    stride: int | None = None
    tail: str = "loop"
    windows: str = "from_start"
    fps: float | str | None = None
    layers: tuple[str, ...] = ()
    pooling: str = "avg"
    crops: int = 1
    flows: str | None = None
    frames_fps: float = 25
    engine: str = "keras"
    precision: str = "float32"
    calibrate: tuple[str, ...] = ()
    batch: int = 1

    def __post_init__(self):
        for name in ("layers", "calibrate"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name, known in (("pooling", POOLINGS), ("crops", CROPS)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} should be one of {', '.join(map(str, known))}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        if self.batch < 1:
            raise ValueError(f"batch should be at least 1. Received: batch={self.batch}")
        rate(self.fps)
        if not 0.001 <= self.frames_fps < math.inf:
            raise ValueError(
                f"frames_fps should be a number of pictures a second, at least 0.001. "
                f"Received: {self.frames_fps!r}"
            )
        sizes = (1 if size is None else size for size in (self.window, self.stride))
        Cutting(*sizes, self.tail, self.windows)
        if self.flows and self.fps == NATIVE:
            raise ValueError(
                "fps should be a number where stored flow is taken, as compute_flow resampled it. "
                "Received: fps='native'"
            )

    def filled(self, inputs: Mapping[str, Input]) -> "Settings":
        """Return these settings with the network's own numbers in the place of None."""
        one = next(iter(inputs.values()))
        window = self.window or Pace(inputs).window
        return dataclasses.replace(
            self,
            window=window,
            stride=self.stride or window,
            fps=rate(self.fps) or one.preprocessing.fps,
        )

    @property
    def cutting(self) -> Cutting:
        """How videos are cut into windows."""
        return Cutting(self.window, self.stride, self.tail, self.windows)


def rate(fps: float | str | None) -> int | float | str | None:
    """Return frames a second as an int where they are whole; "native" and None stay.

    Raises:
        ValueError: anything but a number above 0, "native" or None.
    """
    if fps in (None, NATIVE):
        return fps
    try:
        value = Fraction(str(fps))
        shown = float(value)
    except (ValueError, ArithmeticError):  # no number, 1/0, or one that is too large
        shown = 0
    if shown <= 0:
        raise ValueError(
            f'fps should be a number of frames a second, above 0, or "native". Received: {fps!r}'
        )
    return value.numerator if value.denominator == 1 else shown
