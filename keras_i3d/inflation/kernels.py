"""2D kernels to 3D, as arrays: a still frame, repeated, gets the same response."""

import numpy as np

KERNEL_RULES = ("average", "centre")


def for_channels(kernel: np.ndarray, channels: int) -> np.ndarray:
    """Give a 2D kernel (height, width, in, out) other input channels: in each its own's mean.

    Unscaled, as two-stream networks take an RGB stem for flow.
    """
    return np.repeat(kernel.mean(axis=2, keepdims=True), channels, axis=2)


def inflate_kernel(
    kernel: np.ndarray, taps: int, rule: str = "average", stride: int = 1
) -> np.ndarray:
    """Return a 2D kernel given `taps` slices in time, at the front of its axes.

    Args:
        kernel: (height, width, ...) of Conv2D, DepthwiseConv2D, SeparableConv2D, Conv2DTranspose.
        taps: extent in time.
        rule: "average": the kernel in every slice, divided by how many of them meet in one frame;
            "centre": the whole kernel in the middle slice, 0 elsewhere.
        stride: of a transposed convolution in time, else 1. Each of its frames of output is met by
            taps / stride slices, so that "centre" fills as many slices as the stride.

    taps=3, average           k/3 k/3 k/3          taps=4, centre            0  k  0  0
    taps=4, average, stride=2 k/2 k/2 k/2 k/2      taps=4, centre, stride=2  0  k  k  0

    Source: "Quo Vadis, Action Recognition?", section 2.4.
    """
    if rule not in KERNEL_RULES:
        raise ValueError(f"kernel should be one of {KERNEL_RULES}. Received: kernel={rule!r}")
    if taps < 1 or taps % stride:
        raise ValueError(
            f"the slices of a kernel in time should be a multiple of its stride, {stride}, to "
            f"meet every frame equally often. Received: {taps}"
        )
    slices = np.repeat(kernel[None], taps, axis=0)
    if rule == "average":
        return slices * (stride / taps)
    first = (taps - stride) // 2
    slices[:first] = 0
    slices[first + stride :] = 0
    return slices
