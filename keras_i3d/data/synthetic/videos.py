"""Synthetic videos, without end: photographs that move in ten ways."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import lcm

import numpy as np

from keras_i3d.data.synthetic.motion import (
    IN_TURN,
    MOTIONS,
    PARTS,
    THEN,
    Path,
    draw_path,
    flow_between,
    largest_fraction,
    views,
)
from keras_i3d.data.synthetic.pictures import (
    PICTURES,
    QUARTERS,
    plane_size,
    render,
    resized_quarter,
)

APPEARANCES = tuple(PICTURES)
TASKS = ("motion", "appearance", "joint", "order")
# The quarters of each photograph that a split shows: a test shows no pixel that training has seen.
# What is written as files is divided in three ways, so there each quarter is drawn for itself.
SPLITS = {
    "train": (0, 3),
    "val": (1,),
    "test": (2,),
    **{f"quarter_{number}": (number,) for number in range(QUARTERS)},
}
MOST_VIDEOS = 1 << 31
FPS = 25
# The brightness of a clip: grey level v becomes gain * v + offset.
GAINS = (0.7, 1.1)
OFFSETS = (-15.0, 25.0)
# Pixels of the picture for one of the frame, at most: less than 1, so that frames have no aliases.
DETAIL = 0.65
# What random numbers are drawn for; part of their seed.
ORDER, SCENE, NOISE, SHORTCUT = range(4)


@dataclass(frozen=True)
class Scene:
    """What one synthetic video shows.

    appearance: one of APPEARANCES.
    quarter: which part of the photograph, 0 to 3.
    path: how the camera moves; path.motion is the other label.
    gain, offset: its brightness.
    noise: standard deviation of each frame's noise, in grey levels.
    """

    appearance: str
    quarter: int
    path: Path
    gain: float
    offset: float
    noise: float


class SyntheticVideos:
    """A data set whose videos are drawn when they are read: same arguments, same pixels.

        videos = SyntheticVideos("train", task="motion", size=(128, 170))
        clip = videos.read(7, start=0, count=16, streams=("rgb", "flow"))

    Args:
        split: train, val or test, which share no pixel of a photograph; or quarter_0 to quarter_3,
            of which train has the first and the last, val the next, test the one after.
        task: what the label describes: "motion" (how it moves), "appearance" (what moves), "joint"
            (both: a class for each pair), "order" (which of two motions comes first: the video
            shows one of `motions`, then another, and is still as long before, between and after).
        motions, appearances: the names that occur; by default all ten MOTIONS, of "order" those
            IN_TURN, and all APPEARANCES.
        num_videos: how many videos; at most 2 ** 31. More of them leave the first ones as they are.
        num_frames: frames of each video.
        size: height and width.
        seed: another seed, other videos; 0 or more.
        noise: the largest standard deviation of a video's noise, in grey levels.
        fps: frames a second that the videos are said to have; what moves does so by the frame.
        shortcut: {motion: how probable it is, 0 to 1, that a video of it shows the motion's own
            appearance, the first motion the first of `appearances` and so on, in place of the one
            that its turn would give}. So appearance tells the motion, as it does in films.

    Without a shortcut motion and appearance are independent: each pair occurs once in any run of as
    many videos as there are pairs that starts at a multiple of it; so does each class in as many
    videos as there are classes. A frame drawn at random says nothing of the motion, and neither do
    place and angle in any frame. Flips change what MoveLeft and TurnLeft
    mean, so training on motion must not mirror.

    Attributes:
        class_names: in alphabetical order; a label is a number in it.

    Raises:
        ValueError: for invalid arguments.
    """

    def __init__(
        self,
        split: str = "train",
        task: str = "motion",
        *,
        motions: Sequence[str] | None = None,
        appearances: Sequence[str] = APPEARANCES,
        num_videos: int = 10_000,
        num_frames: int = 80,
        size: tuple[int, int] = (256, 340),
        seed: int = 0,
        noise: float = 0.75,
        fps: int = FPS,
        shortcut: Mapping[str, float] | None = None,
    ):
        _check_one("split", split, SPLITS)
        _check_one("task", task, TASKS)
        known = IN_TURN if task == "order" else MOTIONS
        self.motions = _subset("motions", known if motions is None else motions, known)
        if task == "order":
            turns = itertools.permutations(self.motions, 2)
            self.motions = tuple(first + THEN + second for first, second in turns)
        self.shortcut = dict(shortcut or {})
        for motion, share in self.shortcut.items():
            _check_one("shortcut", motion, self.motions)
            _check_range(f"shortcut of {motion}", share, 0, 1)
        self.appearances = _subset("appearances", appearances, APPEARANCES)
        _check_range("num_videos", num_videos, 1, MOST_VIDEOS)
        _check_range("num_frames", num_frames, PARTS if task == "order" else 1, 1 << 20)
        _check_range("height", size[0], 1, 1 << 13)
        _check_range("width", size[1], 1, 1 << 13)
        _check_range("seed", seed, 0, (1 << 63) - 1)
        _check_range("noise", noise, 0, 255)
        self.split, self.task, self.seed, self.noise = split, task, seed, noise
        self.num_videos, self.size = num_videos, (size[0], size[1])
        self._num_frames = num_frames
        pairs = [a + m for a, m in itertools.product(self.appearances, self.motions)]
        names = {"motion": self.motions, "appearance": self.appearances, "joint": pairs}
        names["order"] = self.motions
        self.class_names = tuple(names[task])
        self.fps, self.notes = fps, ()

    def __len__(self) -> int:
        return self.num_videos

    def id(self, index: int) -> str:
        """Return a name that no other video of the same seed has."""
        return f"synthetic_{self.seed}_{self.split}_{self._checked(index):010d}"

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the number of the video's class; one."""
        appearance, motion = self._pair(self._checked(index))
        names = {"motion": motion, "appearance": appearance, "joint": appearance + motion}
        names["order"] = motion
        return (self.class_names.index(names[self.task]),)

    def num_frames(self, index: int) -> int:
        """Return the frames of the video; all have as many."""
        self._checked(index)
        return self._num_frames

    def scene(self, index: int) -> Scene:
        """Return all that is drawn for the video: both labels, the camera, brightness, noise."""
        appearance, motion = self._pair(self._checked(index))
        rng = self._rng(SCENE, index)
        quarters = SPLITS[self.split]
        return Scene(
            appearance=appearance,
            quarter=quarters[rng.integers(len(quarters))],
            path=draw_path(rng, motion, plane_size(appearance), self._num_frames),
            gain=rng.uniform(*GAINS),
            offset=rng.uniform(*OFFSETS),
            noise=rng.uniform(0, self.noise),
        )

    def read(
        self, index: int, start: int, count: int, streams: Sequence[str] = ("rgb",)
    ) -> dict[str, np.ndarray]:
        """Return frames start to start + count of a video, and the true flow between them.

        Returns:
            rgb: (count, height, width, 3) uint8.
            flow: (count - 1, height, width, 2) float32, x then y, pixels per frame: what is at p
                in one frame is at p + flow in the next. One more where the video has a frame after.
        """
        end = self.num_frames(index)
        if not 0 <= start < start + count <= end:
            raise ValueError(
                f"frames of {self.id(index)} should be within 0 to {end}. Received: start={start}, "
                f"count={count}"
            )
        for stream in streams:
            _check_one("stream", stream, ("rgb", "flow"))
        scene, cameras = _seen(self, index)
        clip = {}
        if "rgb" in streams:
            clip["rgb"] = self._frames(index, scene, cameras, range(start, start + count))
        if "flow" in streams:
            clip["flow"] = flow_between(cameras[start : start + count + 1], self.size)
        return clip

    def _frames(self, index: int, scene: Scene, cameras: np.ndarray, numbers: range) -> np.ndarray:
        most = largest_fraction(scene.path, self._num_frames, self.size)
        short_side = max(2, round(DETAIL * min(self.size) / most))
        picture = resized_quarter(scene.appearance, scene.quarter, short_side)
        levels = np.clip(np.rint(scene.gain * np.arange(256) + scene.offset), 0, 255)
        picture, extent = levels.astype(np.uint8)[picture], plane_size(scene.appearance)
        frames = np.empty((len(numbers), *self.size, 3), np.uint8)
        for frame, number in zip(frames, numbers, strict=True):
            seen = render(picture, extent, cameras[number], self.size)
            noise = self._rng(NOISE, index, number).standard_normal(self.size, np.float32)
            noisy = seen + np.float32(scene.noise) * noise[:, :, None]
            frame[:] = np.clip(np.rint(noisy), 0, 255)
        return frames

    def _pair(self, index: int) -> tuple[str, str]:
        """(appearance, motion) of a video."""
        motions, appearances = len(self.motions), len(self.appearances)
        block, place = divmod(index, motions * appearances)
        motion_order, appearance_order = _orders(
            (self.seed, list(SPLITS).index(self.split), ORDER, block), motions, appearances
        )
        # Runs through all pairs, and meanwhile through the motions and the appearances again and
        # again; one step aside each time both come round together.
        aside = place // lcm(motions, appearances)
        motion = self.motions[motion_order[place % motions]]
        if self.shortcut and self._rng(SHORTCUT, index).random() < self.shortcut.get(motion, 0):
            return self.appearances[self.motions.index(motion) % appearances], motion
        return self.appearances[appearance_order[(place + aside) % appearances]], motion

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, list(SPLITS).index(self.split), *purpose])

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.num_videos:
            raise IndexError(
                f"index should be 0 to {self.num_videos - 1}, there are {self.num_videos} videos. "
                f"Received: {index}"
            )
        return int(index)


@lru_cache(maxsize=64)
def _seen(videos: SyntheticVideos, index: int) -> tuple[Scene, np.ndarray]:
    """The scene and its cameras; kept, for videos that are read frame after frame."""
    scene = videos.scene(index)
    return scene, views(scene.path, videos.num_frames(index), videos.size)


@lru_cache(maxsize=64)
def _orders(seed: tuple[int, ...], *counts: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.permutation(count) for count in counts)


def _subset(name: str, chosen: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    for one in chosen:
        _check_one(name, one, known)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"{name} should be one or more names, each once. Received: {list(chosen)}")
    return tuple(sorted(chosen))


def _check_one(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{name} should be one of {', '.join(known)}. Received: {value!r}")


def _check_range(name: str, value: float, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} should be {least} to {most}. Received: {value}")
