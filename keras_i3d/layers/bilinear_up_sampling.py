"""Bilinear upsampling of images whose size is not known beforehand."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("keras_i3d")
class BilinearUpSampling2D(layers.Layer):
    """Enlarges images by whole factors, as `UpSampling2D(interpolation="bilinear")` does.

    That one asks whether the size is above 0, which a graph for images of any size cannot say.

    Args:
        size: factors of (height, width).

    Input (batch, height, width, channels); output
    (batch, height * size[0], width * size[1], channels).
    """

    def __init__(self, size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, images):
        for axis, factor in enumerate(self.size, start=1):
            images = _enlarged(images, axis, factor)
        return images

    def compute_output_shape(self, input_shape):
        batch, *sides, channels = input_shape
        enlarged = (s and s * factor for s, factor in zip(sides, self.size, strict=True))
        return (batch, *enlarged, channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _enlarged(images, axis: int, factor: int):
    """Images with `factor` pixels for each along an axis; at the borders the outermost goes on."""
    length = ops.shape(images)[axis]

    def part(start, stop):
        return images[:, start:stop] if axis == 1 else images[:, :, start:stop]

    before = ops.concatenate([part(0, 1), part(0, length - 1)], axis)
    after = ops.concatenate([part(1, length), part(length - 1, length)], axis)
    pixels = []
    for number in range(factor):
        place = (number + 0.5) / factor - 0.5  # of the new pixel's centre, from the old one's
        neighbour, share = (after, place) if place > 0 else (before, -place)
        pixels.append(images * (1 - share) + neighbour * share)
    shape = list(ops.shape(images))
    shape[axis] = length * factor
    return ops.reshape(ops.stack(pixels, axis + 1), shape)
