"""Which layers get time: the extent of the kernel and the step, of every layer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import keras

from keras_i3d.inflation.traversal import functional_graph, is_model, walk


@dataclass(frozen=True)
class Time:
    """What a layer does in time: its kernel's extent, its step, and a max pool of time after it.

    The stride of a layer that upsamples is the factor by which it repeats frames.
    """

    kernel: int = 1
    stride: int = 1
    pool: int = 1

    def __post_init__(self):
        if any(not isinstance(n, int) or n < 1 for n in (self.kernel, self.stride, self.pool)):
            raise ValueError(
                f"the numbers of Time should be whole and at least 1. Received: {self}"
            )


Schedule = Callable[[keras.layers.Layer], Time]


def schedule_of(schedule, model: keras.Model) -> Schedule:
    """Return the function of a layer that a schedule's name, or a user's function, stands for.

    The user's function is asked about layers that have a kernel, a pool or a size, and may give a
    `Time`, a pair (kernel, stride), or None for neither.
    """
    if isinstance(schedule, str):
        if schedule not in SCHEDULES:
            raise ValueError(
                f"schedule should be one of {sorted(SCHEDULES)}, or a function of the layer that "
                f"gives (kernel, stride) in time. Received: schedule={schedule!r}"
            )
        return SCHEDULES[schedule](functional_graph(model))
    if not callable(schedule):
        raise ValueError(
            f"schedule should be a name or a function of the layer. Received: {schedule!r}"
        )

    def of_layer(layer) -> Time:
        if window(layer) is None:
            return Time()
        answer = schedule(layer)
        if answer is None or isinstance(answer, Time):
            return answer or Time()
        try:
            return Time(*answer)
        except TypeError:
            raise ValueError(
                f"schedule({layer.name}) should give Time(kernel, stride) or such a pair. "
                f"Received: {answer!r}"
            ) from None

    return of_layer


def window(layer) -> tuple[int, int] | None:
    """Return (height, width) of what a layer looks at, or makes of one pixel; None for none."""
    for attribute in ("kernel_size", "pool_size", "size"):
        size = getattr(layer, attribute, None)
        if isinstance(size, tuple):
            return size
    return None


def upsamples(layer) -> bool:
    """Return whether a layer's strides make its output larger."""
    transposed = (keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
    return isinstance(layer, transposed) or hasattr(layer, "size")


def no_time(model: keras.Model) -> Schedule:
    """Return the 2D network on every frame; only the global pooling at its end knows time."""
    return lambda layer: Time()


def i3d(model: keras.Model) -> Schedule:
    """Return the paper's: cubic kernels; time strides with space, save at the first two max pools.

    Time takes the extent of the kernel's height, so that 1x7 and 7x1, one after the other, become
    1x1x7 and 7x7x1, which cover 7x7x7 once. A pool that leaves time its stride has no extent in
    it. Strides are settled by how far space is reduced, not layer by layer: what runs beside one of
    the first two max pools leaves time alone too, and a decoder undoes what the encoder did, so
    that branches and skip connections meet at one frame rate. Time is never finer than the clip's.

    Source: "Quo Vadis, Action Recognition?", section 2.4. On Inception-v1 it gives I3D.
    """
    scales = _scales(model)
    steps: dict[int, set] = {}
    temporal = _temporal_strides(scales)
    for layer, before, after in scales:
        if before is not None:
            ratio = temporal[after] / temporal[before]
            steps.setdefault(id(layer), set()).add(1 / ratio if upsamples(layer) else ratio)
    uneven = [
        layer.name
        for layer, _, _ in scales
        if len(found := steps.get(id(layer), {1})) > 1 or max(found) % 1
    ]
    if uneven:
        raise ValueError(
            f"schedule='i3d' finds no single stride in time for {sorted(set(uneven))}, called at "
            f"several resolutions: pass a function of the layer instead."
        )

    def of_layer(layer) -> Time:
        size = window(layer)
        if size is None:
            return Time()
        stride = int(max(steps.get(id(layer), {1})))
        if hasattr(layer, "size"):
            return Time(stride, stride)
        if hasattr(layer, "pool_size") and stride == 1 and max(layer.strides) > 1:
            return Time()
        return Time(size[0], stride)

    return of_layer


def _scales(model: keras.Model) -> list[tuple]:
    """(layer, reduction of space before, after) of every call of a layer with a window.

    A reduction is a pair of fractions for height and width; None if space is gone.
    """
    found = []

    def apply(node, scales):
        layer = node.operation
        if is_model(layer):
            return walk(functional_graph(layer), scales, apply)
        scale = next((s for s in scales if s is not None), None)
        if _drops_space(node):
            return None
        if window(layer) is None or scale is None:
            return scale
        strides = getattr(layer, "strides", None) or layer.size
        after = tuple(
            s / n if upsamples(layer) else s * n for s, n in zip(scale, strides, strict=True)
        )
        found.append((layer, scale, after))
        return after

    whole = (Fraction(1), Fraction(1))
    walk(model, [whole if len(t.shape) == 4 else None for t in model.inputs], apply)
    return found


def _drops_space(node) -> bool:
    """Whether a call leaves no height and width, or one pixel for the whole image."""
    before, after = node.input_tensors[0].shape, node.outputs[0].shape
    if len(after) != 4 or type(node.operation).__name__.startswith("Global"):
        return True
    operation = not isinstance(node.operation, keras.layers.Layer)
    return operation and tuple(after[1:3]) == (1, 1) != tuple(before[1:3])


def _temporal_strides(scales: list[tuple]) -> dict:
    """{reduction of space: reduction of time}."""
    pools = [
        (layer, after)
        for layer, before, after in scales
        if isinstance(layer, keras.layers.MaxPooling2D) and before != after
    ]
    first_two = list(dict.fromkeys(id(layer) for layer, _ in pools))[:2]
    held = {after for layer, after in pools if id(layer) in first_two}
    temporal = {(Fraction(1), Fraction(1)): Fraction(1)}
    for _, before, after in scales:
        if after not in temporal:
            factors = [a / b for a, b in zip(after, before, strict=True)]
            factor = max(factors) if max(factors) > 1 else min(factors)
            temporal[after] = max(temporal[before] * (1 if after in held else factor), Fraction(1))
    return temporal


def resnet_3x1x1(model: keras.Model) -> Schedule:
    """Return I3D-ResNet's: 3x1x1 first in every other block, 5x7x7 in the stem.

    The stem and the first max pool stride in time, and a 2x1x1 max pool follows the first stage:
    32 frames become 4. For ResNet50, 101 and 152 of keras.applications and their V2.

    Source: mmaction2, configs/_base_/models/i3d_r50.py, inflate = (1,1,1), (1,0,1,0),
    (1,0,1,0,1,0), (0,1,0); mmaction/models/backbones/resnet3d.py, with_pool2.
    """
    names = [layer.name for layer in functional_graph(model).layers]
    blocks = [m for name in names if (m := re.fullmatch(r"conv([2-5])_block(\d+)_1_conv", name))]
    if not blocks or "conv1_conv" not in names:
        raise ValueError(
            f"for schedule='resnet_3x1x1' the network should have the layer names of "
            f"keras.applications' ResNet50, 101, 152: conv1_conv, conv2_block1_1_conv, … "
            f"Received: {model.name}. For your own network pass a function of the layer."
        )
    last = max(int(block[2]) for block in blocks if block[1] == "2")
    # Blocks are counted from 1: all of stage 2; the odd ones of 3 and 4; the even ones of 5.
    inflated = {b[0] for b in blocks if b[1] == "2" or (int(b[2]) % 2 == 1) == (b[1] != "5")}
    times = dict.fromkeys(inflated, Time(3))
    times |= {"conv1_conv": Time(5, 2), "pool1_pool": Time(1, 2)}
    times[f"conv2_block{last}_out"] = Time(pool=2)
    return lambda layer: times.get(layer.name, Time())


SCHEDULES = {"i3d": i3d, "resnet_3x1x1": resnet_3x1x1, "none": no_time}
