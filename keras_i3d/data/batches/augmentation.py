"""What training changes in a clip: the record, and one draw for all frames of a clip.

NumPy only; graph_augmentation.py applies it.
"""

from dataclasses import dataclass

import numpy as np

from keras_i3d.data.batches.sampling import View, shuffled

# Operations of a RandAugment list. Those that move pixels would make stored flow untrue.
COLOUR_OPERATIONS = (
    "identity",
    "autocontrast",
    "equalize",
    "posterize",
    "solarize",
    "brightness",
    "contrast",
    "colour",
    "sharpness",
)
MOVING_OPERATIONS = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
OPERATIONS = COLOUR_OPERATIONS + MOVING_OPERATIONS
# Which of a sample's random numbers is for what. A purpose keeps its place whatever else is drawn.
PLACE, DOWN, ACROSS, FLIP, BRIGHTNESS, CONTRAST, SATURATION, HUE, FIRST_OPERATION = range(9)
MOST_OPERATIONS = 8
# What a sample's, or a pair's, random numbers are drawn for; part of their key.
SAMPLE, PAIR = range(2)


@dataclass(frozen=True)
class Augmentation:
    """How training changes clips, besides where it cuts them; each drawn once for a clip.

    flip: how probable a mirrored clip is.
    brightness, contrast, saturation: a factor is drawn from [1 - value, 1 + value].
    hue: a shift is drawn from [-value, value]; 0.5 is half the circle of colours.
    num_operations, magnitude: of RandAugment (Cubuk et al., 2020): how many operations are drawn
        for a clip, and how strong they are, from 0 to 30. 0 operations for none.
    operations: which can be drawn.
    mixup, cutmix: alpha of the Beta distribution that the share of the other clip is drawn from
        (Zhang et al., 2018; Yun et al., 2019), 0 for none. Of both, each pair takes one by half
        chance. Examples 2k and 2k + 1 are mixed with each other, their labels too.
    """

    flip: float = 0.5
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    num_operations: int = 0
    magnitude: float = 9.0
    operations: tuple[str, ...] = OPERATIONS
    mixup: float = 0.0
    cutmix: float = 0.0

    def __post_init__(self):
        ranges = {
            "flip": 1,
            "brightness": 1,
            "contrast": 1,
            "saturation": 1,
            "hue": 0.5,
            "num_operations": MOST_OPERATIONS,
            "magnitude": 30,
            "mixup": float("inf"),
            "cutmix": float("inf"),
        }
        for name, most in ranges.items():
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} should be 0 to {most}. Received: {getattr(self, name)}")
        if unknown := sorted(set(self.operations) - set(OPERATIONS)):
            raise ValueError(
                f"operations should be of {', '.join(OPERATIONS)}. Received: {unknown}"
            )
        if self.num_operations and not self.operations:
            raise ValueError("operations should name at least one operation. Received: none")

    @property
    def mixes(self) -> bool:
        """Whether examples are mixed in pairs."""
        return bool(self.mixup or self.cutmix)

    @property
    def moves_pixels(self) -> bool:
        """Whether it may draw an operation that stored flow cannot follow."""
        return bool(self.num_operations and set(self.operations) & set(MOVING_OPERATIONS))


NONE = Augmentation(flip=0.0)


@dataclass(frozen=True)
class Draw:
    """All that is drawn for a training sample.

    video: its number. view: where the clip is cut.
    flip: whether it is mirrored.
    jitter: (brightness, contrast, saturation) factors and the hue's shift, float32 (4,).
    operations: (number in OPERATIONS, strength in [-1, 1]) each, float32 (n, 2).
    """

    video: int
    view: View
    flip: bool
    jitter: np.ndarray
    operations: np.ndarray


def draw(
    number: int, num_videos: int, seed: int, augmentation: Augmentation = NONE, attempt: int = 0
) -> Draw:
    """Return what sample `number` of an endless training shows: a pure function of (seed, number).

    Args:
        number: from 0 on; an epoch is num_videos samples, each video once, in a new order.
        attempt: 0; from 1 on another video, for where the sample's own cannot be read.
    """
    epoch, place = divmod(number, num_videos)
    randoms = _randoms(seed, SAMPLE, number, FIRST_OPERATION + 2 * MOST_OPERATIONS + 1)
    # The other video comes from another order, so that each is equally likely.
    video = shuffled(place, num_videos, seed, epoch ^ attempt << 48)
    a, sides = augmentation, 2 * randoms - 1
    jitter = np.array(
        [
            1 + a.brightness * sides[BRIGHTNESS],
            1 + a.contrast * sides[CONTRAST],
            1 + a.saturation * sides[SATURATION],
            a.hue * sides[HUE],
        ],
        np.float32,
    )
    operations = np.empty((a.num_operations, 2), np.float32)
    for i in range(a.num_operations):
        which, sign = randoms[FIRST_OPERATION + 2 * i : FIRST_OPERATION + 2 * i + 2]
        name = a.operations[int(which * len(a.operations))]
        operations[i] = OPERATIONS.index(name), a.magnitude / 30 * (1 if sign < 0.5 else -1)
    view = View(float(randoms[PLACE]), ((float(randoms[DOWN]), float(randoms[ACROSS])),))
    return Draw(video, view, bool(randoms[FLIP] < a.flip), jitter, operations)


@dataclass(frozen=True)
class Mix:
    """How examples 2k and 2k + 1 are mixed.

    share: of the other example, in all of the clip (mixup) or as the box's area (cutmix).
    box: (top, left, bottom, right) in parts of the side, of what comes from the other; None for
        mixup.
    """

    share: float
    box: tuple[float, float, float, float] | None


def draw_mix(pair: int, seed: int, augmentation: Augmentation) -> Mix:
    """Return what is drawn for examples 2 * pair and 2 * pair + 1; without mixing a share of 0."""
    a = augmentation
    if not a.mixes:
        return Mix(0.0, None)
    rng = _generator(seed, PAIR, pair)
    cut, down, across = rng.random(3)
    boxes = bool(a.cutmix and (not a.mixup or cut < 0.5))
    alpha = a.cutmix if boxes else a.mixup
    share = float(rng.beta(alpha, alpha))
    if not boxes:
        return Mix(share, None)
    side = share**0.5
    top, left = float(down) * (1 - side), float(across) * (1 - side)
    return Mix(share, (top, left, top + side, left + side))


def _generator(seed: int, purpose: int, number: int) -> np.random.Generator:
    # Philox is counted, not stepped: any (key, number) costs the same.
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, purpose, number]))


def _randoms(seed: int, purpose: int, number: int, count: int) -> np.ndarray:
    return _generator(seed, purpose, number).random(count)
