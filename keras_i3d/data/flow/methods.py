"""Optical flow: computing it, its coding in bytes, and the fingerprint that says how it was made.

Flow of a pixel p is what must be added to p to find its content in the next frame: x to the right,
y downwards, in pixels. Frames are resized first; their flow is never resized.
"""

import dataclasses
import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_i3d.data.flow import tvl1
from keras_i3d.data.pixels.preprocessing import DEEPMIND_FLOW, Preprocessing
from keras_i3d.files.workers import usable_cores

METHODS = ("tvl1", "tvl1_opencv", "dis", "farneback")
ORDER = "resize_then_flow"
# Zero is exactly 128; 0 is never written.
CODING = "uint8: 128 + round(127 * flow / bound)"
ZERO, STEPS = 128, 127
# Pixels: nothing moves so far, and flow stays finite in float32.
MOST_BOUND = 1e6
# Red, green and blue of grey in 1/32768, as OpenCV's RGB2GRAY (ITU-R BT.601).
GREY = np.array([9798, 19235, 3735], np.uint32)


def compute_flow(
    frames: np.ndarray, method: str = "tvl1", threads: int | None = None
) -> np.ndarray:
    """Turn (time, height, width, 3) uint8 into (time - 1, height, width, 2) float32, x then y.

    Args:
        frames: already of the size that the network sees; they are made grey.
        method: "tvl1", our own of OpenCV's DualTVL1; "tvl1_opencv", "dis" or "farneback", OpenCV's.
        threads: how many pairs are worked on at once; by default one for each core. The result is
            the same, to the bit.

    Raises:
        ValueError: of another type or shape, or fewer than two frames.
        ImportError: the package that the method needs is not installed; says which.
    """
    frames = np.asarray(frames)
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise ValueError(
            f"frames should be uint8 (time, height, width, 3). "
            f"Received: {frames.dtype} {frames.shape}"
        )
    if len(frames) < 2 or 0 in frames.shape:
        raise ValueError(
            f"flow needs at least two frames, not empty. Received: frames of shape {frames.shape}"
        )
    result = np.empty((len(frames) - 1, *frames.shape[1:3], 2), np.float32)
    for number, flow in enumerate(flows(frames, method, threads)):
        result[number] = flow
    return result


def flows(
    frames: Iterable[np.ndarray], method: str = "tvl1", threads: int | None = None
) -> Iterator[np.ndarray]:
    """Give the flow of each frame to the next, in order, as frames come: few are held at a time.

    Args:
        frames: uint8 (height, width, 3), all of one size.
        method, threads: as for compute_flow.
    """
    pair_flow, threads = method_named(method), threads or usable_cores()
    waiting: deque = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            last = None
            for frame in frames:
                grey_frame = grey(frame)
                if last is not None:
                    waiting.append(pool.submit(pair_flow, last, grey_frame))
                last = grey_frame
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def grey(frame: np.ndarray) -> np.ndarray:
    """Return (..., 3) uint8 RGB to (...) uint8, rounded as OpenCV does."""
    return ((frame @ GREY + (1 << 14)) >> 15).astype(np.uint8)


