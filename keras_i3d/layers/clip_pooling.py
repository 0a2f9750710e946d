"""Unpadded pooling in space that never drops the last frames of a clip."""

import keras
from keras import layers

from keras_i3d.layers.time_padding import frames_after, pad_time, time_padding


class _ClipPooling:
    """Repeats the border frames, so that a "valid" window gives ceil(time / stride) frames."""

    def call(self, clip):
        return super().call(pad_time(clip, *self._time_padding, "replicate"))

    def compute_output_shape(self, input_shape):
        batch, frames, *rest = input_shape
        padded = None if frames is None else frames + sum(self._time_padding)
        shape = super().compute_output_shape((batch, padded, *rest))
        return (batch, frames_after(frames, self.strides[0]), *shape[2:])

    @property
    def _time_padding(self) -> tuple[int, int]:
        return time_padding(self.pool_size[0], self.strides[0])


@keras.saving.register_keras_serializable("keras_i3d")
class ClipMaxPooling3D(_ClipPooling, layers.MaxPooling3D):
    """MaxPooling3D, "valid" in space, over ceil(time / stride) windows; arguments as there."""


@keras.saving.register_keras_serializable("keras_i3d")
class ClipAveragePooling3D(_ClipPooling, layers.AveragePooling3D):
    """AveragePooling3D, "valid" in space, over ceil(time / stride) windows; arguments as there."""
