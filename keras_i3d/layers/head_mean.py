"""The mean of a fully convolutional head over a sliding window, on clips of any size."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class HeadMean3D(layers.Layer):
    """The mean over all places of a window of the mean in it: (batch, t, h, w, c) to (batch, c).

    A linear head on the averages of a window that slides in steps of one, its scores averaged, is
    that head on this mean, in which positions at the border count for less. Along an axis shorter
    than the window all count alike.

    window 3, 5 steps: weights 1 2 3 2 1

    Args:
        window: (time, height, width).

    Source: SlowFast, head_helper.py, ResNetBasicHead: average pool of stride 1, projection, mean.
    """

    def __init__(self, window: tuple[int, int, int], **kwargs):
        super().__init__(**kwargs)
        self.window = tuple(window)

    def call(self, clip):
        sizes = ops.shape(clip)[1:4]
        weights = [
            ops.cast(_weights(n, k), clip.dtype) for n, k in zip(sizes, self.window, strict=True)
        ]
        return ops.einsum("nthwc,t,h,w->nc", clip, *weights)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "window": self.window}


def _weights(size, window: int):
    """How often each of `size` steps is in a window, of all the windows' steps."""
    window = ops.minimum(window, size)
    step = ops.arange(size)
    ends = ops.minimum(step + 1, size - step)
    counts = ops.cast(ops.minimum(ends, ops.minimum(window, size - window + 1)), "float32")
    return counts / ops.sum(counts)
