"""The average pool of the classification head, which refuses what is too small for it."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class HeadPooling3D(layers.Layer):
    """Average over a window that slides in steps of one, without padding.

    A clip smaller than the window is an error, unless the window shrinks: the plain pooling layer
    gives an empty output for such a clip, and the mean over it is NaN.

    Args:
        pool_size: (time, height, width) of the window; None for all there is along an axis.
        clip_strides: how many frames, rows and columns of the network's input one step of this
            layer's input stands for; from it the error names the least clip.
        shrinks: whether the window is cut to what there is, so that any clip will do.
        least_clip: the least clip that fills the window, where the network does not pad as
            TensorFlow's SAME, by which `clip_strides` reckons.

    Input (batch, time, height, width, channels); output is smaller by the window - 1.

    Raises:
        ValueError: when the input is known to be too small, in graph mode too wherever its shape is
            known; where it is not, the graph itself stops with TensorFlow's InvalidArgumentError.

    Source: kinetics-i3d, i3d.py, end point Logits (avg_pool3d, ksize 2x7x7, VALID, stride 1); that
    shrinks, slim, nets/s3dg.py, s3dg; of all rows and columns, kylemin/S3D, model.py, S3D.forward.
    """

    strides, padding = (1, 1, 1), "valid"

    def __init__(
        self,
        pool_size=(2, 7, 7),
        clip_strides=(8, 32, 32),
        shrinks: bool = False,
        least_clip=None,
        **kwargs,
    ):
        # Files of version 0.1 have these, since this was a subclass of AveragePooling3D.
        for fixed in ("strides", "padding", "data_format"):
            kwargs.pop(fixed, None)
        super().__init__(**kwargs)
        self.pool_size, self.clip_strides = tuple(pool_size), tuple(clip_strides)
        self.shrinks = shrinks
        self.least = None if least_clip is None else tuple(least_clip)

    @property
    def window(self) -> tuple[int, int, int]:
        """What slides: 1 along an axis whose mean was taken before."""
        return tuple(n or 1 for n in self.pool_size)

    @property
    def least_clip(self) -> tuple[int, int, int]:
        """The smallest (frames, rows, columns) of the network's input that fill the window once."""
        return self.least or least_clip(self.window, self.clip_strides)

    def _check(self, shape):
        sizes = zip(shape[1:4], self.window, strict=True)
        if not self.shrinks and any(n is not None and n < k for n, k in sizes):
            frames, rows, columns = self.least_clip
            raise ValueError(
                f"the clip should have at least {frames} frames of {rows} x {columns} pixels: "
                f"{self.name} averages over {self.pool_size} steps of time, height and width. "
                f"Received: {tuple(shape[1:4])} steps. Loop a short clip, resize small frames, or "
                f"build the network with include_top=False."
            )

    def call(self, clip):
        self._check(clip.shape)
        whole = [axis for axis, n in enumerate(self.pool_size, 1) if n is None]
        if whole:
            clip = ops.mean(clip, axis=whole, keepdims=True)
        if self.shrinks:
            clip = self._filled_up(clip)
        elif any(n is None for n in clip.shape[1:4]):
            # Only in a TensorFlow graph of unknown size. The slice takes everything, or fails at
            # run time where less than one window is there.
            least = [1, *self.window, 1]
            sizes = [ops.maximum(n, k) for n, k in zip(ops.shape(clip), least, strict=True)]
            clip = ops.slice(clip, [0] * 5, sizes)
        return ops.average_pool(clip, self.window, 1, "valid", "channels_last")

    def _filled_up(self, clip):
        """Zeros up to the window's size, for which the values make up: the mean is theirs alone."""
        pads, share = [[0, 0]], 1
        for n, k in zip(ops.shape(clip)[1:4], self.window, strict=True):
            there = min(n, k) if isinstance(n, int) else ops.minimum(n, k)
            pads.append([0, k - there])
            share = share * (k / there if isinstance(n, int) else k / ops.cast(there, clip.dtype))
        return ops.pad(clip, [*pads, [0, 0]]) * share

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        sizes = [
            1 if of_all is None else n and max(n - k, 0) + 1
            for n, k, of_all in zip(input_shape[1:4], self.window, self.pool_size, strict=True)
        ]
        return (input_shape[0], *sizes, input_shape[-1])

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "clip_strides": self.clip_strides,
            "shrinks": self.shrinks,
            "least_clip": self.least,
        }


def least_clip(pool_size, clip_strides) -> tuple[int, ...]:
    """Return the least input that SAME padding, at these strides, turns into `pool_size` steps.

    ceil(n / stride) >= size  <=>  n > (size - 1) * stride        2 steps of 8 frames: 9 frames
    """
    return tuple(
        (size - 1) * stride + 1 for size, stride in zip(pool_size, clip_strides, strict=True)
    )