def method_named(method: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a method's function (grey, grey) -> flow, with the package that it needs loaded."""
    if method not in METHODS:
        raise ValueError(_unknown(method))
    if method != "tvl1":
        from keras_i3d.data.flow import opencv_flow

        return opencv_flow.METHODS[method]
    import keras_i3d.data.flow.tvl1_kernels  # noqa: F401  says what is missing before work starts

    return tvl1.tvl1


def _unknown(method: str) -> str:
    return f"method should be one of {', '.join(METHODS)}. Received: method={method!r}"


# === Coding in bytes ===


def encode(flow: np.ndarray, bound: float = 20.0) -> np.ndarray:
    """Turn flow in pixels, of any shape, into uint8; clamped to [-bound, bound].

    Zero is 128, -bound 1 and bound 255. Within the bound the largest error of decode(encode(flow))
    is bound / 254: 0.0787 pixels at 20.

    Raises:
        ValueError: where some of it is not a number.
    """
    flow = np.asarray(flow)
    if np.isnan(flow).any():
        raise ValueError("this flow has values that are not numbers (NaN)")
    levels = np.rint(np.clip(flow, -bound, bound) * (STEPS / bound))
    return (levels + ZERO).astype(np.uint8)


def decode(coded: np.ndarray, bound: float = 20.0) -> np.ndarray:
    """Turn uint8 that `encode` made into flow in pixels, float32; 128 is exactly zero."""
    levels = np.maximum(coded, ZERO - STEPS).astype(np.float32) - ZERO
    return levels * np.float32(bound / STEPS)


# === Fingerprint ===


class FingerprintError(ValueError):
    """Flow made in one way was to be mixed with flow made in another."""


@dataclass(frozen=True)
class FlowFingerprint:
    """All that decides on the numbers of a stored flow.

    method, parameters, version: what computed it, and whose version of it.
    order: whether frames were resized before, or their flow after.
    fps, short_side: frames per second, and pixels of the frames' shorter side.
    bound, coding: pixels that flow is clamped to, and how it became bytes.
    """

    method: str
    parameters: Mapping[str, Any]
    version: str
    fps: int
    short_side: int
    bound: float
    order: str = ORDER
    coding: str = CODING

    def to_json(self) -> str:
        """Return one line, keys sorted: equal fingerprints give equal text."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "FlowFingerprint":
        """Return the fingerprint that `to_json` wrote.

        Raises:
            ValueError: it is not one.
        """
        try:
            values = json.loads(text)
        except RecursionError as error:
            raise ValueError("not a flow fingerprint: nested too deeply") from error
        names = {field.name: field.type for field in dataclasses.fields(cls)}
        if not isinstance(values, dict) or values.keys() != names.keys():
            came = sorted(values) if isinstance(values, dict) else type(values).__name__
            raise ValueError(
                f"a flow fingerprint should have the keys {sorted(names)}. Received: {came}"
            )
        for name, kind in names.items():
            wanted = {int: int, float: (int, float), str: str}.get(kind, dict)
            if not isinstance(values[name], wanted) or isinstance(values[name], bool):
                raise ValueError(
                    f"flow fingerprint: {name} should be of type {kind.__name__}. Received: "
                    f"{values[name]!r}"
                )
        if not 0 < values["bound"] <= MOST_BOUND:
            raise ValueError(
                f"flow fingerprint: bound should be above 0 and at most {MOST_BOUND}. Received: "
                f"{values['bound']!r}"
            )
        return cls(**values)

    def digest(self) -> str:
        """Return sixteen hexadecimal digits, for all purposes equal only for equal fingerprints."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def fingerprint(method: str = "tvl1", spec: Preprocessing = DEEPMIND_FLOW) -> FlowFingerprint:
    """Return the fingerprint of flow that this package computes now.

    Args:
        method: as for compute_flow; for OpenCV's it must be installed, for its version.
        spec: fps, short_side and bound count.
    """
    if spec.bound is None:
        raise ValueError("spec.bound should be a number, to code flow within it. Received: None")
    if method not in METHODS:
        raise ValueError(_unknown(method))
    if method == "tvl1":
        parameters, version = dataclasses.asdict(tvl1.DEFAULTS), f"keras_i3d tvl1 {tvl1.VERSION}"
    else:
        from keras_i3d.data.flow import opencv_flow

        parameters, version = opencv_flow.parameters(method), opencv_flow.version()
    return FlowFingerprint(
        method, dict(parameters), version, spec.fps, spec.short_side, float(spec.bound)
    )


def check_equal(wanted: FlowFingerprint, came: FlowFingerprint, where: str) -> None:
    """Refuse to mix flow that was made in two ways.

    Raises:
        FingerprintError: with both; the fields that differ are marked.
    """
    if wanted.to_json() == came.to_json():
        return
    one, other = dict(_flat(wanted)), dict(_flat(came))
    lines = [f"{where}: this flow was made differently from the flow it is to be mixed with"]
    names = one | other
    wide = max(map(len, names)), max(len(str(value)) for value in one.values())
    for name in names:
        left, right = one.get(name, "-"), other.get(name, "-")
        mark = "  " if left == right else "->"
        lines.append(f"  {mark} {name:{wide[0]}}  expected {left!s:{wide[1]}}  received {right}")
    raise FingerprintError("\n".join(lines))


def _flat(fingerprint: FlowFingerprint) -> Iterator[tuple[str, Any]]:
    for name, value in dataclasses.asdict(fingerprint).items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", part) for key, part in value.items())
        else:
            yield name, value
