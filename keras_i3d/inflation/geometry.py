"""What a layer's window covers in time, height and width: arithmetic alone."""

from dataclasses import dataclass

import numpy as np
from keras import layers

from keras_i3d import layers as ours
from keras_i3d.layers.time_padding import time_padding


@dataclass(frozen=True)
class Window:
    """Extent and step along (time, height, width) of one layer, and what it does at the borders.

    Args:
        extent: of the kernel, dilation included.
        strides: step of the kernel; of a layer that upsamples, the factor.
        upsamples: whether the strides make the output larger.
        padding: "same" as TensorFlow has it, "valid", "symmetric" as PyTorch has it, or "always":
            `time_padding`'s fixed frames.
        border: what the padding of time holds: "zero", or "clip" for nothing but the clip itself.
    """

    extent: tuple[int, int, int]
    strides: tuple[int, int, int]
    upsamples: bool = False
    padding: str = "valid"
    border: str = "clip"


def branches(layer) -> list[list]:
    """Return the chains of layers, side by side, that a layer is made of; if plain, itself."""
    if isinstance(layer, (ours.InceptionBlock3D, ours.SeparableInceptionBlock3D)):
        return [[plain for part in b.parts for plain in _chain(part)] for b in layer.branches]
    if isinstance(layer, ours.BottleneckBlock3D):
        return [layer.branch_2, layer.branch_1]
    return [_chain(layer)]


def _chain(layer) -> list:
    if isinstance(layer, ours.SeparableConvUnit3D):
        return layer.parts
    return [layer.layer if isinstance(layer, ours.PerFrame) else layer]


def window(layer) -> Window | None:
    """Return the window of a layer, of images or of clips; None if every pixel is by itself."""
    for attribute in ("kernel_size", "pool_size", "size"):
        size = _three(getattr(layer, attribute, None))
        if size is not None:
            break
    else:
        return None
    if attribute == "size":
        return Window((1, 1, 1), size, upsamples=True)
    dilation = _three(getattr(layer, "dilation_rate", 1))
    padding = getattr(layer, "padding", "same")
    pools = attribute == "pool_size"
    if _pads_time_always(layer):
        padding = "always"
    return Window(
        tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True)),
        _three(layer.strides),
        isinstance(layer, (layers.Conv2DTranspose, layers.Conv3DTranspose)),
        padding,
        "zero" if not pools and getattr(layer, "temporal_padding", "zero") == "zero" else "clip",
    )


def gates(layer) -> bool:
    """Return whether a layer keeps the clip's steps, each of which depends on the whole clip."""
    return isinstance(layer, (ours.FeatureGating, ours.NonLocalBlock3D))


def pools_globally(layer) -> bool:
    """Return whether a layer's output depends on the whole clip."""
    if isinstance(layer, ours.HeadPooling3D):
        return None in layer.pool_size
    return isinstance(layer, (layers.Flatten, ours.FlattenClip)) or (
        type(layer).__name__.startswith("Global") and "Pool" in type(layer).__name__
    )


def frames_seen(window: Window, frames: int) -> np.ndarray:
    """Return (frames of output, k) numbers of the frames of input that each depends on.

    A number below 0, or from `frames` on, lies in the padding.

    extent=3, stride=2, "same", frames=4   [[0 1 2] [2 3 4]]
    """
    extent, stride = window.extent[0], window.strides[0]
    if window.upsamples:
        # Frame f of the input adds to frames f * stride - before + (0 ... extent - 1).
        before = max(extent - stride, 0) // 2
        out = np.arange(frames * stride) + before
        return out[:, None] // stride - np.arange(-(-extent // stride))[::-1]
    if window.padding == "valid":
        before, count = 0, (frames - extent) // stride + 1
    else:
        count = -(-frames // stride)
        before = max((count - 1) * stride + extent - frames, 0) // 2
        if window.padding == "always":
            before, _ = time_padding(extent, stride)
        elif window.padding == "symmetric":
            before = extent // 2
    return np.arange(count)[:, None] * stride - before + np.arange(extent)


def _pads_time_always(layer) -> bool:
    if isinstance(layer, ours.ClipConv3D):
        depthwise = layer.groups > 1 and layer.kernel.shape[-2] == 1
        return layer.padding == "valid" or depthwise
    fixed = (ours.DepthwiseConv3D, ours.ClipMaxPooling3D, ours.ClipAveragePooling3D)
    return isinstance(layer, fixed)


def _three(size) -> tuple[int, int, int] | None:
    """One number for all axes, (height, width) or (time, height, width), as the last; else None."""
    if isinstance(size, int):
        return (size,) * 3
    if isinstance(size, (tuple, list)) and len(size) in (2, 3):
        return (1,) * (3 - len(size)) + tuple(size)
    return None
