"""Padding of the time axis, and convolutions as a sum over the kernel's slices in time."""

from keras import ops

TEMPORAL_PADDINGS = ("zero", "replicate")


def time_padding(kernel: int, stride: int) -> tuple[int, int]:
    """Return frames to add before and after, so that a window gives ceil(time / stride) frames.

    Fixed numbers, where TensorFlow's SAME asks for the number of frames first; on a multiple of the
    stride the windows lie on the same frames as SAME's, and what is left over at the end is unused.

    kernel=3, stride=1   (1, 1)   0xxxx0
    kernel=3, stride=2   (0, 2)   xxxx00   the second 0 is for odd numbers of frames
    """
    before = max(kernel - stride, 0) // 2
    return before, kernel - 1 - before


def pad_time(clip, before: int, after: int, mode: str):
    """Return (batch, time, ...) with frames added: zeros, or copies of the first and last.

    Zeros are joined on, not padded: TensorFlow 2.21 on a CPU (oneDNN) merges two paddings before a
    Conv3D, as after ZeroPadding3D, into the convolution, and loses one of them.
    """
    if not before and not after:
        return clip
    first, last = clip[:, :1], clip[:, -1:]
    if mode == "zero":
        first = last = ops.zeros_like(first)
    return ops.concatenate([first] * before + [clip] + [last] * after, axis=1)


def frames_after(frames: int | None, stride: int) -> int | None:
    """Return ceil(frames / stride); None stays unknown."""
    return None if frames is None else -(-frames // stride)


def fold_time(clip):
    """Turn (batch, time, ...) into (batch * time, ...): every frame an image."""
    return ops.reshape(clip, (-1, *_sizes(clip)[2:]))


def unfold_time(frames, clip):
    """Turn (batch * time, ...) into (batch, time, ...), with batch and time of `clip`.

    Where TensorFlow's graph knows neither, the result's shape does not know its time.
    """
    batch, time = _sizes(clip)[:2]
    return ops.reshape(frames, (batch, time, *_sizes(frames)[1:]))


def sum_over_taps(clip, kernel, stride: int, convolve):
    """Compute a 3D convolution as the sum of 2D ones, one for each slice of the kernel in time.

    Args:
        clip: (batch, time, height, width, channels), its time already padded.
        kernel: (taps, height, width, ...).
        stride: step in time.
        convolve: function of images and of a slice of the kernel, giving images.

    TensorFlow has no depthwise 3D convolution, and its grouped one runs on the CPU under XLA alone,
    a hundred times slower: benchmarks/depthwise.py.
    """
    taps = kernel.shape[0]
    total = None
    for tap in range(taps):
        # As many frames for each tap: the padded time, less taps - 1, in steps of the stride.
        end = tap + 1 - taps
        shown = clip[:, tap : end if end else None : stride]
        term = convolve(fold_time(shown), kernel[tap])
        total = term if total is None else total + term
    return unfold_time(total, shown)


def _sizes(tensor) -> tuple:
    """The shape; where a graph leaves a size open, that size as a tensor."""
    return tuple(ops.shape(tensor))
