"""Preprocessing inside a TensorFlow graph: the pixels of `preprocessing`, step by step.

For what runs where no Python is: tf.data pipelines and exported models.
"""

import tensorflow as tf

from keras_i3d.data.pixels.preprocessing import Preprocessing


def resize_and_crop(frames: tf.Tensor, spec: Preprocessing) -> tf.Tensor:
    """Turn (..., height, width, c) into (..., crop, crop, c) uint8: NumPy's pixels, any size.

    The same sums in the same order, so that both round alike.
    """
    size = tf.shape(frames)
    height, width = size[-3], size[-2]
    rows, columns = resized(height, width, spec.short_side, spec.keep_aspect)
    top, bottom, down = _taps(height, rows, spec.crop)
    left, right, across = _taps(width, columns, spec.crop)
    down, across = down[:, None, None], across[:, None]
    # The columns that the crop lies in are cut out, then its rows are taken: what is held is never
    # larger than the frames or the crop, however long and narrow the frames.
    first = left[0]
    frames = frames[..., first : right[-1] + 1, :]
    left, right = left - first, right - first
    upper = tf.cast(tf.gather(frames, top, axis=-3), tf.float32)
    lower = tf.cast(tf.gather(frames, bottom, axis=-3), tf.float32)
    lines = upper + (lower - upper) * down
    start, end = tf.gather(lines, left, axis=-2), tf.gather(lines, right, axis=-2)
    return tf.cast(tf.round(start + (end - start) * across), tf.uint8)


def centre_crop(frames: tf.Tensor, crop: int) -> tf.Tensor:
    """Cut (..., crop, crop, c), the centre, from (..., height, width, c); smaller is an error."""
    size = tf.shape(frames)
    height, width = size[-3], size[-2]
    enough = tf.debugging.Assert(
        tf.minimum(height, width) >= crop,
        [f"frames should have at least {crop} x {crop} pixels. Received:", height, width],
    )
    with tf.control_dependencies([enough]):
        top, left = (height - crop) // 2, (width - crop) // 2
    return frames[..., top : top + crop, left : left + crop, :]


def resized(height, width, short_side: int, keep_aspect: bool = True):
    """Return (rows, columns) as `preprocessing.resized` gives them, of scalar tensors."""
    if not keep_aspect:
        return tf.constant(short_side), tf.constant(short_side)
    least = tf.minimum(height, width)
    return tuple((2 * side * short_side + least) // (2 * least) for side in (height, width))


def scale(values: tf.Tensor, spec: Preprocessing) -> tf.Tensor:
    """Scale pixel or flow values to the range of the network, float32; the shape stays."""
    values = tf.cast(values, tf.float32)
    if spec.bgr:
        values = tf.reverse(values, [-1])
    if spec.bound is not None:
        values = tf.clip_by_value(values, -spec.bound, spec.bound)
    return values / spec.scale + spec.offset


def preprocess(frames: tf.Tensor, spec: Preprocessing) -> tf.Tensor:
    """Return (..., height, width, 3) uint8 of any size to (..., crop, crop, 3) float32."""
    return scale(resize_and_crop(frames, spec), spec)


def preprocess_flow(flow: tf.Tensor, spec: Preprocessing) -> tf.Tensor:
    """Return (..., height, width, 2) float32 to (..., crop, crop, 2) float32: x, then y, in pixels.

    Cropped alone, of frames that have their final size: resized flow is not the flow of resized
    frames.
    """
    return scale(centre_crop(flow, spec.crop), spec)


def _taps(size, resized_size, crop: int):
    first = (resized_size - crop) // 2
    places = tf.cast(tf.range(first, first + crop), tf.float64) + 0.5
    places = places * (tf.cast(size, tf.float64) / tf.cast(resized_size, tf.float64)) - 0.5
    places = tf.clip_by_value(places, 0, tf.cast(size - 1, tf.float64))
    low = tf.floor(places)
    before = tf.cast(low, tf.int32)
    return before, tf.minimum(before + 1, size - 1), tf.cast(places - low, tf.float32)
