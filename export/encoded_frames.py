"""Frames that come as JPEG or PNG files, decoded in the graph of an exported model."""

import tensorflow as tf

from keras_i3d.data.video.decoding import MAX_PIXELS


def decoded_frame(file: tf.Tensor) -> tf.Tensor:
    """Decode one JPEG or PNG file to (height, width, 3) uint8; its size is read first."""
    is_png = tf.equal(tf.strings.substr(file, 0, 8), b"\x89PNG\r\n\x1a\n")
    known = tf.debugging.Assert(
        tf.logical_or(is_png, tf.equal(tf.strings.substr(file, 0, 3), b"\xff\xd8\xff")),
        [
            "a frame is neither a JPEG nor a PNG file. It begins with:",
            tf.strings.substr(file, 0, 8),
        ],
    )
    with tf.control_dependencies([known]):
        pixels = tf.cond(is_png, lambda: _png_pixels(file), lambda: _jpeg_pixels(file))
    small = tf.debugging.Assert(
        tf.logical_and(pixels > 0, pixels <= MAX_PIXELS),
        [f"a frame has at most {MAX_PIXELS} pixels. Received:", pixels],
    )
    with tf.control_dependencies([small]):
        # Pillow's and libjpeg's own way, not TensorFlow's faster one.
        return tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE")


def _jpeg_pixels(file):
    shape = tf.cast(tf.image.extract_jpeg_shape(file), tf.int64)
    return shape[0] * shape[1]


def _png_pixels(file):
    # Every PNG has its width and height in bytes 16 to 23; a file that is cut off before them
    # gives 0.
    head = tf.strings.join([tf.strings.substr(file, 0, 24), b"\0" * 24])
    sides = tf.io.decode_raw(tf.strings.substr(head, 16, 8), tf.int32, little_endian=False)
    sides = tf.cast(tf.bitcast(sides, tf.uint32), tf.int64)
    return sides[0] * sides[1]
