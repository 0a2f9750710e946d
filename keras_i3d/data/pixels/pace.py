"""How the streams of a network go through a video together: arithmetic of their frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from keras_i3d.data.pixels.preprocessing import Input


@dataclass(frozen=True)
class Pace:
    """What the streams see of the same stretch of a video.

    A step is as long as from one frame to the next of the stream that sees the fewest, and holds
    all that the others see until then: a picture, and the ten frames of flow around it. Of one
    stream, or of streams that see the same frames, a step is a frame.

    rgb, frames=2, every=4, offset=2    ..x.|..x.    every 1, step 4, clip of 2 steps
    flow, frames=8                      xxxx|xxxx

    inputs: what each stream sees.
    """

    inputs: Mapping[str, Input]

    @cached_property
    def every(self) -> int:
        """Frames of the video from one that any stream may see to the next."""
        return gcd(*(n for one in self.inputs.values() for n in (one.every, one.offset)))

    @property
    def rate(self) -> float:
        """Frames a second of those that any stream may see: 25, or 12.5 of every other one."""
        fps = next(iter(self.inputs.values())).preprocessing.fps
        return fps if self.every == 1 else fps / self.every

    @property
    def least(self) -> int:
        """To how many of these frames a shorter video is looped."""
        one = max(self.inputs.values(), key=lambda one: one.preprocessing.least_frames * one.every)
        return one.preprocessing.least_frames * one.every // self.every

    @cached_property
    def step(self) -> int:
        """Frames of the video in a step."""
        return max(one.every for one in self.inputs.values())

    @property
    def reach(self) -> int:
        """Frames of the video that a step needs: from its first to the last that is seen of it."""
        return max(self.step - one.every + one.offset + 1 for one in self.inputs.values())

    @cached_property
    def clip(self) -> int:
        """Steps of a clip.

        Raises:
            ValueError: when the streams' clips are not of the same stretch of a video.
        """
        stretches = {one.frames * one.every for one in self.inputs.values()}
        if len(stretches) > 1 or any(self.step % one.every for one in self.inputs.values()):
            raise ValueError(
                f"frames times every should be the same for all streams, and the largest every a "
                f"multiple of the others. Received: {dict(self.inputs)}"
            )
        return stretches.pop() // self.step

    @property
    def window(self) -> int:
        """How many of these frames a clip has."""
        return self.clip * self.step // self.every

    def frames(self, steps: int) -> dict[str, int]:
        """Return how many frames each stream sees in so many steps."""
        return {s: steps * (self.step // one.every) for s, one in self.inputs.items()}

    def holding(self, frames: Mapping[str, int]) -> int:
        """Return the fewest of these frames in which each stream sees so many of its own.

        Of a picture every ten frames and the flow between them, 3 pictures or 21 flows need 30.
        """
        counts = ((frames[s], self.step // one.every) for s, one in self.inputs.items())
        steps = max(-(-wanted // in_step) for wanted, in_step in counts)
        return -(-(self.reach - 1 + (steps - 1) * self.step) // self.every) + 1

    def whole(self, total: int, steps: int = 1) -> int:
        """Return how often `steps` steps follow one another in `total` frames; once at least.

        Of 250 frames a picture every ten gives 25 steps; 5 steps fit 5 times.
        """
        stretch = steps * self.step
        return max(1, (total - self.reach - stretch + self.step) // stretch + 1)

    def places(self, count: int) -> dict[str, np.ndarray]:
        """Return which of `count` frames, one for each `every` of the video, each stream sees.

        Frames after the last whole step are seen by none; less than a step is looped to one.
        """
        frames = self.frames(self.whole((count - 1) * self.every + 1))
        return {
            stream: (one.offset + one.every * np.arange(frames[stream])) // self.every % count
            for stream, one in self.inputs.items()
        }
