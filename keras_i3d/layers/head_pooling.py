"""The average pool of the classification head, which refuses what is too small for it."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class HeadPooling3D(layers.AveragePooling3D):
    """Average over a sliding window without padding; a clip smaller than the window is an error.

    The plain pooling layer gives an empty output for such a clip, and the mean over it is NaN.

    Args:
        pool_size: (time, height, width) of the window, which moves in steps of one.
        clip_strides: how many frames, rows and columns of the network's input one step of this
            layer's input stands for; from it the error names the least clip.

    Input (batch, time, height, width, channels); output is smaller by `pool_size` - 1.

    Raises:
        ValueError: when the input is known to be too small, in graph mode too wherever its shape is
            known; where it is not, the graph itself stops with TensorFlow's InvalidArgumentError.

    Source: kinetics-i3d, i3d.py, end point Logits (avg_pool3d, ksize 2x7x7, VALID, stride 1).
    """

    def __init__(self, pool_size=(2, 7, 7), clip_strides=(8, 32, 32), **kwargs):
        for fixed in ("strides", "padding", "data_format"):  # they come back from get_config
            kwargs.pop(fixed, None)
        super().__init__(
            pool_size, strides=1, padding="valid", data_format="channels_last", **kwargs
        )
        self.clip_strides = tuple(clip_strides)

    @property
    def least_clip(self) -> tuple[int, int, int]:
        """The smallest (frames, rows, columns) of the network's input that fill the window once."""
        return least_clip(self.pool_size, self.clip_strides)

    def _check(self, shape):
        if any(n is not None and n < p for n, p in zip(shape[1:4], self.pool_size, strict=True)):
            frames, rows, columns = self.least_clip
            raise ValueError(
                f"The clip is too small for the classification head: {self.name} averages over "
                f"{self.pool_size} steps of time, height and width. Received {tuple(shape[1:4])}. "
                f"Wanted at least {frames} frames of {rows} x {columns} pixels: loop a short clip, "
                f"resize small frames, or build the network with include_top=False."
            )

    def call(self, clip):
        self._check(clip.shape)
        if any(n is None for n in clip.shape[1:4]):
            # Only in a TensorFlow graph of unknown size. The slice takes everything, or fails at
            # run time where less than one window is there.
            least = [1, *self.pool_size, 1]
            sizes = [ops.maximum(n, k) for n, k in zip(ops.shape(clip), least, strict=True)]
            clip = ops.slice(clip, [0] * 5, sizes)
        return super().call(clip)

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        return super().compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "clip_strides": self.clip_strides}


def least_clip(pool_size, clip_strides) -> tuple[int, ...]:
    """The smallest input that padding SAME, at these total strides, turns into `pool_size` steps.

    ceil(n / stride) >= size  <=>  n > (size - 1) * stride        2 steps of 8 frames: 9 frames
    """
    return tuple(
        (size - 1) * stride + 1 for size, stride in zip(pool_size, clip_strides, strict=True)
    )
