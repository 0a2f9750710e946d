"""Whether this machine computes what DeepMind's code does: videos of 0 against videos of 255.

Both sides have no spread, so the value is the squared distance of two videos' features, whatever
their number.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from keras_i3d.fvd.distances import frechet_distance
from keras_i3d.fvd.fvd_network import FVDNetwork
from keras_i3d.fvd.protocol_clips import clip_of_array
from keras_i3d.fvd.sides import FVDError

# By number of frames: DeepMind's own code on TensorFlow 1.15, float32, rgb_scratch's logits.
TABLE = {
    10: 569.7714, 11: 486.7543, 12: 552.7662, 13: 146.5149, 14: 172.7747, 15: 133.9084,
    16: 152.9017, 17: 357.8508, 18: 382.5495, 19: 307.2140, 20: 338.4994, 21: 78.2507,
    22: 82.5372, 23: 64.5452, 24: 66.2916, 25: 314.4982, 26: 316.8282, 27: 288.8388,
    28: 287.7063, 29: 152.2414, 30: 151.3924,
}  # fmt: skip
TOLERANCE = 1e-3
# float32 on all backends is closer than this; TensorFloat-32 is not.
CLOSE = 1e-4
# Values published for graphics cards are up to this far off.
COARSE = 1e-2
# What wrong networks give for 30 frames.
WRONG_AT_30 = {
    151.759: "batch norm's epsilon is 1e-5 instead of 1e-3",
    475.997: "padding is static instead of TensorFlow's SAME",
    31.817: "values are not scaled to [-1, 1]",
    0.0186: "videos with values 0..1 are read as 0..255",
}
# CRC-32C of DeepMind's rgb_scratch, whose values the table has; see fvd_network.weights_crc.
RGB_SCRATCH = "54133af9"


class SelfTestError(FVDError):
    """The network does not give the table's value; says what is probably wrong."""


@dataclass(frozen=True)
class SelfTest:
    """The outcome.

    frames: of the videos.
    value: their distance. expected: the table's; None for other weights than rgb_scratch's.
    verdict: in words.
    """

    frames: int
    value: float
    expected: float | None
    verdict: str

    @property
    def passed(self) -> bool | None:
        """Whether the value is the table's within a thousandth; None without an expected one."""
        if self.expected is None:
            return None
        return abs(self.value / self.expected - 1) <= TOLERANCE

    def described(self) -> dict:
        """Return it for JSON."""
        return {**asdict(self), "passed": self.passed}


def self_test(network: FVDNetwork) -> SelfTest:
    """Compute zeros against ones by the network's protocol, and compare with the table.

    Of more than 30 frames, or fewer than 10, the table has none: then 30 or 10 are taken.

    Raises:
        SelfTestError: the value is wrong, though the weights are rgb_scratch and the engine is
            held to float32.
    """
    frames = min(max(network.protocol.frames, min(TABLE)), max(TABLE))
    value = zeros_against_ones(network, frames)
    if network.crc != RGB_SCRATCH or network.protocol.layer != "logits":
        verdict = "other weights than the table's: nothing to compare with"
        return SelfTest(frames, value, None, verdict)
    expected = TABLE[frames]
    off = abs(value / expected - 1)
    if off <= CLOSE:
        return SelfTest(frames, value, expected, "as DeepMind's code")
    if off <= TOLERANCE:
        verdict = f"{off:.1e} off: arithmetic is coarser than float32, such as TensorFloat-32"
        return SelfTest(frames, value, expected, verdict)
    if network.engine.precision != "float32":
        verdict = f"{off:.1%} off: computed in {network.engine.precision}"
        return SelfTest(frames, value, expected, verdict)
    why = diagnosis(value if frames == 30 else zeros_against_ones(network, 30))
    verdict = f"wrong: {value:.4f} for zeros against ones of {frames} frames, not {expected}; {why}"
    if not network.approximate:
        raise SelfTestError(
            f"this network does not compute what FVD's does: {verdict[7:]}. allow_approximate "
            f"computes with it anyway"
        )
    return SelfTest(frames, value, expected, verdict)


def zeros_against_ones(network: FVDNetwork, frames: int) -> float:
    """Return the distance of one video of 0 from one of 255."""
    how = replace(network.protocol, frames=frames, stride=1)
    videos = (np.full((frames, 32, 32, 3), grey, np.uint8) for grey in (0, 255))
    clips = ((place, clip_of_array(video, how).clip) for place, video in enumerate(videos))
    zero, one = (vector[None] for _, vector in network.features(clips))
    return frechet_distance(zero, one)


def diagnosis(at_30: float) -> str:
    """Return what is probably wrong with a network that gives this value for 30 frames."""
    for value, cause in WRONG_AT_30.items():
        if abs(at_30 / value - 1) <= TOLERANCE / 2:
            return cause
    text = f"for 30 frames it gives {at_30:.4f} instead of {TABLE[30]}"
    if abs(at_30 / TABLE[30] - 1) <= COARSE:
        return f"{text}, as TensorFloat-32 does: set NVIDIA_TF32_OVERRIDE=0 before Python starts"
    return f"{text}, which no known fault does"
