"""The result of one measurement: the number, how sure it is, and all that it rests on."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from keras_i3d import __version__
from keras_i3d.fvd.figures import Figures
from keras_i3d.fvd.protocols import FVDProtocol
from keras_i3d.fvd.self_testing import SelfTest
from keras_i3d.fvd.sides import LeftOut
from keras_i3d.fvd.uncertainty import Figure


@dataclass(frozen=True)
class SideCount:
    """How many videos a side has: those used, how many of them differ, and those left out."""

    videos: int
    distinct: int
    left_out: tuple[LeftOut, ...] = ()

    @property
    def text(self) -> str:
        """Such as "2048", or "2048 (1024 distinct)"."""
        same = self.distinct == self.videos
        return f"{self.videos}" + ("" if same else f" ({self.distinct} distinct)")


@dataclass(frozen=True)
class FVDResult:
    """The Fréchet video distance of two sides, and what it rests on.

    figures: the value, its interval and its kin.
    protocol: how it was computed.
    real, fake: how many videos there are.
    made: how features are made: clip, weights, engine.
    self_test: what this network gives for zeros against ones; None where features were at hand.
    notes: what a careful reader should know.
    """

    figures: Figures
    protocol: FVDProtocol
    real: SideCount
    fake: SideCount
    made: dict = field(default_factory=dict)
    self_test: SelfTest | None = None
    notes: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """FVD."""
        return self.figures.frechet.value

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval; None of a single video."""
        return self.figures.frechet.interval

    @property
    def extrapolated(self) -> float | None:
        """FVD for infinitely many videos; None where there are too few to say."""
        line = self.figures.extrapolation
        return None if line is None else line.value

    @property
    def details(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        return {
            "fvd": self.value,
            "interval": self.interval,
            "extrapolated": self.extrapolated,
            "protocol": {
                "name": self.protocol.label,
                "hash": self.protocol.hash,
                **self.protocol.described(),
            },
            "real": _described(self.real),
            "fake": _described(self.fake),
            "figures": asdict(self.figures) | {
                name: figure._asdict()
                for name, figure in vars(self.figures).items()
                if isinstance(figure, Figure)
            },
            "made": self.made,
            "self_test": self.self_test and self.self_test.described(),
            "notes": self.notes,
            "version": __version__,
            "line": self.line,
        }  # fmt: skip

    @property
    def line(self) -> str:
        """One line for a paper: the number and all that others need to compare theirs with it."""
        engine = self.made.get("engine", {})
        computed = [engine.get("engine"), engine.get("backend"), engine.get("precision")]
        parts = [
            f"FVD {self.value:.2f}" + interval_text(self.interval),
            "" if self.extrapolated is None else f"{self.extrapolated:.2f} for infinite videos",
            f"{self.real.text} real and {self.fake.text} fake videos",
            f"protocol {self.protocol.label} [{self.protocol.hash}]: {clip_text(self.protocol)}",
            f"weights {self.made.get('weights_crc32c', 'unknown')}",
            " ".join(filter(None, computed)),
            self._self_test_text(),
            f"keras_i3d {__version__}",
        ]
        return "; ".join(filter(None, parts))

    def _self_test_text(self) -> str:
        test = self.self_test
        if test is None:
            return "no self-test"
        if test.expected is None:
            return f"self-test {test.value:.3f} (other weights)"
        return f"self-test {test.value:.3f} (should be {test.expected:.3f})"

    def to_json(self) -> str:
        """Return the details as JSON."""
        return json.dumps(self.details, indent=1, ensure_ascii=False)


def interval_text(interval: tuple[float, float] | None, digits: int = 2) -> str:
    """Return " [95 %: 1.00 to 2.00]"; nothing where there is none."""
    if interval is None:
        return ""
    return f" [95 %: {interval[0]:.{digits}f} to {interval[1]:.{digits}f}]"


def clip_text(protocol: FVDProtocol) -> str:
    """Return how clips are made in a few words."""
    every = "" if protocol.stride == 1 else f", every {protocol.stride}"
    steps = " then ".join(
        f"{one.way} {'short side and crop' if one.crop else 'squash'} to {one.size}"
        + ", whole levels" * one.to_bytes + " (of files)" * one.files_only
        for one in protocol.resizing
    )  # fmt: skip
    low, high = protocol.range
    ridge = f", ridge {protocol.ridge:g}" if protocol.ridge else ""
    return (
        f"{protocol.frames} frames{every}, {protocol.clip} clip, {steps}, [{low:g}, {high:g}], "
        f"{protocol.layer}, ddof {protocol.ddof}{ridge}"
    )


def _described(side: SideCount) -> dict:
    left_out = [one._asdict() for one in side.left_out]
    return {"videos": side.videos, "distinct": side.distinct, "left_out": left_out}
